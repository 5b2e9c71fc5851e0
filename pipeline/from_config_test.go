package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

type greetConfig struct {
	Whom  string `koanf:"whom"`
	Times int    `koanf:"times"`
}

type greet struct {
	name string
	cfg  greetConfig
}

func (g greet) Name() string { return g.name }

func (g greet) Validate() error {
	var faults []error
	if g.cfg.Whom == "" {
		faults = append(faults, errors.New("whom is empty"))
	}
	if g.cfg.Times < 0 {
		faults = append(faults, fmt.Errorf("times is %d, want 0 or more", g.cfg.Times))
	}
	return errors.Join(faults...)
}

func (g greet) Run(context.Context, component.Runtime) error { return nil }

func newRegistry(tb testing.TB) *component.Registry {
	tb.Helper()
	registry, err := component.NewRegistry(
		component.NewFactory(component.Info{Type: "greet", Aliases: []string{"Greeter"}},
			func(name string, cfg greetConfig) (component.PipelineComponent, error) {
				if cfg.Times > 100 {
					return nil, errors.New("times is too big")
				}
				return greet{name: name, cfg: cfg}, nil
			}),
		component.NewFactory(component.Info{Type: "nothing"},
			func(string, struct{}) (component.PipelineComponent, error) { return nil, nil }),
	)
	require.NoError(tb, err)
	return registry
}

func section(values map[string]any) config.Section { return config.NewSection(values) }

func TestFromConfig(t *testing.T) {
	t.Parallel()
	cfg := &config.Pipeline{
		Name: "p", Version: "1.0", Environment: "dev", Mode: "batch", Tags: map[string]string{"team": "data"},
		Spark:  config.Spark{AppName: "app"},
		Runner: config.Runner{FailFast: true, OnDisabled: "run"},
		Components: []config.Component{
			{Name: "b", Type: "examples.batch.Greeter", DependsOn: []string{"a"}, Enabled: true, Config: section(map[string]any{"whom": "you"})},
			{Name: "a", Type: "not built", Enabled: false, Config: section(map[string]any{"odd": 1})},
			{Name: "c", Type: "greet", Enabled: true, Unused: true, Config: section(map[string]any{"whom": "you"})},
		},
	}
	p, err := pipeline.FromConfig(cfg, newRegistry(t))
	require.NoError(t, err)
	require.NotEmpty(t, p.Steps[0].Fingerprint)
	require.Equal(t, p.Steps[0].Fingerprint, p.Steps[2].Fingerprint, "that of their equal settings")
	p.Steps[0].Fingerprint, p.Steps[2].Fingerprint = "", ""
	require.Equal(t, &pipeline.Pipeline{
		Name: "p", Version: "1.0", Environment: "dev", Mode: "batch", Tags: map[string]string{"team": "data"},
		Spark: config.Spark{AppName: "app"}, FailFast: true, OnDisabled: pipeline.DisabledRun,
		Steps: []pipeline.Step{
			{Name: "b", Type: "greet", Component: greet{"b", greetConfig{Whom: "you"}}, DependsOn: []string{"a"}},
			{Name: "a", Type: "not built", Disabled: true},
			{Name: "c", Type: "greet", Component: greet{"c", greetConfig{Whom: "you"}}, Unused: true},
		},
	}, p)
	require.NoError(t, p.Validate())
	result, err := newRunner(t, pipeline.RunnerOptions{}).Run(t.Context(), p)
	mustKeepPromise(t, p, result, err)
	require.Equal(t, []string{
		"a disabled: disabled in the pipeline", "c disabled: no sequence reads it", "b succeeded",
	}, fates(result))
}

func TestFromConfigReportsEveryFaultAtOnce(t *testing.T) {
	t.Parallel()
	cfg := &config.Pipeline{
		Runner: config.Runner{OnDisabled: "perhaps"},
		Components: []config.Component{
			{Name: "unknown", Type: "greeet", Enabled: true},
			{Name: "undecodable", Type: "greet", Enabled: true, Config: section(map[string]any{"whom": "x", "tims": 1})},
			{Name: "unbuildable", Type: "greet", Enabled: true, Config: section(map[string]any{"whom": "x", "times": 101})},
			{Name: "nothing", Type: "nothing", Enabled: true},
			{Name: "invalid", Type: "greet", Enabled: true, Unused: true, Config: section(map[string]any{"times": -1})},
			{Name: "astray", Type: "greet", Enabled: true, DependsOn: []string{"x"}, Config: section(map[string]any{"whom": "x"})},
			{Name: "off", Type: "?", DependsOn: []string{"off"}},
		},
	}
	p, err := pipeline.FromConfig(cfg, newRegistry(t))
	require.Nil(t, p)
	var invalid *pipeline.InvalidError
	require.ErrorAs(t, err, &invalid)
	var got []string
	for _, fault := range invalid.Faults {
		got = append(got, fault.Error())
	}
	require.Len(t, got, 10, "%q", got)
	require.Equal(t, "the name is empty", got[0])
	require.Equal(t, `runner.on_disabled: "perhaps" is not one of skip, run and error`, got[1])
	require.Equal(t, `component "unknown": unknown component type "greeet"; did you mean "greet"? known types: greet, nothing`, got[2])
	require.Contains(t, got[3], `component "undecodable" (greet): `)
	require.Contains(t, got[3], "tims")
	require.Equal(t, `component "unbuildable" (greet): times is too big`, got[4])
	require.Equal(t, `component "nothing" (nothing): the factory returned no component`, got[5])
	require.Equal(t, `component "invalid" (greet): whom is empty`, got[6])
	require.Equal(t, `component "invalid" (greet): times is -1, want 0 or more`, got[7])
	require.Equal(t, `component "astray" depends on "x", which is not in the pipeline`, got[8])
	require.Equal(t, `dependency cycle: off -> off (each depends on the next)`, got[9])
	for _, sentinel := range []error{
		component.ErrUnknownType, component.ErrNoComponent, pipeline.ErrNoName, pipeline.ErrUnknownDependency, pipeline.ErrCycle,
	} {
		require.ErrorIs(t, err, sentinel)
	}
}

func TestFromConfigOfNothing(t *testing.T) {
	t.Parallel()
	_, err := pipeline.FromConfig(nil, nil)
	require.ErrorIs(t, err, pipeline.ErrNoPipeline)
	_, err = pipeline.FromConfig(&config.Pipeline{Name: "p"}, nil)
	require.EqualError(t, err, `pipeline "p" is not valid: there are no steps`)
	_, err = pipeline.FromConfig(&config.Pipeline{
		Name: "p", Components: []config.Component{{Name: "a", Type: "sql", Enabled: true}},
	}, nil)
	require.EqualError(t, err, `pipeline "p" is not valid: component "a": unknown component type "sql"; known types: none`)
}

func TestDisabledPolicyText(t *testing.T) {
	t.Parallel()
	for policy, text := range map[pipeline.DisabledPolicy]string{
		pipeline.DisabledSkip: "skip", pipeline.DisabledRun: "run", pipeline.DisabledError: "error",
	} {
		require.Equal(t, text, policy.String())
		got, err := policy.MarshalText()
		require.NoError(t, err)
		back := pipeline.DisabledError
		require.NoError(t, back.UnmarshalText(got))
		require.Equal(t, policy, back)
	}
	policy := pipeline.DisabledRun
	require.NoError(t, policy.UnmarshalText(nil))
	require.Equal(t, pipeline.DisabledSkip, policy)
	require.EqualError(t, policy.UnmarshalText([]byte("Skip")), `"Skip" is not one of skip, run and error`)
	_, err := pipeline.DisabledPolicy(9).MarshalText()
	require.Error(t, err)
	require.Equal(t, "policy(9)", pipeline.DisabledPolicy(9).String())
}
