package archtest_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/sparkpipe/sparkpipe"

// arrows says which packages of this module each package may import. A package
// below one that is not named itself has the arrows of the nearest one above.
// Test kits (…test) may also import their parent. A package that is missing here
// may import nothing of ours.
var arrows = map[string][]string{
	"internal/archtest":                  {},
	"component":                          {"component/schema", "internal/nearest"},
	"component/componenttest":            {},
	"component/schema":                   {},
	"resilience":                         {"component"},
	"secrets":                            {"internal/disguise", "internal/nearest"},
	"internal/disguise":                  {},
	"secrets/aws":                        {"secrets"},
	"secrets/vault":                      {"secrets"},
	"secrets/secretstest":                {},
	"audit":                              {"component", "hooks", "secrets", "internal/disguise", "internal/filelock"},
	"audit/sqldb":                        {"audit", "secrets", "internal/sqlopen"},
	"audit/spark":                        {"audit", "dataflow", "secrets"},
	"audit/audittest":                    {},
	"quality":                            {"component", "component/schema", "dataflow", "dataflow/value", "internal/connect", "internal/connect/wire", "internal/nearest", "internal/options", "internal/sqltext"},
	"internal/nearest":                   {},
	"internal/filelock":                  {},
	"internal/sqlopen":                   {},
	"internal/sqltext":                   {},
	"internal/localspark":                {"internal/filelock"},
	"internal/connect":                   {"component", "secrets", "internal/connect/wire"},
	"internal/connect/wire":              {},
	"internal/fakeconnect":               {"internal/connect/wire"},
	"internal/faultproxy":                {},
	"internal/kafkatest":                 {"internal/localspark"},
	"internal/columnar":                  {"component/schema", "dataflow/value"},
	"internal/kafka":                     {"component/schema", "internal/options", "secrets"},
	"internal/options":                   {"secrets"},
	"internal/parquet":                   {},
	"internal/sparktest":                 {"internal/localspark"},
	"internal/storetest":                 {},
	"internal/tlstest":                   {},
	"internal/bench":                     {},
	"internal/bench/inside":              {"component", "config", "dataflow", "hooks", "internal/connect/wire", "pipeline", "quality", "secrets", "streaming"},
	"internal/bench/stock":               {},
	"hooks":                              {"component"},
	"hooks/prometheus":                   {"hooks"},
	"hooks/otel":                         {"component", "hooks"},
	"hooks/hookstest":                    {"component"},
	"dataflow":                           {"component", "component/schema", "secrets", "dataflow/value", "internal/columnar", "internal/connect", "internal/connect/wire", "internal/kafka", "internal/options", "internal/parquet", "internal/sqltext"},
	"dataflow/value":                     {},
	"streaming":                          {"component", "component/schema", "dataflow", "hooks", "resilience", "secrets", "pipeline/checkpoint", "internal/connect", "internal/connect/wire", "internal/kafka", "internal/options"},
	"config":                             {"secrets", "config/hocon", "config/internal/tree", "internal/nearest", "internal/sqltext", "resilience"},
	"config/hocon":                       {"config/internal/tree"},
	"config/internal/tree":               {},
	"pipeline":                           {"audit", "config", "component", "dataflow", "hooks", "secrets", "internal/localspark", "internal/nearest", "internal/options", "pipeline/checkpoint", "quality", "resilience", "streaming"},
	"pipeline/artifact":                  {"component", "dataflow", "hooks", "pipeline", "resilience", "secrets"},
	"pipeline/checkpoint":                {"internal/filelock"},
	"pipeline/checkpoint/checkpointtest": {},
	"pipeline/checkpoint/objectstore":    {"pipeline/checkpoint", "secrets"},
	"pipeline/checkpoint/postgres":       {"pipeline/checkpoint", "internal/sqlopen"},
	"pipeline/pipelinetest":              {"component", "dataflow", "internal/localspark"},
	"pipeline/doctor":                    {"dataflow", "pipeline", "pipeline/checkpoint", "internal/connect"},
	"pipeline/cli":                       {"audit", "audit/sqldb", "secrets", "secrets/aws", "secrets/vault", "quality", "internal/nearest", "config", "component", "dataflow", "hooks", "hooks/prometheus", "pipeline", "pipeline/artifact", "pipeline/doctor", "pipeline/checkpoint", "pipeline/checkpoint/objectstore", "pipeline/checkpoint/postgres", "streaming", "internal/localspark", "internal/connect"},
	"cmd/sparkpipe":                      {"pipeline/cli"},
}

// kept lists outside modules that are kept to the packages named: whoever
// imports another package of ours must not link them.
var kept = map[string][]string{
	"github.com/apache/spark-connect-go":  {"internal/connect", "internal/fakeconnect", "internal/localspark", "internal/bench", "dataflow", "quality", "streaming", "examples"},
	"go.opentelemetry.io":                 {"hooks/otel"},
	"github.com/prometheus/client_golang": {"hooks/prometheus"},
	"github.com/spf13/cobra":              {"pipeline/cli"},
	"github.com/sony/gobreaker":           {"resilience"},
	"google.golang.org/grpc":              {"internal/connect", "internal/fakeconnect", "internal/localspark", "internal/bench"},
	"github.com/knadh/koanf":              {"config"},
	"go.yaml.in/yaml":                     {"config"},
	"github.com/minio/minio-go":           {"pipeline/checkpoint/objectstore"},
	"github.com/jackc/pgx":                {"internal/sqlopen"},
	"github.com/go-sql-driver/mysql":      {"audit/sqldb"},
	"github.com/openbao/openbao":          {"secrets/vault"},
	"github.com/aws":                      {"secrets/aws"},
}

type goFile struct {
	pkg, name string
	test      bool
	imports   []string
	lines     int
}

// files reads every Go file of the module.
func files(t *testing.T) []goFile {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	var out []goFile
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root {
			_, nested := os.Stat(filepath.Join(path, "go.mod"))
			if nested == nil || strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "build" {
				return filepath.SkipDir
			}
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		f, err := read(root, path)
		out = append(out, f)
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, out)
	return out
}

func read(root, path string) (goFile, error) {
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return goFile{}, err
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return goFile{}, err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), path, src, parser.ImportsOnly)
	if err != nil {
		return goFile{}, err
	}
	f := goFile{
		pkg: filepath.ToSlash(filepath.Dir(rel)), name: filepath.ToSlash(rel),
		test: strings.HasSuffix(path, "_test.go"), lines: strings.Count(string(src), "\n"),
	}
	for _, imp := range parsed.Imports {
		f.imports = append(f.imports, strings.Trim(imp.Path.Value, `"`))
	}
	return f, nil
}

func TestArrows(t *testing.T) {
	t.Parallel()
	for _, f := range files(t) {
		if f.test || strings.HasPrefix(f.pkg, "examples") {
			continue
		}
		allowed, known := arrows[f.pkg]
		require.True(t, known, "%s: say in the table of this test what package %s may import", f.name, f.pkg)
		for _, imp := range f.imports {
			ours, isOurs := strings.CutPrefix(imp, module+"/")
			if !isOurs {
				continue
			}
			isKit := strings.HasSuffix(f.pkg, "test") && ours == filepath.ToSlash(filepath.Dir(f.pkg))
			require.True(t, isKit || slices.Contains(allowed, ours), "%s imports %s, which its package may not", f.name, ours)
		}
	}
}

func TestExamplesImportOnlyWhatIsPublic(t *testing.T) {
	t.Parallel()
	for _, f := range files(t) {
		if !strings.HasPrefix(f.pkg, "examples") || f.test {
			continue
		}
		for _, imp := range f.imports {
			require.NotContains(t, imp, module+"/internal/", f.name)
		}
	}
}

func TestHeavyDependenciesStayWhereTheyAre(t *testing.T) {
	t.Parallel()
	for _, f := range files(t) {
		if f.test {
			continue
		}
		for _, imp := range f.imports {
			for _, dep := range slices.Sorted(maps.Keys(kept)) {
				if imp != dep && !strings.HasPrefix(imp, dep+"/") {
					continue
				}
				in := slices.ContainsFunc(kept[dep], func(pkg string) bool { return f.pkg == pkg || strings.HasPrefix(f.pkg, pkg+"/") })
				require.True(t, in, "%s imports %s, which belongs to %v", f.name, imp, kept[dep])
			}
		}
	}
}

func TestTheTableOfArrowsIsTrue(t *testing.T) {
	t.Parallel()
	have := map[string]bool{}
	for _, f := range files(t) {
		have[f.pkg] = true
	}
	for pkg, imports := range arrows {
		require.True(t, have[pkg], "the table names %s, which does not exist", pkg)
		for _, imp := range imports {
			require.True(t, have[imp], "the table lets %s import %s, which does not exist", pkg, imp)
		}
	}
}
