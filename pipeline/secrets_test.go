package pipeline_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// vaultOf resolves references to what the map has for their paths.
type vaultOf map[string]string

func (v vaultOf) Expand(_ context.Context, text string) (secrets.Value, error) {
	return secrets.Expand(text, func(r secrets.Ref) (secrets.Value, error) {
		value, ok := v[r.Path]
		if !ok {
			return secrets.Value{}, fmt.Errorf("%s: %w", r, secrets.ErrNotFound)
		}
		return secrets.NewValue(value), nil
	})
}

type loginConfig struct {
	URL      string        `koanf:"url"`
	Password secrets.Value `koanf:"password"`
}

// Validate refuses what is no URL, so that a reference in its place would be
// refused too.
func (c loginConfig) Validate() error {
	if c.URL != "" && c.URL[:3] != "db:" {
		return fmt.Errorf("url: %q is no database", c.URL)
	}
	return nil
}

// loginFile is a pipeline of one component that calls run with its settings.
func loginFile(t *testing.T, settings, more string, run func(ctx context.Context, c loginConfig, rt component.Runtime) error) *pipeline.Pipeline {
	t.Helper()
	registry, err := pipeline.NewRegistry(component.NewFactory(component.Info{Type: "login"}, func(name string, c loginConfig) (component.PipelineComponent, error) {
		return component.Func(name, func(ctx context.Context, rt component.Runtime) error { return run(ctx, c, rt) }), nil
	}))
	require.NoError(t, err)
	cfg, err := config.Parse([]byte("name: n\ncomponents:\n  - {name: a, type: login, config: "+settings+more+"}\n"), config.FormatYAML, &config.Options{Name: "p.yaml"})
	require.NoError(t, err)
	p, err := pipeline.FromConfig(cfg, registry)
	require.NoError(t, err)
	return p
}

func TestSecretsReachTheComponentWhenItRuns(t *testing.T) {
	t.Parallel()
	var got []loginConfig
	p := loginFile(t, "{url: '${secret:env://url}/x', password: 'secret://env/pw'}", "", func(_ context.Context, c loginConfig, _ component.Runtime) error {
		got = append(got, c)
		return nil
	})
	require.NoError(t, p.Validate(), "without its secrets it cannot be judged")
	require.NotContains(t, p.Steps[0].Fingerprint, "pw")
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{Secrets: vaultOf{"url": "db:orders", "pw": "secret://env/other"}})
	require.NoError(t, err)
	_, err = runner.Run(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, []loginConfig{{URL: "db:orders/x", Password: secrets.NewValue("secret://env/other")}}, got)
}

func TestSecretsAreReadAgainForTheNextAttempt(t *testing.T) {
	t.Parallel()
	vault := vaultOf{"pw": "old"}
	var seen []string
	p := loginFile(t, "{password: 'secret://env/pw'}", ", retry: {max_attempts: 2, initial_delay: 1ms}", func(_ context.Context, c loginConfig, _ component.Runtime) error {
		seen = append(seen, c.Password.Reveal())
		if len(seen) == 1 {
			vault["pw"] = "new"
			return &component.SparkError{Code: "Unavailable", Message: "the password old has expired"}
		}
		return nil
	})
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{Secrets: vault})
	require.NoError(t, err)
	_, err = runner.Run(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, []string{"old", "new"}, seen)
}

func TestNothingRunsWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	p := loginFile(t, "{url: 'secret://env/nowhere', password: 'secret://env/gone'}", "}\n  - {name: b, type: login", func(context.Context, loginConfig, component.Runtime) error {
		return errors.New("it ran")
	})
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{Secrets: vaultOf{}})
	require.NoError(t, err)
	result, err := runner.Run(t.Context(), p)
	require.ErrorContains(t, err, `p.yaml:3:42: components[0].config.url: component "a" (login): secret://env/nowhere: not found`)
	require.ErrorContains(t, err, `p.yaml:3:76: components[0].config.password: component "a" (login): secret://env/gone: not found`)
	require.ErrorIs(t, err, secrets.ErrNotFound)
	for _, c := range result.Components {
		require.Equal(t, component.StatusSkipped, c.Status)
	}
}

func TestAWrongSecretIsToldWithoutIt(t *testing.T) {
	t.Parallel()
	p := loginFile(t, "{url: 'secret://env/url'}", "", nil)
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{Secrets: vaultOf{"url": "canary-in-url"}})
	require.NoError(t, err)
	_, err = runner.Run(t.Context(), p)
	require.ErrorContains(t, err, `config.url: component "a" (login): "[REDACTED]" is no database`)
	require.NotContains(t, fmt.Sprintf("%v %+v", err, err), "canary")
}

func TestErrorsDoNotShowSecrets(t *testing.T) {
	t.Parallel()
	const canary = "c4nary/ pass+word"
	coded := base64.StdEncoding.EncodeToString([]byte(canary))
	for name, fault := range map[string]error{
		"text":  errors.New("login as ann:" + canary + " refused, sent " + coded),
		"cause": fmt.Errorf("read: %w", &component.SparkError{Class: "X", Message: "no", Parameters: map[string]string{"url": "jdbc:" + canary}}),
		"panic": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := loginFile(t, "{password: 'secret://env/pw'}", "", func(_ context.Context, c loginConfig, _ component.Runtime) error {
				if fault == nil {
					panic("with " + c.Password.Reveal())
				}
				return fault
			})
			runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{Secrets: vaultOf{"pw": canary}})
			require.NoError(t, err)
			result, err := runner.Run(t.Context(), p)
			text := fmt.Sprintf("%v %+v %#v %v", err, err, result.Components[0].Err, result.Components[0].Err)
			require.NotContains(t, err.Error(), canary)
			require.NotContains(t, err.Error(), coded)
			require.NotContains(t, text[:len(err.Error())], canary)
			var spark *component.SparkError
			if errors.As(err, &spark) {
				require.Equal(t, "jdbc:[REDACTED]", spark.Parameters["url"])
				require.Equal(t, "X", spark.Class)
			}
			var panicked *component.PanicError
			require.False(t, errors.As(err, &panicked), "its value has the secret")
		})
	}
}

func TestSecretsOfTheEnvironmentNeedNoSettings(t *testing.T) {
	t.Setenv("SPARKPIPE_TEST_PASSWORD", "from the environment")
	var got string
	p := loginFile(t, "{password: 'secret://env/SPARKPIPE_TEST_PASSWORD'}", "", func(_ context.Context, c loginConfig, _ component.Runtime) error {
		got = c.Password.Reveal()
		return nil
	})
	runner, err := pipeline.NewSimplePipelineRunner(nil, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = runner.Run(ctx, p)
	require.NoError(t, err)
	require.Equal(t, "from the environment", got)
}
