package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

var (
	docBlock = regexp.MustCompile("(?ms)^```(yaml|hocon|json)\n(.*?)^```")
	// rootKey begins a piece of a configuration file; other blocks show something
	// else.
	rootKey = regexp.MustCompile(`(?m)^\{?"?(name|app_name|spark|runner|components|sources|sequences|hooks|checkpoint|pipeline)"?\s*[:={]`)
	ownName = regexp.MustCompile(`(?m)^\{?"?(name|app_name|pipeline)"?\s*[:={]`)
	steps   = regexp.MustCompile(`(?m)^\{?"?(components|sequences|pipeline)"?\s*[:={]`)
)

// TestFilesOfTheDocs validates every configuration file of the documentation;
// pieces of one are completed first.
func TestFilesOfTheDocs(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	more, err := filepath.Glob("../../docs/*/*.md")
	require.NoError(t, err)
	checked := 0
	for _, page := range append(append(pages, more...), "../../README.md") {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, block := range docBlock.FindAllStringSubmatch(string(text), -1) {
			format, body := block[1], block[2]
			if !rootKey.MatchString(body) {
				continue
			}
			if format != "json" && !ownName.MatchString(body) {
				body += "\nname: docs\n"
			}
			if format != "json" && !steps.MatchString(body) {
				body += "\ncomponents: [{name: a, type: sql, config: {sql: \"SELECT 1\"}}]\n"
			}
			file := writeFile(t, map[string]string{"yaml": "p.yaml", "hocon": "p.conf", "json": "p.json"}[format], body)
			for name := range strings.FieldsFuncSeq(body, func(r rune) bool { return strings.ContainsRune(" \n\"'{},", r) }) {
				if strings.HasSuffix(name, ".sql") && !filepath.IsAbs(name) {
					require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(file), name), []byte("SELECT 1"), 0o600))
				}
			}
			got := sparkpipe(t, "validate", file)
			require.Equal(t, cli.ExitSucceeded, got.code, "%s:\n%s\n%s", page, body, got.stderr)
			checked++
		}
	}
	require.Greater(t, checked, 5)
}
