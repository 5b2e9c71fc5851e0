package doctor_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/doctor"
)

// statuses are the worst status of each check.
func statuses(r *doctor.Report) map[string]doctor.Status {
	rank := map[doctor.Status]int{doctor.StatusOK: 1, doctor.StatusNote: 2, doctor.StatusWarning: 3, doctor.StatusFailed: 4}
	out := map[string]doctor.Status{}
	for _, f := range r.Findings {
		if rank[f.Status] > rank[out[f.Check]] {
			out[f.Check] = f.Status
		}
	}
	return out
}

func TestRealExamine(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		opts := &doctor.Options{Open: func(ctx context.Context, _ *pipeline.Pipeline) (*dataflow.Session, error) {
			return dataflow.Connect(ctx, remote, nil)
		}}
		report := doctor.Examine(t.Context(), &pipeline.Pipeline{Name: "p"}, opts)
		require.False(t, report.Failed(), "%v", report.Findings)
		require.Equal(t, map[string]doctor.Status{
			"server": "ok", "version": "note", "latency": "ok", "clock": "ok", "session": "ok", "rights": "ok",
		}, statuses(report))

		report = doctor.Examine(t.Context(), &pipeline.Pipeline{Name: "p", Steps: []pipeline.Step{
			{Name: "in", Component: dataflow.Component(dataflow.ReadView{View: "v", Source: dataflow.Reader{Format: "kafka"}})},
			{Name: "plain", Component: dataflow.Component(dataflow.SQLView{SQL: "SELECT 1", View: "w"})},
		}}, opts)
		require.True(t, report.Failed())
		last := report.Findings[len(report.Findings)-1]
		require.Equal(t, "packages", last.Check)
		require.Equal(t, "the server lacks kafka (org.apache.spark.sql.kafka010.KafkaSourceProvider), which in needs", last.Message)
		require.NotEmpty(t, last.Remedy)
	})
}

func TestExamineWithoutAServer(t *testing.T) {
	t.Parallel()
	report := doctor.Examine(t.Context(), &pipeline.Pipeline{Name: "p"}, &doctor.Options{
		Open: func(context.Context, *pipeline.Pipeline) (*dataflow.Session, error) {
			return nil, errors.New("nobody is there")
		},
	})
	require.True(t, report.Failed())
	require.Equal(t, []doctor.Finding{{Check: "server", Status: doctor.StatusFailed, Message: "no session could be opened: nobody is there"}}, report.Findings)
}
