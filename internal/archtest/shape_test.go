package archtest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	maxLines     = 400
	maxTestLines = 600
)

func TestFilesCanBeRead(t *testing.T) {
	t.Parallel()
	for _, f := range files(t) {
		limit := maxLines
		if f.test {
			limit = maxTestLines
		}
		if strings.HasSuffix(f.name, ".pb.go") {
			continue
		}
		require.LessOrEqual(t, f.lines, limit, "%s is too long: give it a second noun and a second file", f.name)
	}
}

// noExample are packages whose use cannot be shown by a function with an output.
var noExample = map[string]string{
	"internal/archtest":       "has no code",
	"internal/connect/wire":   "is generated",
	"internal/sparktest":      "takes a *testing.T",
	"internal/storetest":      "takes a *testing.T",
	"internal/kafkatest":      "takes a *testing.T",
	"internal/fakeconnect":    "takes a *testing.T",
	"internal/tlstest":        "takes a *testing.T",
	"pipeline/pipelinetest":   "takes a *testing.T",
	"internal/bench":          "is a program",
	"internal/bench/inside":   "is a program",
	"internal/bench/stock":    "is a program",
	"cmd/sparkpipe":           "is a program",
	"component/componenttest": "takes a *testing.T",
	"hooks/hookstest":         "takes a *testing.T",
}

func TestPackagesExplainThemselves(t *testing.T) {
	t.Parallel()
	packages := map[string]bool{}
	for _, f := range files(t) {
		packages[f.pkg] = true
	}
	for pkg := range packages {
		if strings.HasPrefix(pkg, "examples") {
			continue
		}
		dir := filepath.Join("..", "..", pkg)
		if pkg != "cmd/sparkpipe" {
			doc, err := os.ReadFile(filepath.Join(dir, "doc.go"))
			require.NoError(t, err, "package %s has no doc.go", pkg)
			require.Regexp(t, regexp.MustCompile(`(?m)^// Package \w+ `), string(doc), pkg)
		}
		if noExample[pkg] == "" {
			require.True(t, hasExample(t, dir), "package %s has no runnable Example", pkg)
		}
	}
}

func hasExample(t *testing.T, dir string) bool {
	t.Helper()
	tests, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	require.NoError(t, err)
	for _, test := range tests {
		src, err := os.ReadFile(test)
		require.NoError(t, err)
		if regexp.MustCompile(`(?m)^func Example`).Match(src) {
			return true
		}
	}
	return false
}

// TestPrefixedFilesAreListed holds the rule that a source_x.go or sink_x.go is
// usable from a configuration file: one file and one line in builtin.go.
func TestPrefixedFilesAreListed(t *testing.T) {
	t.Parallel()
	builtins, err := os.ReadFile("../../pipeline/builtin.go")
	require.NoError(t, err)
	typeName := regexp.MustCompile(`(?m)^type (\w+(?:Source|Sink)) struct`)
	for _, f := range files(t) {
		base := filepath.Base(f.name)
		if f.pkg != "dataflow" || f.test || !strings.HasPrefix(base, "source_") && !strings.HasPrefix(base, "sink_") {
			continue
		}
		src, err := os.ReadFile(filepath.Join("..", "..", f.name))
		require.NoError(t, err)
		types := typeName.FindAllStringSubmatch(string(src), -1)
		require.NotEmpty(t, types, "%s defines no source and no sink", f.name)
		for _, name := range types {
			require.Contains(t, string(builtins), "dataflow."+name[1]+"]", "%s of %s is missing in pipeline/builtin.go", name[1], f.name)
		}
	}
}
