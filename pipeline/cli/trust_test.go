package cli_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// canary is a secret that no output may have, in any form.
const canary = "c4nary/of the+mine"

func requireNoCanary(t *testing.T, texts ...string) {
	t.Helper()
	coded := base64.StdEncoding.EncodeToString([]byte(canary))
	for _, text := range texts {
		for _, form := range []string{canary, coded, url.QueryEscape(canary), url.PathEscape(canary)} {
			require.NotContains(t, text, form)
		}
	}
}

// teller is a component that says its password wherever it can.
func teller() component.Factory {
	type config struct {
		Password secrets.Value `koanf:"password"`
		How      string        `koanf:"how"`
	}
	return component.NewFactory(component.Info{Type: "teller"}, func(name string, c config) (component.PipelineComponent, error) {
		return component.Func(name, func(context.Context, component.Runtime) error {
			switch password := c.Password.Reveal(); c.How {
			case "error":
				return errors.New("login as ann:" + password + "@db refused, sent " + base64.StdEncoding.EncodeToString([]byte(password)))
			case "panic":
				panic("with " + password)
			case "spark":
				return &component.SparkError{Class: "FAILED_JDBC", Message: "jdbc:x?password=" + url.QueryEscape(password), Parameters: map[string]string{"url": password}}
			}
			return nil
		}), nil
	})
}

const audited = `name: orders
secrets: {provider: env}
hooks:
  audit: {audit_trail_path: "AUDIT", hmac_key: "secret://env/SPARKPIPE_TEST_HMAC"}
components:
  - {name: tell, type: teller, config: {password: "secret://env/SPARKPIPE_TEST_CANARY", how: HOW}}
`

func TestSecretsAndTheTrailOfARun(t *testing.T) {
	t.Setenv("SPARKPIPE_TEST_CANARY", canary)
	t.Setenv("SPARKPIPE_TEST_HMAC", "a key of more than 16 bytes")
	keyFile := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(keyFile, []byte("a key of more than 16 bytes"), 0o600))
	for how, code := range map[string]int{"nothing": cli.ExitSucceeded, "error": cli.ExitFailed, "panic": cli.ExitFailed, "spark": cli.ExitFailed} {
		t.Run(how, func(t *testing.T) {
			dir := t.TempDir()
			text := strings.NewReplacer("AUDIT", filepath.Join(dir, "trail"), "HOW", how).Replace(audited)
			file := writeFile(t, "p.yaml", text)
			artifacts := filepath.Join(dir, "artifacts")
			var outputs []string
			for _, args := range [][]string{{"run", "--artifacts", artifacts, "--checkpoints", filepath.Join(dir, "runs"), file}, {"run", "--json", file}} {
				got := sparkpipeWith(t, cli.Options{Factories: []component.Factory{teller()}}, args...)
				require.Equal(t, code, got.code, got.stderr)
				outputs = append(outputs, got.stdout, got.stderr)
			}
			require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					data, readErr := os.ReadFile(path)
					require.NoError(t, readErr)
					outputs = append(outputs, string(data))
				}
				return err
			}))
			requireNoCanary(t, outputs...)

			trail, err := os.ReadFile(filepath.Join(dir, "trail", "audit.jsonl"))
			require.NoError(t, err)
			actions := map[string]int{}
			for line := range strings.Lines(string(trail)) {
				var event struct{ Action string }
				require.NoError(t, json.Unmarshal([]byte(line), &event))
				actions[event.Action]++
			}
			require.Equal(t, 2, actions["config_loaded"])
			require.Equal(t, 2, actions["pipeline_started"])
			require.Equal(t, 2, actions["pipeline_completed"]+actions["pipeline_failed"])
			require.Equal(t, 2, actions["component_started"])
			require.Equal(t, 2, actions["component_completed"]+actions["component_failed"])
			require.GreaterOrEqual(t, actions["secret_accessed"], 2)
			got := sparkpipe(t, "audit", "verify", "--key-file", keyFile, filepath.Join(dir, "trail", "audit.jsonl"))
			require.Equal(t, cli.ExitSucceeded, got.code, got.stdout+got.stderr)
		})
	}
}

func TestNothingRunsUnaudited(t *testing.T) {
	t.Parallel()
	blocked := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(blocked, nil, 0o600))
	for required, code := range map[string]int{"true": cli.ExitFailed, "false": cli.ExitSucceeded} {
		file := writeFile(t, "p"+required+".yaml", "name: n\nhooks: {audit: {audit_trail_path: "+blocked+"/trail, required: "+required+"}}\ncomponents: [{name: a, type: teller}]\n")
		got := sparkpipeWith(t, cli.Options{Factories: []component.Factory{teller()}}, "run", file)
		require.Equal(t, code, got.code, got.stdout+got.stderr)
		require.Contains(t, got.stderr, "audit")
	}
}

func TestASecretThatIsMissing(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	file := writeFile(t, "p.yaml", onServer(server.Remote(), "name: n\ncomponents:\n"+
		"  - {name: ok, type: sql, config: {sql: SELECT 1, output_view: v}}\n"+
		"  - {name: a, type: read_jdbc, config: {url: 'secret://env/SPARKPIPE_TEST_NOWHERE', table: t, output_view: w}}\n"))
	require.Equal(t, cli.ExitSucceeded, sparkpipe(t, "validate", file).code, "no secret is needed to look at a file")
	got := sparkpipe(t, "run", file)
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.stdout+got.stderr, "SPARKPIPE_TEST_NOWHERE")
	require.Contains(t, got.stdout+got.stderr, "components[1].config.url")
	require.Empty(t, server.Released(), "nothing was opened")
}
