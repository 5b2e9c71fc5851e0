package pipeline_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestEveryBuiltinIsDocumented(t *testing.T) {
	t.Parallel()
	for _, factory := range pipeline.Builtins() {
		info := factory.Info()
		t.Run(info.Type, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, info.Summary)
			want := component.KindTransformation
			switch {
			case strings.HasPrefix(info.Type, "read_"):
				want = component.KindSource
			case strings.HasPrefix(info.Type, "write_"), info.Type == "show":
				want = component.KindSink
			}
			require.Equal(t, want, info.Kind)
			fields := config.FieldsOf(factory.ConfigType())
			require.NotEmpty(t, fields)
			names := map[string]bool{}
			for _, field := range fields {
				require.NotEmpty(t, field.Doc, field.Name)
				require.NotEmpty(t, field.Type, field.Name)
				require.False(t, names[field.Name], "%s stands twice", field.Name)
				names[field.Name] = true
			}
		})
	}
}

func TestBuiltinsHaveThePredecessorsClassNames(t *testing.T) {
	t.Parallel()
	registry := builtins(t)
	for class, typ := range map[string]string{
		"ReadTable": "read_table", "ReadCsv": "read_csv", "ReadJson": "read_json", "ReadParquet": "read_parquet",
		"SqlTransform": "sql",
		"WriteTable":   "write_table", "WriteCsv": "write_csv", "WriteJson": "write_json", "WriteParquet": "write_parquet",
	} {
		factory, err := registry.Lookup("pyspark_pipeline_framework.examples.batch." + class)
		require.NoError(t, err)
		require.Equal(t, typ, factory.Info().Type)
	}
}

func TestNewRegistryRefusesATypeThatIsTaken(t *testing.T) {
	t.Parallel()
	again := component.NewFactory(component.Info{Type: "sql", Summary: "another"},
		func(name string, _ struct{}) (component.PipelineComponent, error) {
			return component.Func(name, nil), nil
		})
	_, err := pipeline.NewRegistry(again)
	require.ErrorIs(t, err, component.ErrDuplicateType)
	require.ErrorContains(t, err, `"sql"`)
}

// TestFaultsOfBuiltinsHaveTheirPath gives every type a config block that it must
// refuse.
func TestFaultsOfBuiltinsHaveTheirPath(t *testing.T) {
	t.Parallel()
	tests := []struct{ typ, block, path, want string }{
		{"read_csv", "output_view: v", "", `"path"`},
		{"read_csv", "path: x", ".output_view", "required key is missing"},
		{"read_csv", "path: x, output_view: v, header: perhaps", ".header", `found the text "perhaps"`},
		{"read_csv", "path: [x], output_view: v", ".path", "found"},
		{"read_json", "path: x, output_view: v, multiline: [1]", ".multiline", ""},
		{"read_parquet", "path: x, output_view: v, optoins: {a: b}", ".optoins", `did you mean "options"?`},
		{"read_table", "output_view: v", ".table_name", "required key is missing"},
		{"read_jdbc", "table: t, output_view: v", ".url", "required key is missing"},
		{"read_jdbc", "url: \"jdbc:h2:mem:x\", output_view: v", "", `"table"`},
		{"read_jdbc", "url: \"jdbc:h2:mem:x\", table: t, fetch_size: ten, output_view: v", ".fetch_size", "want an integer"},
		{"read_bigquery", "output_view: v", "", `set "table" or "query"`},
		{"read_s3", "output_view: v", "", `"path"`},
		{"read_gcs", "path: x", ".output_view", "required key is missing"},
		{"sql", "sql: SELECT 1, args: [1]", ".args", ""},
		{"sql", "output_view: v", ".sql", "required key is missing"},
		{"view", "input_view: a", ".output_view", "required key is missing"},
		{"view", "output_view: v", "", `set "input_view" or "query"`},
		{"show", "rows: 5", "", `set "input_view" or "query"`},
		{"show", "input_view: v, query: SELECT 1", "", "exclude each other"},
		{"show", "input_view: v, rows: 0", ".rows", "must be at least 1"},
		{"show", "input_view: v, truncate: -1", ".truncate", "must be at least 0"},
		{"write_csv", "input_view: v", ".path", "required key is missing"},
		{"write_csv", "path: x", "", `set "input_view" or "query"`},
		{"write_parquet", "input_view: v, path: x, mode: replace", ".mode", "overwrite"},
		{"write_json", "input_view: v, path: x, partition_by: {a: b}", ".partition_by", ""},
		{"write_table", "input_view: v", ".output_table", "required key is missing"},
		{"write_jdbc", "input_view: v, url: \"jdbc:h2:mem:x\"", ".table", "required key is missing"},
		{"write_bigquery", "input_view: v", ".table", "required key is missing"},
		{"write_s3", "input_view: v, path: x, header: true", ".header", "unknown key"},
		{"write_gcs", "input_view: v", ".path", "required key is missing"},
	}
	for _, test := range tests {
		t.Run(test.typ+" "+test.block, func(t *testing.T) {
			t.Parallel()
			file := writeFile(t, "p.yaml", "name: p\ncomponents:\n  - name: c\n    type: "+test.typ+"\n    config: {"+test.block+"}\n")
			_, err := pipeline.FromFile(file, builtins(t), nil)
			var fault *component.ConfigError
			require.ErrorAs(t, err, &fault)
			require.Equal(t, "c", fault.Component)
			require.Equal(t, test.typ, fault.Type)
			require.Equal(t, "components[0].config"+test.path, fault.Path)
			require.Regexp(t, `p\.yaml:5:\d+$`, fault.Where)
			require.ErrorContains(t, fault.Err, test.want)
		})
	}
}

// plansOf runs a pipeline on a fake server and returns the plans that arrived.
func plansOf(t *testing.T, text string) []any {
	t.Helper()
	server := fakeconnect.Start(t)
	var mu sync.Mutex
	var plans []any
	server.OnExecute(func(op *fakeconnect.Operation) error {
		text, err := op.PlanJSON()
		if err != nil {
			return err
		}
		var plan any
		if err := json.Unmarshal([]byte(text), &plan); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		plans = append(plans, withoutPlanIDs(plan))
		return fakeconnect.ErrUnscripted
	})
	p, err := pipeline.FromFile(writeFile(t, "p.yaml", onServer(server.Remote(), text)), builtins(t), nil)
	require.NoError(t, err)
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{
		OpenSession: pipeline.Opener{}.Open, Output: &bytes.Buffer{},
	})
	require.NoError(t, err)
	_, err = runner.Run(t.Context(), p)
	require.NoError(t, err)
	return plans
}

// onServer gives a YAML file the server that it runs on.
func onServer(remote, text string) string {
	return fmt.Sprintf("%s\nspark: {remote: %q}\n", text, remote)
}

// withoutPlanIDs takes out the numbers that count relations.
func withoutPlanIDs(plan any) any {
	switch node := plan.(type) {
	case map[string]any:
		delete(node, "planId")
		for key, child := range node {
			if key == "common" {
				if common, ok := child.(map[string]any); ok && len(common) <= 1 {
					delete(node, key)
					continue
				}
			}
			node[key] = withoutPlanIDs(child)
		}
	case []any:
		for i := range node {
			node[i] = withoutPlanIDs(node[i])
		}
	}
	return plan
}

// TestPlansOfBuiltins shows what the types send whose servers the other tests do
// not have.
func TestPlansOfBuiltins(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"read_bigquery": "table: p.d.t, output_view: v, filter_condition: id > 5, options: {viewsEnabled: \"true\"}",
		"read_jdbc": "url: \"jdbc:postgresql://h/db\", user: ann, password: pw, table: orders, fetch_size: 100, " +
			"partition_column: id, lower_bound: \"1\", upper_bound: \"900\", num_partitions: 4, output_view: v",
		"read_s3":        "path: s3a://bucket/x.csv.gz, output_view: v",
		"read_gcs":       "paths: [\"gs://bucket/a\", \"gs://bucket/b\"], format: orc, schema: id INT, output_view: v",
		"write_bigquery": "input_view: v, table: p.d.t, mode: append, options: {temporaryGcsBucket: b}",
		"write_jdbc":     "query: SELECT 1 AS id, url: \"jdbc:postgresql://h/db\", user: ann, password: pw, table: orders, truncate: true, batch_size: 50",
		"write_s3":       "input_view: v, path: s3a://bucket/out, partition_by: [day], mode: errorifexists",
		"write_gcs":      "input_view: v, path: \"gs://bucket/out\", format: json, options: {compression: gzip}",
		"view":           "input_view: a, output_view: b, global: true",
		"sql":            "sql: \"SELECT :n AS n, :s AS s\", args: {n: 5, s: \"x' OR '1\"}, output_view: v",
		"show":           "input_view: v, rows: 7, truncate: 30",
	}
	for typ, block := range tests {
		t.Run(typ, func(t *testing.T) {
			t.Parallel()
			plans := plansOf(t, "name: p\ncomponents: [{name: c, type: "+typ+", config: {"+block+"}}]")
			got, err := json.MarshalIndent(plans, "", "  ")
			require.NoError(t, err)
			file := filepath.Join("testdata", "plan_"+typ+".json")
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(file, append(got, '\n'), 0o644))
				return
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err, "run the test with -update to make it")
			require.JSONEq(t, string(want), string(got))
		})
	}
}
