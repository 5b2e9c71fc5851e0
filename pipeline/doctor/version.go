package doctor

import (
	"context"

	"github.com/sparkpipe/sparkpipe/internal/connect"
)

// hazard is something of a Spark version that people should know.
type hazard struct {
	has     func(connect.Hazards) bool
	message string
	remedy  string
}

// hazards is the table of docs/spark-versions.md as far as it concerns users.
func hazards() []hazard {
	const newer = "move the server to Spark 4.1 or later"
	return []hazard{
		{
			func(h connect.Hazards) bool { return h.LateExecuteAccepted },
			"a write whose request arrives twice, late, can run twice (SPARK-53492); a run reports such an outcome as unknown and does not repeat it", newer,
		},
		{
			func(h connect.Hazards) bool { return h.AnalyzeRunsCommands },
			"the server executes commands that it is asked to analyse (SPARK-51818); check sends it nothing but what is provably a query", newer,
		},
		{
			func(h connect.Hazards) bool { return h.LosesLaterBatches },
			"the server reads only the first batch of local data (SPARK-53342); sparkpipe sends one batch, other clients lose rows", "move the server to Spark 4.0.1 or later",
		},
		{
			func(h connect.Hazards) bool { return h.ObservedMetricsMayBeMissing },
			"observed metrics can be missing when the server is busy (SPARK-54279); a missing metric is never taken for a result", "move the server to Spark 4.2 or later",
		},
		{
			func(h connect.Hazards) bool { return h.SQLArgumentsLoseTypes },
			"arguments of SQL that are empty arrays or maps, NULL arrays or decimals lose their type", "write CAST(:name AS TYPE) where that matters",
		},
	}
}

// version tells what must be known of the server's version.
func (e *examination) version(context.Context) {
	known := connect.HazardsOf(e.spark.ServerVersion())
	for _, h := range hazards() {
		if h.has(known) {
			e.report.add("version", StatusNote, h.remedy, "%s", h.message)
		}
	}
}
