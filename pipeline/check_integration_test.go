package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// checkVictim is a database with all that statements could change.
type checkVictim struct {
	spark   *dataflow.Session
	db, dir string
}

func newCheckVictim(t *testing.T, remote string) checkVictim {
	t.Helper()
	spark, err := dataflow.Connect(t.Context(), remote, nil)
	require.NoError(t, err)
	v := checkVictim{spark: spark, db: "check_" + strings.ReplaceAll(uuid.NewString(), "-", ""), dir: t.TempDir()}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		_ = spark.Exec(ctx, "DROP DATABASE IF EXISTS "+v.db+" CASCADE")
		_ = spark.Close(ctx)
	})
	v.exec(t, "CREATE DATABASE DB LOCATION 'DIR/db'")
	v.exec(t, "CREATE TABLE DB.t USING parquet AS SELECT 1 AS id, 'a' AS name UNION ALL SELECT 2, 'b'")
	v.exec(t, "CREATE TABLE DB.u (id INT, name STRING) USING parquet")
	v.exec(t, "CREATE VIEW DB.v AS SELECT id FROM DB.t")
	v.exec(t, "CREATE TEMPORARY VIEW mine AS SELECT 1 AS id")
	require.NoError(t, os.WriteFile(filepath.Join(v.dir, "load"), []byte("x"), 0o600))
	return v
}

func (v checkVictim) exec(t *testing.T, text string) {
	t.Helper()
	require.NoError(t, v.spark.Exec(t.Context(), strings.NewReplacer("DB", v.db, "DIR", v.dir).Replace(text)))
}

func (v checkVictim) rows(t *testing.T, query string) []string {
	t.Helper()
	df, err := v.spark.SQL(t.Context(), strings.ReplaceAll(query, "DB", v.db))
	require.NoError(t, err)
	rows, err := df.Collect(t.Context())
	require.NoError(t, v.spark.Error(t.Context(), err))
	out := []string{}
	for _, row := range rows {
		out = append(out, fmt.Sprint(row.Values()...))
	}
	slices.Sort(out)
	return out
}

// state is all of it, in words.
func (v checkVictim) state(t *testing.T) map[string]any {
	t.Helper()
	state := map[string]any{}
	for _, query := range []string{
		"SHOW TABLES IN DB", "SHOW VIEWS IN DB", "SHOW USER FUNCTIONS IN DB", "DESCRIBE TABLE EXTENDED DB.t", "DESCRIBE TABLE EXTENDED DB.v",
		"DESCRIBE DATABASE EXTENDED DB", "SELECT * FROM DB.t", "SELECT * FROM DB.u", "SELECT * FROM DB.v", "SELECT * FROM mine",
		"SELECT current_database()", "SHOW VIEWS IN global_temp LIKE 'DB*'", "SHOW DATABASES LIKE 'DB*'",
	} {
		state[query] = v.rows(t, query)
	}
	conf, err := v.spark.Conf().All(t.Context(), "")
	require.NoError(t, err)
	state["conf"] = conf
	cached, err := v.spark.Catalog().IsCached(t.Context(), v.db+".t")
	require.NoError(t, err)
	state["cached"] = cached
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(v.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			files[path] = "folder"
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = string(data)
		return err
	}))
	state["files"] = files
	// Whoever sets a property of the server's Java sets this one.
	state["java"] = v.rows(t, "SELECT coalesce(java_method('java.lang.System', 'getProperty', 'sparkpipe.check', 'untouched'), '')")
	return state
}

// TestRealCheckExecutesNothing is the promise of Check: Spark 4.0 would run each
// of the statements if it were asked to analyse it.
func TestRealCheckExecutesNothing(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		v := newCheckVictim(t, remote)
		before := v.state(t)
		p := checkedEverywhere(v.db, v.dir)
		runners := map[string]*pipeline.SimplePipelineRunner{"own session": checker(t, remote)}
		given, err := pipeline.NewSimplePipelineRunner(v.spark, nil)
		require.NoError(t, err)
		runners["given session"] = given
		for name, runner := range runners {
			t.Run(name, func(t *testing.T) {
				report, err := runner.Check(t.Context(), p, nil)
				require.NoError(t, err)
				require.Len(t, report.Findings, len(p.Steps), "%s", notes(report))
				require.Zero(t, report.Analyses)
				require.Equal(t, before, v.state(t))
				report, err = runner.Check(t.Context(), p, &pipeline.CheckOptions{Sample: 3, Infer: true})
				require.NoError(t, err)
				require.Zero(t, report.Analyses)
				require.Equal(t, before, v.state(t))
			})
		}
		require.True(t, maps.EqualFunc(before, v.state(t), func(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) }))
	})
}

// faulty is a component with the class of the fault that it has.
type faulty struct {
	class string
	step  pipeline.Step
}

// found are the classes of the findings, by component.
func found(report *pipeline.CheckReport, severity dataflow.CheckSeverity) map[string]string {
	out := map[string]string{}
	for _, f := range report.With(severity) {
		out[f.Component] = strings.TrimPrefix(out[f.Component]+" "+f.Class(), " ")
	}
	return out
}

func query(name, text string, deps ...string) pipeline.Step {
	return flowStep(name, dataflow.SQLView{SQL: text, View: strings.ReplaceAll(name, " ", "_")}, deps...)
}

func TestRealCheckFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		v := newCheckVictim(t, remote)
		insert := func(name, text string) pipeline.Step {
			return flowStep(name, dataflow.WriteView{Input: dataflow.Input{Query: text}, Sink: dataflow.TableSink{Table: v.db + ".t", Insert: true, Mode: dataflow.SaveModeAppend}})
		}
		appended := func(name, text string) pipeline.Step {
			return flowStep(name, dataflow.WriteView{Input: dataflow.Input{Query: text}, Sink: dataflow.TableSink{Table: v.db + ".t", Mode: dataflow.SaveModeAppend}})
		}
		csv := func(name, path, ddl string) pipeline.Step {
			return flowStep(name, dataflow.ReadView{View: name, Source: dataflow.CSVSource{FileSource: dataflow.FileSource{Path: v.dir + path, Schema: ddl}}})
		}
		all := []faulty{
			{"", query("base", "SELECT 1 AS id, 'a' AS name, array(1) AS list")},
			{"UNRESOLVED_COLUMN.WITH_SUGGESTION", query("missing column", "SELECT nme FROM base")},
			{"AMBIGUOUS_REFERENCE", query("ambiguous", "SELECT id FROM base JOIN base AS other ON true")},
			{"UNRESOLVED_ROUTINE", query("unknown function", "SELECT no_such_function(id) FROM base")},
			{"TABLE_OR_VIEW_NOT_FOUND", query("no table", "SELECT * FROM "+v.db+".none")},
			{"NUM_COLUMNS_MISMATCH", query("widths", "SELECT id FROM base UNION ALL SELECT id, name FROM base")},
			{"DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", query("types", "SELECT list + 1 FROM base")},
			{"MISSING_AGGREGATION", query("group", "SELECT name, sum(id) FROM base GROUP BY id")},
			{"PARSE_SYNTAX_ERROR", query("syntax", "SELECT id FROM base WHERE id =")},
			{"UNRESOLVED_COLUMN.WITH_SUGGESTION", flowStep("filter", dataflow.ReadView{View: "fl", Filter: "nope > 1", Source: dataflow.TableSource{Table: v.db + ".t"}})},
			{"UNSUPPORTED_DATATYPE", csv("ddl", "/load", "id BIGINT, name STRNG")},
			{"PATH_NOT_FOUND", csv("no_path", "/none", "id BIGINT, name STRING")},
			{"", query("after no path", "SELECT id, name FROM no_path", "no_path")},
			{"INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST", insert("insert type", "SELECT 'x' AS id, 'y' AS name")},
			{"INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS", insert("insert more", "SELECT 1 AS id, 'y' AS name, 2 AS more")},
			{"INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST", appended("append type", "SELECT DATE'2024-01-01' AS id, 'y' AS name")},
			{"_LEGACY_ERROR_TEMP_1162", appended("append other", "SELECT 1 AS id, 'y' AS nome")},
			{"", appended("append well", "SELECT 'y' AS NAME, 1L AS Id")},
			{"UNSUPPORTED_OVERWRITE.TABLE", flowStep("overwrite itself", dataflow.WriteView{Input: dataflow.Input{Query: "SELECT id FROM " + v.db + ".t"}, Sink: dataflow.TableSink{Table: v.db + ".t", Mode: dataflow.SaveModeOverwrite}})},
			{"UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", flowStep("csv of lists", dataflow.WriteView{Input: dataflow.Input{View: "base"}, Sink: dataflow.CSVSink{FileSink: dataflow.FileSink{Path: v.dir + "/lists"}}})},
		}
		p := &pipeline.Pipeline{Name: "faulty"}
		want := map[string]string{}
		for _, f := range all {
			p.Steps = append(p.Steps, f.step)
			if f.class != "" {
				want[f.step.Name] = f.class
			}
		}
		before := v.state(t)
		report, err := checker(t, remote).Check(t.Context(), p, nil)
		require.Error(t, err)
		require.Equal(t, want, found(report, dataflow.CheckError))
		require.Empty(t, found(report, dataflow.CheckNote), "%s", notes(report))
		require.LessOrEqual(t, report.Analyses, len(p.Steps)+1, "one each, and one for the table that is written")
		for _, f := range report.Findings {
			var spark *component.SparkError
			var broken *dataflow.ContractError
			require.True(t, errors.As(f.Err, &spark) || errors.As(f.Err, &broken))
		}
		require.Equal(t, before, v.state(t))
	})
}

func TestRealCheckOfAWrongOrder(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		late := "late_" + strings.ReplaceAll(uuid.NewString(), "-", "")
		p := newPipeline(t,
			flowStep("reader", dataflow.SQLView{SQL: "SELECT * FROM " + late, View: "r"}),
			flowStep("maker", dataflow.SQLView{SQL: "SELECT 1 AS x", View: late}),
			off(flowStep("off", dataflow.SQLView{SQL: "SELECT 1 AS x", View: late + "_off"})),
			flowStep("other", dataflow.SQLView{SQL: "SELECT * FROM " + late + "_off", View: "o"}),
		)
		p.WrittenOnly = true
		report, err := checker(t, remote).Check(t.Context(), p, nil)
		require.ErrorContains(t, err, `; component "maker" makes it, but only later: let this one depend on it`)
		require.ErrorContains(t, err, `; component "off" makes it, but does not run: disabled in the pipeline`)
		require.Equal(t, map[string]string{"reader": "TABLE_OR_VIEW_NOT_FOUND", "other": "TABLE_OR_VIEW_NOT_FOUND"}, found(report, dataflow.CheckError))
	})
}

func TestRealCheckAfterWhatNobodyKnows(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		p := newPipeline(t, works("go"), query("reader", "SELECT * FROM made_by_go", "go"), query("faulty", "SELECT nope", "go"))
		report, err := checker(t, remote).Check(t.Context(), p, nil)
		require.Error(t, err)
		require.Equal(t, map[string]string{"reader": "TABLE_OR_VIEW_NOT_FOUND"}, found(report, dataflow.CheckWarning))
		require.Equal(t, map[string]string{"faulty": "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION"}, found(report, dataflow.CheckError))
	})
}
