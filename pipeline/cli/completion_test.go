package cli_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for shell, part := range map[string]string{
		"bash": "complete -o default", "zsh": "#compdef sparkpipe", "fish": "complete -c sparkpipe", "powershell": "Register-ArgumentCompleter",
	} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			got := sparkpipe(t, "completion", shell)
			require.Equal(t, cli.ExitSucceeded, got.code)
			require.Empty(t, got.stderr)
			require.Contains(t, got.stdout, part)
		})
	}
}

func TestCompletionOfWhat(t *testing.T) {
	t.Parallel()
	const see = "; see sparkpipe completion --help"
	for args, want := range map[string]string{
		"":         "completion takes bash, zsh, fish or powershell, got 0 arguments" + see,
		"bash zsh": "completion takes bash, zsh, fish or powershell, got 2 arguments" + see,
		"tcsh":     `completion "tcsh": want bash, zsh, fish or powershell`,
		"--no":     "unknown flag: --no" + see,
	} {
		got := sparkpipe(t, append([]string{"completion"}, strings.Fields(args)...)...)
		require.Equal(t, outcome{cli.ExitUsage, "", "sparkpipe: " + want + "\n"}, got)
	}
	help := sparkpipe(t, "completion", "--help")
	require.Equal(t, cli.ExitSucceeded, help.code)
	requireGolden(t, "help_completion", help.stdout, "")
}

// directives are what a shell is told beside the words, as cobra numbers them.
const (
	shellFiles, noFiles, filesOfTypes, foldersOnly = ":0", ":4", ":8", ":16"
)

func TestCompletions(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "p.yaml", `name: p
components:
  - {name: one, type: sql, config: {sql: "SELECT 1 AS a", output_view: one}}
  - {name: two, type: show, config: {input_view: one}}
`)
	faulty := writeFile(t, "p.yaml", "name: p\ncomponents: 3\n")
	const formats = "conf\nhocon\nyaml\nyml\njson\n"
	tests := map[string]struct {
		args []string
		want string
	}{
		"a configuration file":        {[]string{"run", ""}, formats + filesOfTypes},
		"of a command below another":  {[]string{"stream", "run", ""}, formats + filesOfTypes},
		"one that need not be":        {[]string{"doctor", ""}, formats + filesOfTypes},
		"of a flag":                   {[]string{"resume", "--file", ""}, formats + filesOfTypes},
		"a file to write":             {[]string{"migrate", file, "-o", ""}, formats + filesOfTypes},
		"one file is enough":          {[]string{"run", file, ""}, noFiles},
		"nothing":                     {[]string{"version", ""}, noFiles},
		"a run":                       {[]string{"resume", ""}, noFiles},
		"a folder":                    {[]string{"run", file, "--artifacts", ""}, foldersOnly},
		"folders of manual pages":     {[]string{"man", ""}, foldersOnly},
		"how progress is shown":       {[]string{"run", file, "--progress", ""}, "auto\nbar\nplain\nnone\n" + noFiles},
		"the same in one word":        {[]string{"run", file, "--progress="}, "auto\nbar\nplain\nnone\n" + noFiles},
		"formats of graphs":           {[]string{"graph", file, "--format", ""}, "text\nmermaid\ndot\nsvg\n" + noFiles},
		"components":                  {[]string{"run", file, "--select", ""}, "one\ntwo\n" + noFiles},
		"the rest of a list":          {[]string{"run", file, "--until", "one,"}, "one,two\n" + noFiles},
		"components of a faulty file": {[]string{"run", faulty, "--select", ""}, noFiles},
		"components of no file":       {[]string{"run", "--select", ""}, noFiles},
		"a free value":                {[]string{"run", file, "--run-id", ""}, noFiles},
		"schemas":                     {[]string{"schema", ""}, "manifest\nrun-results\n" + noFiles},
		"shells":                      {[]string{"completion", ""}, "bash\nzsh\nfish\npowershell\n" + noFiles},
		"any command":                 {[]string{"local", "--", ""}, shellFiles},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := sparkpipe(t, append([]string{"__completeNoDesc"}, test.args...)...)
			require.Equal(t, cli.ExitSucceeded, got.code)
			require.Equal(t, test.want+"\n", got.stdout)
		})
	}
	types := sparkpipe(t, "__complete", "components", "").stdout
	require.Contains(t, types, "read_csv\tregisters CSV files as a view\n")
	connectors := sparkpipe(t, "__completeNoDesc", "local", "--connectors", "kafka,").stdout
	require.Contains(t, connectors, "kafka,delta\n")
	require.NotContains(t, connectors, "kafka,kafka\n")
}
