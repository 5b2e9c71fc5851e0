package connect_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/connect"
)

var (
	every = connect.Hazards{
		AnalyzeRunsCommands: true, LateExecuteAccepted: true, DuplicateExecuteRefused: true, LosesLaterBatches: true,
		ObservedMetricsMayBeMissing: true, SQLArgumentsLoseTypes: true,
	}
	of400 = connect.Hazards{
		AnalyzeRunsCommands: true, LateExecuteAccepted: true, DuplicateExecuteRefused: true, LosesLaterBatches: true,
		ObservedMetricsMayBeMissing: true,
	}
	of401 = connect.Hazards{AnalyzeRunsCommands: true, LateExecuteAccepted: true, ObservedMetricsMayBeMissing: true}
	of41  = connect.Hazards{ObservedMetricsMayBeMissing: true, SQLArgumentsLoseTypes: true}
	of42  = connect.Hazards{SQLArgumentsLoseTypes: true}
	// A snapshot may be from before or after any change of its release.
	of410Snapshot = connect.Hazards{
		AnalyzeRunsCommands: true, LateExecuteAccepted: true, ObservedMetricsMayBeMissing: true, SQLArgumentsLoseTypes: true,
	}
)

func TestHazardsOf(t *testing.T) {
	t.Parallel()
	tests := map[string]connect.Hazards{
		"3.5.6":                    of400,
		"4.0.0":                    of400,
		"4.0.1":                    of401,
		"4.0.10":                   of401,
		"4.1.0":                    of41,
		"4.1.2":                    of41,
		"4.2.0":                    of42,
		" 4.2.0\n":                 of42, //nolint:gocritic // as a careless vendor might send it
		"4.3.0":                    of42,
		"4.10.0":                   of42,
		"5.0.0":                    of42,
		"4.1":                      of41,
		"4.0":                      of400,
		"4.1.0-SNAPSHOT":           of410Snapshot,
		"4.1.0-preview3":           of410Snapshot,
		"4.1.0-rc1":                of410Snapshot,
		"4.1.0.dev2":               of410Snapshot,
		"4.1.1-SNAPSHOT":           of41,
		"4.2.0-SNAPSHOT":           of41,
		"4.0.1-SNAPSHOT":           of400,
		"4.0.0.1-databricks":       of400,
		"4.0.1.7-databricks":       of401,
		"4.0.1-amzn-0":             of401,
		"4.0.1-amzn-0-SNAPSHOT":    of400,
		"4.2.0-vendor.3":           of42,
		"":                         every,
		"4":                        every,
		"4.x":                      every,
		"4.0.x-scala2.13":          every,
		"v4.2.0":                   every,
		"4..0":                     every,
		"-4.2.0":                   every,
		"4.-2.0":                   every,
		"4.+2.0":                   every,
		"4.2.99999999999999999999": every,
		"4.2.2147483648":           every,
		"4.2.2147483647":           of42,
		"unknown":                  every,
		"四.二":                      every,
		"SNAPSHOT-4.2.0":           every,
	}
	for version, want := range tests {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, connect.HazardsOf(version))
		})
	}
}

func FuzzHazardsOf(f *testing.F) {
	for _, version := range []string{"4.0.1", "4.1.0-SNAPSHOT", "4.0.0.1-databricks", "4.1", "", "4..", "-1.2.3"} {
		f.Add(version)
	}
	f.Fuzz(func(t *testing.T, version string) {
		h := connect.HazardsOf(version)
		require.Equal(t, h.AnalyzeRunsCommands, h.LateExecuteAccepted, "both ended with 4.1.0")
		require.Equal(t, h.LosesLaterBatches, h.DuplicateExecuteRefused, "both ended with 4.0.1")
		require.False(t, h.LosesLaterBatches && !h.AnalyzeRunsCommands, "what ended later was there before")
		require.False(t, h.AnalyzeRunsCommands && !h.ObservedMetricsMayBeMissing)
		require.False(t, !h.AnalyzeRunsCommands && !h.SQLArgumentsLoseTypes, "4.1.0 ended one and began the other")
	})
}
