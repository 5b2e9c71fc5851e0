package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
)

// named makes a file of components from "name: dep dep" lines.
func named(lines ...string) string {
	var b strings.Builder
	b.WriteString("name: n\ncomponents:\n")
	for _, line := range lines {
		name, deps, _ := strings.Cut(line, ":")
		fmt.Fprintf(&b, "  - {name: %s, type: sql, depends_on: [%s]}\n", name, strings.Join(strings.Fields(deps), ", "))
	}
	return b.String()
}

func TestDependencies(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, src, want string }{
		{"unknown", named("clean", "b: clen"), `p.yaml:4:39: components[1].depends_on[0]: no component is named "clen"; did you mean "clean"?`},
		{"unknown, far", named("a", "b: a zebra"), `p.yaml:4:42: components[1].depends_on[1]: no component is named "zebra"; components: a, b`},
		{"itself", named("a: a"), `p.yaml:3:39: components[0].depends_on[0]: "a" depends on itself`},
		{"two", named("a: b", "b: a"), "p.yaml:3:38: components[0].depends_on: components depend on one another: a -> b -> a"},
		{"off the cycle", named("z: a", "a: b", "b: a"), "p.yaml:4:38: components[1].depends_on: components depend on one another: a -> b -> a"},
		{"three", named("c: a", "b: c", "a: b"), "p.yaml:3:38: components[0].depends_on: components depend on one another: c -> a -> b -> c"},
		{"two cycles", named("a: b", "b: a", "c: d", "d: c"), "p.yaml:3:38: components[0].depends_on: components depend on one another: a -> b -> a\n" +
			"p.yaml:5:38: components[2].depends_on: components depend on one another: c -> d -> c"},
		{"same name", named("a", "b", "a"), `p.yaml:5:12: components[2].name: the name "a" is taken at p.yaml:3:12; names of components are unique`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := parseYAML(tc.src)
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestRepeatedDependenciesCountOnce(t *testing.T) {
	t.Parallel()
	p, err := parseYAML(named("a", "b: a a", "c: b a b"))
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, p.Components[1].DependsOn)
	require.Equal(t, []string{"b", "a"}, p.Components[2].DependsOn)
}

func TestLongChains(t *testing.T) {
	t.Parallel()
	const n = 10_000
	forward, backward, ring, unknown := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i := range n {
		forward[i] = fmt.Sprintf("c%d: c%d", i, max(i-1, 0))
		backward[i] = fmt.Sprintf("c%d: c%d", i, i+1)
		ring[i] = fmt.Sprintf("c%d: c%d", i, (i+1)%n)
		unknown[i] = fmt.Sprintf("c%d: gone%d", i, i)
	}
	forward[0], backward[n-1] = "c0", fmt.Sprintf("c%d", n-1)
	for _, lines := range [][]string{forward, backward} {
		p, err := parseYAML(named(lines...))
		require.NoError(t, err)
		require.Len(t, p.Components, n)
	}
	_, err := parseYAML(named(ring...))
	require.ErrorContains(t, err, "c0 -> c1 -> c2 -> ")
	require.ErrorContains(t, err, " -> c9999 -> c0")
	_, err = parseYAML(named(unknown...))
	require.ErrorContains(t, err, "and 9950 more")
}

const everest = `
app_name: daily
spark_conf: {spark.sql.shuffle.partitions: 10}
sources:
  orders: {type: bigquery, query: "SELECT 1"}
  people: {type: read_gcs, alias: Customers, path: gs://b}
  spare: {type: s3, path: s3://b}
sequences:
  - name: totals
    query: SELECT * FROM customers JOIN ` + "`orders`" + ` -- spare
    target: {type: parquet, path: /out, mode: overwrite}
  - query: SELECT * FROM IDENTIFIER('orders')
    target: {type: bigquery, table: a.b}
  - query: SELECT 1
    target: {type: write_jdbc, table: a.b}
`

func TestSourcesAndSequences(t *testing.T) {
	t.Parallel()
	p, err := parseYAML(everest)
	require.NoError(t, err)
	got := plainOf(t, p)
	require.Equal(t, "daily", got.Name)
	require.Equal(t, "daily", got.Spark.AppName)
	require.Equal(t, map[string]string{"spark.sql.shuffle.partitions": "10"}, got.Spark.Conf)
	require.Equal(t, []config.Component{
		{Name: "sources.orders", Type: "read_bigquery", ComponentType: "source", Enabled: true},
		{Name: "sources.people", Type: "read_gcs", ComponentType: "source", Enabled: true},
		{Name: "sources.spare", Type: "read_s3", ComponentType: "source", Enabled: true, Unused: true},
		{
			Name: "sequences.totals", Type: "write_parquet", ComponentType: "sink", Enabled: true,
			DependsOn: []string{"sources.orders", "sources.people"},
		},
		{
			Name: "sequences.unnamed", Type: "write_bigquery", ComponentType: "sink", Enabled: true,
			DependsOn: []string{"sources.orders"},
		},
		{Name: "sequences.unnamed#2", Type: "write_jdbc", ComponentType: "sink", Enabled: true},
	}, got.Components)
	require.Equal(t, map[string]any{"query": "SELECT 1", "output_view": "orders"}, got.configs[0])
	require.Equal(t, map[string]any{"path": "gs://b", "output_view": "Customers"}, got.configs[1])
	require.Equal(t, map[string]any{"table": "a.b", "query": "SELECT * FROM IDENTIFIER('orders')"}, got.configs[4])
	require.Equal(t, "sources.orders", p.Components[0].Config.Path())
	require.Equal(t, "sequences[1].target", p.Components[4].Config.Path())
	require.Equal(t, "p.yaml:13:13", p.Components[4].Config.Where())
}

// A sequence without a mode has Spark's, a component that of its type.
func TestTargetsKeepSparksDefaultMode(t *testing.T) {
	t.Parallel()
	p, err := parseYAML(everest)
	require.NoError(t, err)
	type sink struct {
		Mode  string `koanf:"mode" default:"overwrite"`
		Table string `koanf:"table"`
		Path  string `koanf:"path"`
		Query string `koanf:"query"`
	}
	var written, absent sink
	require.NoError(t, p.Components[3].Config.Decode(&written))
	require.NoError(t, p.Components[4].Config.Decode(&absent))
	require.Equal(t, "overwrite", written.Mode)
	require.Equal(t, "errorifexists", absent.Mode)
	var component sink
	require.NoError(t, config.NewSection(nil).Decode(&component))
	require.Equal(t, "overwrite", component.Mode)
}

func TestSourcesBesideComponents(t *testing.T) {
	t.Parallel()
	p, err := parseYAML(`
name: n
sources:
  orders: {type: s3}
  people: {type: s3}
  explicit: {type: s3}
  disabled: {type: s3}
components:
  - {name: clean, type: sql, config: {sql: SELECT * FROM orders, output_view: cleaned}}
  - {name: copy, type: x, config: {steps: [{input_view: people}]}, depends_on: [sources.explicit]}
  - {name: other, type: x, enabled: false, config: {view: disabled}}
sequences:
  - {query: SELECT * FROM cleaned, target: {type: parquet}, depends_on: [copy], enabled: false}
`)
	require.NoError(t, err)
	depends, unused := map[string][]string{}, map[string]bool{}
	for _, c := range p.Components {
		depends[c.Name] = c.DependsOn
		unused[c.Name] = c.Unused
	}
	require.Equal(t, []string{"sources.orders"}, depends["clean"])
	require.Equal(t, []string{"sources.explicit", "sources.people"}, depends["copy"])
	require.Equal(t, []string{"sources.disabled"}, depends["other"])
	require.Equal(t, []string{"copy", "clean"}, depends["sequences.unnamed"])
	require.False(t, p.Components[len(p.Components)-1].Enabled)
	require.False(t, unused["sources.orders"] || unused["sources.people"] || unused["sources.explicit"])
	require.True(t, unused["sources.disabled"])
}

func TestSequenceFaults(t *testing.T) {
	t.Parallel()
	const target = "target: {type: parquet}"
	sequence := func(text string) string { return "app_name: a\nsequences:\n  - {" + text + "}\n" }
	for src, want := range map[string]string{
		"app_name: a\nsequences: []\n":                                          "p.yaml:2:12: sequences: must not be empty; a pipeline wants at least one component or sequence",
		"app_name: ''\nsequences: [{query: x, " + target + "}]":                 "p.yaml:1:11: app_name: must not be empty",
		"app_name: a\nsources:\n":                                               "p.yaml:1:1: components: required key is missing; a pipeline wants at least one component or sequence",
		sequence(target):                                                        "p.yaml:3:5: sequences[0].query: required key is missing; a sequence wants a query or a query_file",
		sequence("query: ' ', " + target):                                       "p.yaml:3:13: sequences[0].query: must not be empty; a sequence wants a query",
		sequence("query: ~, " + target):                                         "p.yaml:3:13: sequences[0].query: must not be empty; a sequence wants a query",
		sequence("query: [x], " + target):                                       "p.yaml:3:13: sequences[0].query: want text, found a list",
		sequence("query: x, query_file: y, " + target):                          "p.yaml:3:16: sequences[0].query_file: given beside query; keep one of them",
		sequence("query: x"):                                                    "p.yaml:3:5: sequences[0].target: a sequence wants a target with a type; for example type: parquet with a path",
		sequence("query: x, target: {}"):                                        "p.yaml:3:24: sequences[0].target: a sequence wants a target with a type; for example type: parquet with a path",
		sequence("query: x, target: parquet"):                                   `p.yaml:3:24: sequences[0].target: want a block, found the text "parquet"`,
		sequence("query: x, target: {path: y}"):                                 "p.yaml:3:24: sequences[0].target.type: required key is missing",
		sequence("query: x, target: {type: y, query: z}"):                       "p.yaml:3:34: sequences[0].target.query: not a key of a target; the query is a key of the sequence",
		sequence("qery: x, query: x, " + target):                                `p.yaml:3:6: sequences[0].qery: unknown key; did you mean "query"?`,
		"app_name: a\nsequences: [x]\n":                                         `p.yaml:2:13: sequences[0]: want a block, found the text "x"`,
		everest + "x-a: 1\nsource: {}\n":                                        `p.yaml:17:1: source: unknown key; did you mean "sources"?`,
		strings.Replace(everest, "alias: Customers", "alias: ORDERS", 1):        `p.yaml:6:35: sources.people.alias: the view "ORDERS" is that of sources.orders already; set another alias`,
		strings.Replace(everest, "type: s3, ", "", 1):                           "p.yaml:7:10: sources.spare.type: required key is missing",
		strings.Replace(everest, "type: s3, ", "type: s3, output_view: x, ", 1): "p.yaml:7:21: sources.spare.output_view: not a key of a source; set alias to name the view",
		strings.Replace(everest, "{type: s3, path: s3://b}", "", 1):             "p.yaml:7:9: sources.spare: want a block with a type, found null",
	} {
		_, err := parseYAML(src)
		require.EqualError(t, err, want, src)
	}
}

func TestQueryFile(t *testing.T) {
	t.Parallel()
	dir := files(t,
		"p.yaml", "include: sub/s.yaml\napp_name: a\nsources: {orders: {type: s3}}\n",
		"sub/s.yaml", "sequences: [{query_file: q.sql, target: {type: parquet}}]\n",
		"sub/q.sql", "-- ${not a substitution}\nSELECT * FROM orders\n", "sub/empty.sql", "\n",
	)
	p, err := config.Load(filepath.Join(dir, "p.yaml"), nil)
	require.NoError(t, err)
	require.Equal(t, []string{"sources.orders"}, p.Components[1].DependsOn)
	for file, want := range map[string]string{
		"gone.sql":  `sub/s.yaml:1:26: sequences[0].query_file: the file "sub/gone.sql" does not exist`,
		"empty.sql": `sub/s.yaml:1:26: sequences[0].query_file: the file "empty.sql" is empty`,
		"''":        "sub/s.yaml:1:26: sequences[0].query_file: must not be empty",
	} {
		src := "sequences: [{query_file: " + file + ", target: {type: parquet}}]\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, "sub/s.yaml"), []byte(src), 0o600))
		_, err := config.Load(filepath.Join(dir, "p.yaml"), nil)
		require.Equal(t, want, message(dir, err))
	}
}

func TestBlocksSparkAndPipeline(t *testing.T) {
	t.Parallel()
	src := `
spark { master = "local[2]", app-name = x, config { spark.a = 1, "spark.b" = true } }
pipeline {
  pipeline-name = sales
  fail-fast = false
  pipeline-components = [
    { instance-type = a.b.C, instance-name = one, instance-config { input-path = x } }
    { instance-type = a.b.D, instance-name = two, instance-config {} }
  ]
  schema-validation { enabled = false }
}`
	p, err := config.Parse([]byte(src), config.FormatHOCON, &config.Options{Name: "s.conf"})
	require.NoError(t, err)
	require.Equal(t, "sales", p.Name)
	require.Equal(t, "x", p.Spark.AppName)
	require.Equal(t, map[string]string{"spark.a": "1", "spark.b": "true"}, p.Spark.Conf)
	require.False(t, p.Runner.FailFast)
	require.Len(t, p.Components, 2)
	require.Equal(t, "a.b.C", p.Components[0].Type)
	require.Equal(t, "pipeline.pipeline-components[0].instance-config", p.Components[0].Config.Path())
	for rest, want := range map[string]string{
		"name: x":                          "s.yaml:4:1: name: given beside pipeline.pipeline-name; keep one of them",
		"components: [{name: b, type: c}]": "s.yaml:4:1: components: given beside pipeline.pipeline-components; keep one of them",
		"runner: {fail-fast: true}":        "s.yaml:4:21: runner.fail-fast: given beside pipeline.fail-fast; keep one of them",
	} {
		src := "pipeline:\n  {pipeline-name: n, fail-fast: true,\n  pipeline-components: [{instance-name: a, instance-type: b}]}\n" + rest
		_, err := config.Parse([]byte(src), config.FormatYAML, &config.Options{Name: "s.yaml"})
		require.EqualError(t, err, want)
	}
}

func TestDynamicAllocation(t *testing.T) {
	t.Parallel()
	var warnings []string
	p, err := config.Parse([]byte(valid+"spark: {dynamic_allocation: true, num_executors: 0}\n"), config.FormatYAML,
		&config.Options{Warn: func(msg string) { warnings = append(warnings, msg) }})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"spark.dynamicAllocation.enabled": "true"}, p.Spark.Conf)
	require.Equal(t, []string{"spark.num_executors is not used, because dynamic_allocation is on"}, warnings)
}

func TestResultsOfSequences(t *testing.T) {
	t.Parallel()
	p, err := parseYAML(`
app_name: n
sources: {orders: {type: csv, path: /in}}
sequences:
  - {name: big, query: SELECT * FROM orders WHERE a > :least, args: {least: 5}, cache: true, target: {type: csv, path: /a}}
  - {name: spare, query: SELECT big.a FROM Big, target: {type: csv, path: /b}, timeout: 30s, retry: {max_attempts: 2}}
  - {name: orders, query: SELECT 1 AS spare, target: {type: csv, path: /c}}
  - {name: kept, alias: again, query: SELECT 2, target: {type: table, table: db.kept}}
  - {name: after, query: SELECT * FROM kept JOIN orders JOIN again, target: {type: csv, path: /d}}
  - {name: late, query: SELECT * FROM early, target: {type: csv, path: /e}}
  - {name: early, query: SELECT 3, target: {type: csv, path: /f}}
`)
	require.NoError(t, err)
	got := plainOf(t, p)
	needs, views := map[string][]string{}, map[string]any{}
	for i, c := range got.Components {
		needs[c.Name], views[c.Name] = c.DependsOn, got.configs[i].(map[string]any)["output_view"]
	}
	require.Equal(t, map[string][]string{
		"sources.orders": nil, "sequences.big": {"sources.orders"}, "sequences.spare": {"sequences.big"}, "sequences.orders": nil,
		"sequences.kept": nil, "sequences.after": {"sources.orders", "sequences.kept"}, "sequences.late": nil, "sequences.early": nil,
	}, needs)
	require.Equal(t, map[string]any{
		"sources.orders": "orders", "sequences.big": "big", "sequences.spare": nil, "sequences.orders": nil,
		"sequences.kept": "again", "sequences.after": nil, "sequences.late": nil, "sequences.early": nil,
	}, views, "a name that is taken keeps its meaning, and nobody reads what is made later")
	require.Equal(t, map[string]any{
		"path": "/a", "query": "SELECT * FROM orders WHERE a > :least", "args": map[string]any{"least": int64(5)}, "cache": true, "output_view": "big",
	}, got.configs[1])
	require.Equal(t, 30*time.Second, p.Components[2].Timeout)
	require.Equal(t, 2, p.Components[2].Resilience.Retry.MaxAttempts)

	_, err = parseYAML("app_name: n\nsequences: [{query: SELECT 1, target: {type: csv, output_view: x}}]\n")
	require.EqualError(t, err, "p.yaml:2:51: sequences[0].target.output_view: not a key of a target; set the alias of the sequence")
}
