package artifact_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/artifact"
	"github.com/sparkpipe/sparkpipe/resilience"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// known is a component that says what it reads and makes.
type known struct {
	component.PipelineComponent
	lineage dataflow.Lineage
}

func (k known) Lineage() dataflow.Lineage {
	if k.lineage.Effect == 99 {
		panic("nobody knows")
	}
	return k.lineage
}

func describes(name string, lineage dataflow.Lineage) component.PipelineComponent {
	return known{component.Func(name, nil), lineage}
}

func path(name string) dataflow.Dataset {
	return dataflow.Dataset{Kind: dataflow.DatasetPath, Name: name}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	p := &pipeline.Pipeline{
		Name: "orders", Version: "3", Environment: "prod", Mode: "batch", Tags: map[string]string{"team": "a"}, File: "orders.yaml",
		FailFast: true, MaxParallel: 4, Timeout: time.Minute, OnDisabled: pipeline.DisabledRun,
		Spark: config.Spark{Remote: secrets.NewValue("sc://h/;token=canary"), Conf: map[string]string{"k": "canary"}},
		Steps: []pipeline.Step{
			{Name: "load", Type: "read_csv", Component: describes("load", dataflow.Lineage{
				Inputs:  []dataflow.Dataset{path("s3a://KEY:canary@bucket/in")},
				Outputs: []dataflow.Dataset{{Kind: dataflow.DatasetView, Name: "v"}}, Effect: dataflow.EffectNone,
			})},
			{
				Name: "save", DependsOn: []string{"load", "load"}, Timeout: 1500 * time.Microsecond, RetryUnsafe: true,
				Component:  describes("save", dataflow.Lineage{Effect: dataflow.EffectRepeats}),
				Resilience: resilience.Config{Retry: &resilience.RetryConfig{MaxAttempts: 5}, Breaker: &resilience.BreakerConfig{Name: "db"}},
			},
			{Name: "shy", Component: describes("shy", dataflow.Lineage{Effect: 99})},
			{Name: "off", Disabled: true, DependsOn: []string{"save"}},
			{Name: "idle", Unused: true, Component: component.Func("idle", nil)},
		},
	}
	out := artifact.NewManifest(p)
	text := requireFits(t, artifact.ManifestSchema(), out)
	require.NotContains(t, string(text), "canary")
	require.Equal(t, "run", out.OnDisabled)
	require.InDelta(t, 60000, out.TimeoutMS, 0)

	load, save := out.Steps[0], out.Steps[1]
	require.Equal(t, []artifact.Dataset{{Kind: "path", Name: "s3a://[REDACTED]@bucket/in"}}, load.Inputs)
	require.Equal(t, []artifact.Dataset{{Kind: "view", Name: "v"}}, load.Outputs)
	require.Equal(t, "none", load.Effect)
	require.False(t, load.Opaque)
	require.Nil(t, load.Retry)
	require.Equal(t, []string{"load"}, save.DependsOn)
	require.Equal(t, &artifact.Retry{MaxAttempts: 5, InitialDelayMS: 1000, MaxDelayMS: 60000, Multiplier: 2}, save.Retry)
	require.Equal(t, &artifact.CircuitBreaker{Name: "db", FailureThreshold: 5, SuccessThreshold: 2, TimeoutMS: 60000}, save.CircuitBreaker)
	require.InDelta(t, 1.5, save.TimeoutMS, 0)
	require.True(t, out.Steps[2].Opaque, "code that panics says nothing")
	require.Equal(t, "unknown", out.Steps[2].Effect)
	require.True(t, out.Steps[3].Opaque && out.Steps[3].Disabled)
	require.True(t, out.Steps[4].Unused)
}

func TestManifestHasTheDependenciesThatNobodyWrote(t *testing.T) {
	t.Parallel()
	view := []dataflow.Dataset{{Kind: dataflow.DatasetView, Name: "v"}}
	p, err := pipeline.New("p",
		pipeline.Step{Name: "load", Component: describes("load", dataflow.Lineage{Outputs: view, Effect: dataflow.EffectNone})},
		pipeline.Step{Name: "look", Component: describes("look", dataflow.Lineage{Inputs: view, Effect: dataflow.EffectNone}), Where: "p.yaml:3:5"},
		pipeline.Step{Name: "change", Component: describes("change", dataflow.Lineage{Outputs: view, Effect: dataflow.EffectNone})},
	)
	require.NoError(t, err)
	out := artifact.NewManifest(p)
	requireFits(t, artifact.ManifestSchema(), out)
	require.Equal(t, []string{"load"}, out.Steps[1].DependsOn)
	require.Equal(t, "p.yaml:3:5", out.Steps[1].Where)
	require.Contains(t, out.Steps[2].After, "look")
}

func TestManifestOfNothing(t *testing.T) {
	t.Parallel()
	for _, p := range []*pipeline.Pipeline{nil, {}} {
		text := requireFits(t, artifact.ManifestSchema(), artifact.NewManifest(p))
		require.Contains(t, string(text), `"steps":[]`)
	}
}

func TestPathsAreWrittenWithoutSecrets(t *testing.T) {
	t.Parallel()
	for have, want := range map[string]string{
		"/data/in/*.csv":                                           "/data/in/*.csv",
		"data/a?b=c/day=1":                                         "data/a?b=c/day=1",
		"s3a://bucket/x@y/part":                                    "s3a://bucket/x@y/part",
		"s3a://KEY@bucket/x":                                       "s3a://[REDACTED]@bucket/x",
		"s3a://K:s/e@c@bucket":                                     "s3a://K:s/e@c@bucket", // what comes after a slash is no user information
		"abfss://box@acc.dfs.core.windows.net/x":                   "abfss://box@acc.dfs.core.windows.net/x",
		"abfss://box:key@acc.dfs.core.windows.net/x":               "abfss://[REDACTED]@acc.dfs.core.windows.net/x",
		"ftp://u:p@h/x":                                            "ftp://[REDACTED]@h/x",
		"https://h/x?sv=1&sig=abc%2F&se=2":                         "https://h/x?sv=1&sig=[REDACTED]&se=2",
		"https://h/x?X-Amz-Security-Token=abc&X-Amz-Date=1":        "https://h/x?X-Amz-Security-Token=[REDACTED]&X-Amz-Date=1",
		"jdbc:postgresql://u:p@h/db":                               "jdbc:postgresql://[REDACTED]@h/db",
		"jdbc:postgresql://h/db?user=u&password=p":                 "jdbc:postgresql://h/db?user=u&password=[REDACTED]",
		"jdbc:sqlserver://h;databaseName=d;password=p;encrypt=yes": "jdbc:sqlserver://h;databaseName=d;password=[REDACTED];encrypt=yes",
	} {
		p := &pipeline.Pipeline{Steps: []pipeline.Step{{Component: describes("", dataflow.Lineage{Inputs: []dataflow.Dataset{path(have)}})}}}
		require.Equal(t, want, artifact.NewManifest(p).Steps[0].Inputs[0].Name)
	}
}

func TestSchemasAreCopies(t *testing.T) {
	t.Parallel()
	for _, schema := range []func() []byte{artifact.RunResultsSchema, artifact.ManifestSchema} {
		require.True(t, json.Valid(schema()))
		schema()[0] = 'x'
		require.True(t, json.Valid(schema()))
	}
}
