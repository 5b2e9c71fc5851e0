package pipeline_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// TestPlansOfOutsideFormats shows what read_format and write_format send for data
// sources whose servers the other tests do not have, under the names that their
// documentation gives.
func TestPlansOfOutsideFormats(t *testing.T) {
	t.Parallel()
	const (
		in, out   = "{name: r, type: read_format, config: {output_view: v, ", "{name: w, type: write_format, config: {input_view: v, "
		mongo     = `format: mongodb, options: {database: shop, collection: orders}, secret_options: {connection.uri: "mongodb+srv://u:p@h"}`
		search    = `format: org.elasticsearch.spark.sql, options: {es.nodes: "h1,h2", es.port: "9200", es.resource: orders, es.net.http.auth.user: ann}, secret_options: {es.net.http.auth.pass: pw}`
		cassandra = `format: org.apache.spark.sql.cassandra, options: {keyspace: shop, table: orders, spark.cassandra.connection.host: h, spark.cassandra.auth.username: ann}, secret_options: {spark.cassandra.auth.password: pw}`
		snowflake = `format: snowflake, options: {sfURL: a.snowflakecomputing.com, sfUser: ann, sfDatabase: D, sfSchema: S, sfWarehouse: W, dbtable: ORDERS}, secret_options: {sfPassword: pw}`
		azure     = `path: "abfss://data@acc.dfs.core.windows.net/orders", secret_options: {fs.azure.account.key.acc.dfs.core.windows.net: key}`
		hudi      = `format: hudi, path: /lake/orders, options: {hoodie.table.name: orders, hoodie.datasource.write.recordkey.field: id, hoodie.datasource.write.precombine.field: at, hoodie.datasource.write.operation: upsert}`
	)
	for name, blocks := range map[string][]string{
		"mongodb":       {in + mongo + "}}", out + mongo + ", mode: append}}"},
		"elasticsearch": {in + search + "}}", out + search + ", mode: append}}"},
		"cassandra":     {in + cassandra + "}}", out + cassandra + ", mode: append}}"},
		"snowflake":     {in + snowflake + "}}", out + snowflake + ", mode: overwrite}}"},
		"azure":         {in + "format: parquet, " + azure + "}}", out + "format: parquet, " + azure + ", partition_by: [day], partition_overwrite: dynamic}}"},
		"hudi":          {in + "format: hudi, path: /lake/orders, options: {as.of.instant: \"2024-05-01\"}}}", out + hudi + ", mode: append, partition_by: [day]}}"},
		"table":         {in + "table: c.db.t}}", out + "format: parquet, table: db.t, bucket_by: {columns: [id], count: 4}, sort_by: [at]}}"},
		"aliases":       {"{name: r, type: source, config: {output_view: v, format: orc, path: /in}}", "{name: w, type: sink, config: {input_view: v, format: orc, path: /out}}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := "name: p\ncomponents:\n  - " + blocks[0] + "\n  - " + blocks[1] + "\n"
			goldenPlans(t, "plan_format_"+name, plansOf(t, text))
		})
	}
}

// TestPlansOfEverestFormats uses the types of files and tables in everest's shape.
func TestPlansOfEverestFormats(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"files":   "name: p\nsources: {in: {type: orc, path: /in, path_glob_filter: \"*.orc\"}}\nsequences: [{name: s, query: SELECT * FROM in, target: {type: avro, path: /out, mode: overwrite}}]\n",
		"delta":   "name: p\nsources: {in: {type: delta, table: db.t, version_as_of: 3}}\nsequences: [{name: s, query: SELECT * FROM in, target: {type: delta, path: /out}}]\n",
		"iceberg": "name: p\nsources: {in: {type: iceberg, table: ice.db.t}}\nsequences: [{name: s, query: SELECT * FROM in, target: {type: iceberg, table: ice.db.u, partition_by: [days(at)]}}]\n",
		"kafka":   "name: p\nsources: {in: {type: kafka, bootstrap_servers: \"b:1\", subscribe: [t]}}\nsequences: [{name: s, query: SELECT * FROM in, target: {type: kafka, bootstrap_servers: \"b:1\", topic: u}}]\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			goldenPlans(t, "plan_everest_"+name, plansOf(t, text))
		})
	}
}

// goldenPlans compares plans with a file in testdata.
func goldenPlans(t *testing.T, name string, plans []any) {
	t.Helper()
	got, err := json.MarshalIndent(plans, "", "  ")
	require.NoError(t, err)
	file := filepath.Join("testdata", name+".json")
	if *update {
		require.NoError(t, os.WriteFile(file, append(got, '\n'), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run the test with -update to make it")
	require.JSONEq(t, string(want), string(got))
}

// TestFaultsOfFormatsHaveTheirPath is about what files get wrong.
func TestFaultsOfFormatsHaveTheirPath(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typ, block, path, want string }{
		{"read_orc", "path: x, output_view: v, ignore_missing_files: perhaps", ".ignore_missing_files", "want true or false"},
		{"read_csv", "path: x, output_view: v, mode: strict", ".mode", "permissive, dropmalformed, failfast"},
		{"read_xml", "path: x, output_view: v", ".row_tag", "required key is missing"},
		{"read_delta", "output_view: v", "", "set path or table"},
		{"read_delta", "path: x, output_view: v, version_as_of: -1", ".version_as_of", "must be at least 0"},
		{"read_delta", "path: x, output_view: v, version_as_of: latest", ".version_as_of", "want an integer"},
		{"write_delta", "input_view: v, path: x, mode: update", ".mode", "update"},
		{"write_delta", "input_view: v, path: x, mode: append, replace_where: a = 1", "", "the mode is append"},
		{"write_iceberg", "input_view: v", ".table", "required key is missing"},
		{"write_orc", "input_view: v, path: x, bucket_by: [a]", ".bucket_by", "unknown key"},
		{"write_orc", "input_view: v, path: x, partition_overwrite: some", ".partition_overwrite", "static, dynamic"},
		{"write_text", "input_view: v", ".path", "required key is missing"},
		{"write_format", "input_view: v, format: parquet, path: x, bucket_by: {columns: [a], count: 2}", "", "bucket_by wants table"},
		{"write_format", "input_view: v, format: parquet, table: t, bucket_by: {columns: [a], count: -2}", ".bucket_by.count", "must be at least 0"},
		{"write_format", "input_view: v, format: binaryFile, path: x", "", "does not write it"},
		{"read_kafka", "bootstrap_servers: \"b:1\", subscribe: [t], output_view: v, starting_offsets: latest", "", "a batch would be empty"},
		{"write_kafka", "bootstrap_servers: \"b:1\", input_view: v", "", "set topic or topic_column"},
	} {
		t.Run(tt.typ+" "+tt.block, func(t *testing.T) {
			t.Parallel()
			file := writeFile(t, "p.yaml", "name: p\ncomponents:\n  - name: c\n    type: "+tt.typ+"\n    config: {"+tt.block+"}\n")
			_, err := pipeline.FromFile(file, builtins(t), nil)
			var fault *component.ConfigError
			require.ErrorAs(t, err, &fault)
			require.Equal(t, "components[0].config"+tt.path, fault.Path)
			require.ErrorContains(t, fault.Err, tt.want)
		})
	}
}

// TestFingerprintsLeaveSecretOptionsOut has blocks that differ in them alone.
func TestFingerprintsLeaveSecretOptionsOut(t *testing.T) {
	t.Parallel()
	of := func(block string) string {
		p, err := pipeline.FromFile(writeFile(t, "p.yaml", "name: p\ncomponents: [{name: r, type: read_format, config: {format: x, output_view: v, "+block+"}}]\n"), builtins(t), nil)
		require.NoError(t, err)
		return p.Steps[0].Fingerprint
	}
	require.Equal(t, of("secret_options: {pin: \"1\"}"), of("secret_options: {pin: \"2\"}"))
	require.NotEqual(t, of("options: {pin: \"1\"}"), of("options: {pin: \"2\"}"))
}
