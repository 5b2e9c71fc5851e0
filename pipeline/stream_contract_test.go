package pipeline_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/streaming"
)

const twoStrings = "a STRING NOT NULL, b STRING"

func TestContractsOfStreamsInAFile(t *testing.T) {
	t.Parallel()
	for _, evolution := range []string{"add_columns", "ignore"} {
		_, err := fromYAML(t, streamBlock+writeNoop+`, schema: {output: "a STRING", evolution: `+evolution+"}}\n")
		require.ErrorContains(t, err, "components[0].schema: component \"s\" (write_stream_noop): evolution "+evolution+" does not go with a stream")
	}
	_, err := fromYAML(t, streamBlock+writeNoop+`, schema: {output: "a STRING"}}`+"\n")
	require.NoError(t, err)
}

func TestAStreamIsHeldAgainstItsContract(t *testing.T) {
	t.Parallel()
	for output, want := range map[string]string{
		"a BIGINT, b STRING":                  "a: ",
		"a STRING, b STRING, c DATE NOT NULL": "c: ",
	} {
		server := analysed(t)
		p, err := fromYAML(t, streamBlock+writeNoop+`, schema: {output: "`+output+`"}}`+"\n")
		require.NoError(t, err)
		result, err := checker(t, server.Remote()).Run(t.Context(), p)
		var refused *dataflow.SchemaError
		require.ErrorAs(t, err, &refused, output)
		require.ErrorContains(t, err, want)
		require.Len(t, refused.Differences, 1)
		require.Equal(t, 1, result.Components[0].Attempts, "another attempt finds the same columns")
		require.Empty(t, server.Requests("ExecutePlan"), "no query was started")

		report, err := checker(t, server.Remote()).Check(t.Context(), p, nil)
		require.Error(t, err)
		require.Len(t, report.Findings, 1, "%s", notes(report))
		require.ErrorAs(t, report.Findings[0].Err, &refused)
		require.Empty(t, server.Requests("ExecutePlan"))
	}
	p, err := fromYAML(t, streamBlock+writeNoop+`, schema: {output: "`+twoStrings+`"}}`+"\n")
	require.NoError(t, err)
	server := analysed(t)
	_, err = checker(t, server.Remote()).Check(t.Context(), p, nil)
	require.NoError(t, err)
	_, err = checker(t, server.Remote()).Run(t.Context(), p)
	require.Error(t, err, "the fake runs no queries")
	require.Len(t, server.Requests("ExecutePlan"), 1, "but it was to start one")
}

func TestContractsOfSupervisedStreams(t *testing.T) {
	t.Parallel()
	p, err := fromYAML(t, streamBlock+writeNoop+`, schema: {output: "a BIGINT"}, quality: {checks: [`+notNullID+"]}}\n")
	require.NoError(t, err)
	checks, err := pipeline.NewStreamChecks(p, nil)
	require.NoError(t, err)
	stream, ok := streaming.PipelineOf(p.Steps[0].Component)
	require.True(t, ok)
	guarded := checks.Guard([]streaming.SupervisedQuery{{Name: "s", Pipeline: stream}})[0].Pipeline
	require.Len(t, guarded.Transforms, 2, "the contract, and the checks behind it")
	server := analysed(t)
	spark, err := dataflow.Connect(t.Context(), server.Remote(), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, spark.Close(t.Context())) }()
	_, err = guarded.Start(t.Context(), spark)
	var refused *dataflow.SchemaError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "s", refused.Component)
	require.Empty(t, server.Requests("ExecutePlan"))
}
