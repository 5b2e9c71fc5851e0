package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

func TestManualPages(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "man")
	got := sparkpipe(t, "man", dir)
	require.Equal(t, outcome{code: cli.ExitSucceeded}, got)
	pages, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	texts := map[string]string{}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		texts[filepath.Base(page)] = string(text)
	}
	for _, name := range []string{"sparkpipe.1", "sparkpipe-run.1", "sparkpipe-stream.1", "sparkpipe-stream-run.1", "sparkpipe-completion.1"} {
		require.Contains(t, texts, name)
	}
	for _, name := range []string{"sparkpipe-man.1", "sparkpipe-help.1"} {
		require.NotContains(t, texts, name)
	}
	request := regexp.MustCompile(`^\.(TH|SH|PP|TP|B|nf|fi)( ".*")*$`)
	reference := regexp.MustCompile(`([a-z\\-]+)\(1\)`)
	for name, text := range texts {
		for line := range strings.Lines(text) {
			if line[0] == '.' || line[0] == '\'' {
				require.Regexp(t, request, strings.TrimSuffix(line, "\n"), name)
			}
		}
		require.Equal(t, strings.Count(text, ".nf\n"), strings.Count(text, ".fi\n"), name)
		_, see, found := strings.Cut(text, ".SH \"SEE ALSO\"\n")
		require.True(t, found, name)
		for _, ref := range reference.FindAllStringSubmatch(see, -1) {
			require.Contains(t, texts, strings.ReplaceAll(ref[1], `\`, "")+".1", name)
		}
	}
	requireGolden(t, "man_completion", texts["sparkpipe-completion.1"], "")
}

func TestManualPagesOfAnotherProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var stderr bytes.Buffer
	code := cli.Main(t.Context(), []string{"man", dir}, &cli.Options{Name: "mypipe", Version: "v1.2.3", Stderr: &stderr})
	require.Equal(t, cli.ExitSucceeded, code, stderr.String())
	text, err := os.ReadFile(filepath.Join(dir, "mypipe-run.1"))
	require.NoError(t, err)
	require.Contains(t, string(text), `.TH "MYPIPE\-RUN" "1" "" "mypipe v1.2.3" "Manual of mypipe"`)
	require.NotContains(t, string(text), "sparkpipe")
}

func TestManualPagesThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	got := sparkpipe(t, "man")
	require.Equal(t, outcome{cli.ExitUsage, "", "sparkpipe: man takes one folder, got 0 arguments; see sparkpipe man --help\n"}, got)
	file := writeFile(t, "file", "")
	got = sparkpipe(t, "man", file)
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.stderr, "sparkpipe: write manual pages: mkdir "+file)
}
