package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	text := sparkpipe(t, "version")
	require.Equal(t, cli.ExitSucceeded, text.code)
	require.Empty(t, text.stderr)
	require.Regexp(t, `^sparkpipe v1\.2\.3( \([0-9a-f]+\))?, `+runtime.Version()+` \w+/\w+, starts Spark \d+\.\d+\.\d+\n$`, text.stdout)

	object := sparkpipe(t, "version", "--json")
	require.Equal(t, cli.ExitSucceeded, object.code)
	var got map[string]string
	require.NoError(t, json.Unmarshal([]byte(object.stdout), &got))
	require.Equal(t, "v1.2.3", got["version"])
	require.Equal(t, runtime.GOOS, got["os"])
	require.Equal(t, runtime.GOARCH, got["arch"])
	require.NotEmpty(t, got["spark"])
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"", "run", "resume", "runs", "cancel", "schema", "validate", "graph", "components", "checks", "audit", "audit verify", "local", "version"} {
		t.Run("sparkpipe "+command, func(t *testing.T) {
			t.Parallel()
			got := sparkpipe(t, append(strings.Fields(command), "--help")...)
			require.Equal(t, cli.ExitSucceeded, got.code)
			require.Empty(t, got.stderr)
			requireGolden(t, strings.TrimSuffix("help_"+strings.ReplaceAll(command, " ", "_"), "_"), got.stdout, "")
		})
	}
}

func TestNoCommandPrintsTheHelp(t *testing.T) {
	t.Parallel()
	got := sparkpipe(t)
	require.Equal(t, cli.ExitUsage, got.code)
	require.Contains(t, got.stdout, "Available Commands:")
	require.Empty(t, got.stderr)
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	tests := []struct{ args, want string }{
		{"rnu", `unknown command "rnu"; did you mean "run"? see sparkpipe --help`},
		{"start", `unknown command "start"; see sparkpipe --help`},
		{"help rnu", `unknown command "rnu"; did you mean "run"? see sparkpipe --help`},
		{"help nope", `unknown command "nope"; see sparkpipe --help`},
		{"help stream rnu", `unknown command "rnu"; did you mean "run"? see sparkpipe stream --help`},
		{"help run x", `unknown command "x"; see sparkpipe run --help`},
		{"help --jsn", `unknown flag: --jsn; see sparkpipe help --help`},
		{"--jsn", `unknown flag: --jsn; see sparkpipe --help`},
		{"run", `run takes one configuration file, got 0 arguments; see sparkpipe run --help`},
		{"run a b", `run takes one configuration file, got 2 arguments; see sparkpipe run --help`},
		{"run --retries 3 a", `unknown flag: --retries; see sparkpipe run --help`},
		{"validate", `validate takes one configuration file, got 0 arguments; see sparkpipe validate --help`},
		{"version x", `version takes no arguments, got 1 argument; see sparkpipe version --help`},
		{"components a b", `components takes at most one component type, got 2 arguments; see sparkpipe components --help`},
		{"local x", `unexpected argument "x"; a command comes after --`},
		{"local --conf x", `--conf wants KEY=VALUE, got "x"`},
		{"local --conf =x", `--conf wants KEY=VALUE, got "=x"`},
		{"local --master foo", `master "foo": want local, local[N], local[*] or spark://host:port`},
		{"local --spark-version 3.5.1", `version "3.5.1": the embedded server needs Spark 4.0.0 or newer`},
	}
	for _, test := range tests {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			got := sparkpipe(t, strings.Fields(test.args)...)
			require.Equal(t, outcome{cli.ExitUsage, "", "sparkpipe: " + test.want + "\n"}, got)
		})
	}
}

// typeDoc is what components --json says of a type.
type typeDoc struct {
	Type    string
	Aliases []string
	Kind    string
	Summary string
	Fields  []struct {
		Name, Type, Default, Doc string
		Required                 bool
		Values                   []string
	}
}

func TestComponents(t *testing.T) {
	t.Parallel()
	list := sparkpipe(t, "components", "--json")
	require.Equal(t, cli.ExitSucceeded, list.code)
	var types []typeDoc
	require.NoError(t, json.Unmarshal([]byte(list.stdout), &types))
	require.GreaterOrEqual(t, len(types), 19)

	text := sparkpipe(t, "components")
	require.Equal(t, cli.ExitSucceeded, text.code)
	for _, typ := range types {
		require.NotEmpty(t, typ.Summary, typ.Type)
		require.NotEmpty(t, typ.Fields, typ.Type)
		require.Contains(t, "\n"+text.stdout, "\n"+typ.Type, typ.Type)
		for _, alias := range typ.Aliases {
			require.Contains(t, text.stdout, alias)
		}
		for _, field := range typ.Fields {
			require.NotEmpty(t, field.Doc, "%s.%s", typ.Type, field.Name)
			require.NotEmpty(t, field.Type, "%s.%s", typ.Type, field.Name)
		}
	}
}

func TestComponentsOfOneType(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"show", "my.package.SqlTransform"} {
		got := sparkpipe(t, "components", name)
		require.Equal(t, cli.ExitSucceeded, got.code)
		require.Empty(t, got.stderr)
		requireGolden(t, "components_"+name, got.stdout, "")
	}
	got := sparkpipe(t, "components", "--json", "show")
	var types []typeDoc
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &types))
	require.Len(t, types, 1)
	require.Equal(t, "show", types[0].Type)
	require.Equal(t, "sink", types[0].Kind)
}

func TestComponentsOfAnUnknownType(t *testing.T) {
	t.Parallel()
	got := sparkpipe(t, "components", "read_cvs")
	require.Equal(t, cli.ExitUsage, got.code)
	require.Empty(t, got.stdout)
	require.Contains(t, got.stderr, `sparkpipe: unknown component type "read_cvs"; did you mean "read_csv"? known types: `)
}

func TestFactoriesOfTheProgram(t *testing.T) {
	t.Parallel()
	type config struct {
		Text string `koanf:"text" required:"true" doc:"what to say"`
	}
	said := ""
	say := component.NewFactory(component.Info{Type: "say", Summary: "says something"},
		func(name string, cfg config) (component.PipelineComponent, error) {
			return component.Func(name, func(context.Context, component.Runtime) error {
				said = cfg.Text
				return nil
			}), nil
		})
	opts := func(stdout, stderr *bytes.Buffer) *cli.Options {
		return &cli.Options{Name: "mypipe", Factories: []component.Factory{say}, Stdout: stdout, Stderr: stderr}
	}
	file := writeFile(t, "p.yaml", "name: p\ncomponents: [{name: a, type: say, config: {text: hello}}]\n")
	var stdout, stderr bytes.Buffer
	code := cli.Main(t.Context(), []string{"run", file}, opts(&stdout, &stderr))
	require.Equal(t, cli.ExitSucceeded, code, stderr.String())
	require.Equal(t, "hello", said)
	require.NotContains(t, stdout.String(), "Spark", "no component needs it")

	stdout.Reset()
	code = cli.Main(t.Context(), []string{"nope"}, opts(&stdout, &stderr))
	require.Equal(t, cli.ExitUsage, code)
	require.Equal(t, "mypipe: unknown command \"nope\"; see mypipe --help\n", stderr.String())

	stderr.Reset()
	twice := opts(&stdout, &stderr)
	twice.Factories = append(twice.Factories, say)
	require.Equal(t, cli.ExitFailed, cli.Main(t.Context(), []string{"version"}, twice))
	require.Contains(t, stderr.String(), `mypipe: `)
	require.Contains(t, stderr.String(), `"say"`)
}

func TestChecks(t *testing.T) {
	t.Parallel()
	requireGolden(t, "checks", sparkpipe(t, "checks").stdout, "")
	got := sparkpipe(t, "checks", "range_check", "--json")
	require.Equal(t, cli.ExitSucceeded, got.code)
	require.Contains(t, got.stdout, `"type": "range"`)
	got = sparkpipe(t, "checks", "rnge")
	require.Equal(t, cli.ExitUsage, got.code)
	require.Contains(t, got.stderr, `"rnge" is no kind of check; did you mean "range"?`)
}
