package dataflow_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// checkSession opens a session for checks.
func checkSession(t testing.TB, spark *dataflow.Session, opts *dataflow.CheckSessionOptions) *dataflow.CheckSession {
	t.Helper()
	checks, err := dataflow.NewCheckSession(t.Context(), spark, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, checks.Close(context.WithoutCancel(t.Context()))) })
	return checks
}

// checkOf checks a flow and returns what was found, as severity and class or text.
func checkOf(t testing.TB, checks *dataflow.CheckSession, name string, flow dataflow.DataFlow) []string {
	t.Helper()
	result, err := checks.Check(t.Context(), name, dataflow.Component(flow))
	require.NoError(t, err)
	out := []string{}
	for _, f := range result.Findings {
		text := sparkClass(f.Err)
		if text == "" {
			text = f.Err.Error()
		}
		out = append(out, f.Severity.String()+" "+text)
	}
	return out
}

// sparkClass is the error class of what Spark or a rule of Spark refuses.
func sparkClass(err error) string {
	var spark *component.SparkError
	var broken *dataflow.ContractError
	switch {
	case errors.As(err, &spark):
		return spark.Class
	case errors.As(err, &broken):
		return broken.Class
	}
	return ""
}

// typed are expressions of every type, null where that is possible.
var typed = map[string]string{
	"boolean": "", "tinyint": "", "smallint": "", "int": "", "bigint": "", "float": "", "double": "", "decimal(5,2)": "", "string": "", "binary": "",
	"date": "", "timestamp": "", "timestamp_ntz": "", "interval day to second": "", "interval hour": "", "interval year to month": "",
	"array<int>": "", "map<string,int>": "", "struct<a:int>": "", "variant": "", "array<struct<a:map<int,string>>>": "",
	"void": "NULL", "interval": "make_interval(1)", "array<void>": "array(NULL)", "map<int,void>": "map(1, NULL)",
	"struct<>": "CAST(NULL AS struct<>)", "array<variant>": "array(parse_json('1'))",
}

func expressionOf(typ string) string {
	if text := typed[typ]; text != "" {
		return text
	}
	return "CAST(NULL AS " + typ + ")"
}

// TestRealCheckKnowsWhatFormatsHold compares the check of every type in every
// format with a write.
func TestRealCheckKnowsWhatFormatsHold(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		checks := checkSession(t, spark, nil)
		dir := t.TempDir()
		for _, format := range []string{"csv", "json", "parquet", "orc", "text"} {
			for typ := range typed {
				sink := dataflow.ObjectStoreSink{Format: format, FileSink: dataflow.FileSink{Path: filepath.Join(dir, format), Mode: dataflow.SaveModeOverwrite}}
				input := dataflow.Input{Query: "SELECT " + expressionOf(typ) + " AS c"}
				got := checkOf(t, checks, "w", dataflow.WriteView{Input: input, Sink: sink})
				df, err := input.Load(t.Context(), spark)
				require.NoError(t, err)
				err = sink.Write(t.Context(), spark, df)
				if err == nil {
					require.Empty(t, got, "%s of %s is written", format, typ)
					continue
				}
				require.Equal(t, []string{"error " + sparkClass(err)}, got, "%s of %s: %v", format, typ, err)
			}
		}
	})
}

// TestRealCheckKnowsWhatTablesTake compares the check of every pair of types with
// an insert of no rows.
func TestRealCheckKnowsWhatTablesTake(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		db := database(t, spark)
		checks := checkSession(t, spark, nil)
		tables := []string{
			"int", "decimal(5,2)", "boolean", "string", "binary", "date", "timestamp", "array<bigint>", "map<string,double>", "struct<a:bigint>", "char(3)", "interval day to second",
		}
		// Types that are no different here, and structs of other fields, which are
		// left to Spark.
		left := []string{"tinyint", "smallint", "float", "struct<>", "array<variant>", "array<struct<a:map<int,string>>>", "map<int,void>", "interval year to month"}
		wrong := []string{}
		for i, to := range tables {
			table := fmt.Sprintf("%s.t%d", db, i)
			require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+table+" (c "+to+") USING parquet"))
			for from := range typed {
				if slices.Contains(left, from) {
					continue
				}
				input := dataflow.Input{Query: "SELECT " + expressionOf(from) + " AS c WHERE 1 = 0"}
				sink := dataflow.TableSink{Table: table, Insert: i%2 == 0, Mode: dataflow.SaveModeAppend}
				got := checkOf(t, checks, "w", dataflow.WriteView{Input: input, Sink: sink})
				want := []string{}
				if err := explained(t, spark, "INSERT INTO "+table+" "+input.Query); err != nil {
					want = append(want, "error "+sparkClass(err))
				}
				if !slices.Equal(want, got) {
					wrong = append(wrong, fmt.Sprintf("%s into %s: want %v, got %v", from, to, want, got))
				}
			}
		}
		require.Empty(t, wrong)
	})
}

// explained returns how Spark refuses a statement, which it does not run.
func explained(t testing.TB, spark *dataflow.Session, statement string) error {
	t.Helper()
	df, err := spark.SQL(t.Context(), "EXPLAIN "+statement)
	require.NoError(t, err)
	rows, err := df.Collect(t.Context())
	require.NoError(t, spark.Error(t.Context(), err))
	if text := fmt.Sprint(rows[0].At(0)); strings.Contains(text, "Error occurred during query planning") {
		return spark.Exec(t.Context(), statement) // for the class; the analysis refuses it again
	}
	return nil
}

func TestRealCheckKnowsWhatSaveAsTableRefuses(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		db := database(t, spark)
		require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+db+".there (a INT, b STRING) USING parquet"))
		const make = dataflow.SaveModeOverwrite
		cols := func(names ...string) []string { return names }
		tests := map[string]struct {
			query string
			sink  dataflow.Sink
		}{
			"twins":               {"SELECT 1 a, 2 A", dataflow.TableSink{Table: db + ".n", Mode: make, Format: "parquet"}},
			"void":                {"SELECT 1 a, NULL b", dataflow.TableSink{Table: db + ".n", Mode: make, Format: "orc"}},
			"partition missing":   {"SELECT 1 a, 2 b", dataflow.TableSink{Table: db + ".n", Mode: make, PartitionBy: cols("z")}},
			"partition all":       {"SELECT 1 a, 2 b", dataflow.TableSink{Table: db + ".n", Mode: make, PartitionBy: cols("a", "b")}},
			"partition twice":     {"SELECT 1 a, 2 b, 3 c", dataflow.TableSink{Table: db + ".n", Mode: make, PartitionBy: cols("a", "A")}},
			"partition list":      {"SELECT array(1) a, 2 b", dataflow.TableSink{Table: db + ".n", Mode: make, PartitionBy: cols("a")}},
			"partition variant":   {"SELECT parse_json('1') a, 2 b", dataflow.TableSink{Table: db + ".n", Mode: make, PartitionBy: cols("a")}},
			"there":               {"SELECT 1 a, 'b' b", dataflow.TableSink{Table: db + ".there"}},
			"append fewer":        {"SELECT 1 a", dataflow.TableSink{Table: db + ".there", Mode: dataflow.SaveModeAppend}},
			"append other":        {"SELECT 1 a, 2 c", dataflow.TableSink{Table: db + ".there", Mode: dataflow.SaveModeAppend}},
			"append well":         {"SELECT 'x' b, 1 a", dataflow.TableSink{Table: db + ".there", Mode: dataflow.SaveModeAppend}},
			"append makes":        {"SELECT 'x' b, 1 a", dataflow.TableSink{Table: db + ".new", Mode: dataflow.SaveModeAppend}},
			"insert none":         {"SELECT 1 a", dataflow.TableSink{Table: db + ".none", Insert: true}},
			"insert fewer":        {"SELECT 1 a", dataflow.TableSink{Table: db + ".there", Insert: true, Mode: dataflow.SaveModeAppend}},
			"no database":         {"SELECT 1 a", dataflow.TableSink{Table: db + "_none.t", Mode: dataflow.SaveModeAppend}},
			"files, partition":    {"SELECT 1 a, 2 b", dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: t.TempDir() + "/a", PartitionBy: cols("z")}}},
			"files, all":          {"SELECT 1 a", dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: t.TempDir() + "/a", PartitionBy: cols("a")}}},
			"files, twins":        {"SELECT 1 a, 2 A", dataflow.JSONSink{FileSink: dataflow.FileSink{Path: t.TempDir() + "/a"}}},
			"files, there":        {"SELECT 1 a", dataflow.JSONSink{FileSink: dataflow.FileSink{Path: t.TempDir()}}},
			"files, not there":    {"SELECT 1 a", dataflow.JSONSink{FileSink: dataflow.FileSink{Path: t.TempDir() + "/a"}}},
			"text of two columns": {"SELECT 'a' a, 'b' b", dataflow.ObjectStoreSink{Format: "text", FileSink: dataflow.FileSink{Path: t.TempDir() + "/a"}}},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				input := dataflow.Input{Query: tt.query}
				got := checkOf(t, checkSession(t, spark, nil), "w", dataflow.WriteView{Input: input, Sink: tt.sink})
				df, err := input.Load(t.Context(), spark)
				require.NoError(t, err)
				if err = tt.sink.Write(t.Context(), spark, df); err == nil {
					require.Empty(t, got)
					return
				}
				require.Equal(t, []string{"error " + sparkClass(err)}, got, "%v", err)
			})
		}
	})
}

func TestRealCheckFollowsWhatIsWritten(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		db, dir := database(t, spark), t.TempDir()
		checks := checkSession(t, spark, nil)
		check := func(flow dataflow.DataFlow) []string { return checkOf(t, checks, "c", flow) }
		write := func(sink dataflow.Sink) dataflow.DataFlow {
			return dataflow.WriteView{Input: dataflow.Input{Query: "SELECT 1 AS id, DATE'2024-01-01' AS day, 'x' AS name"}, Sink: sink}
		}
		into := func(name string) dataflow.FileSink {
			return dataflow.FileSink{Path: filepath.Join(dir, name), Mode: dataflow.SaveModeOverwrite, PartitionBy: []string{"id"}}
		}
		from := func(name, ddl string) dataflow.FileSource {
			return dataflow.FileSource{Path: filepath.Join(dir, name), Schema: ddl}
		}
		read := func(source dataflow.Source, filter string) dataflow.DataFlow {
			return dataflow.ReadView{Source: source, Filter: filter, View: "r"}
		}
		require.Empty(t, check(write(dataflow.ParquetSink{FileSink: into("p")})))
		require.Empty(t, check(read(dataflow.ParquetSource{FileSource: from("p", "")}, "id = 1 AND day > DATE'2024-01-01' AND name = 'x'")))
		require.Equal(t, []string{"error UNRESOLVED_COLUMN.WITH_SUGGESTION"}, check(read(dataflow.ParquetSource{FileSource: from("p", "")}, "nope = 1")))
		require.Empty(t, check(read(dataflow.ParquetSource{FileSource: from("p", "name STRING")}, "id = 1")))
		require.Empty(t, check(write(dataflow.CSVSink{FileSink: into("c"), Header: true})))
		require.Empty(t, check(read(dataflow.CSVSource{FileSource: from("c", ""), Header: true}, "upper(day) = 'x'")))
		require.Len(t, check(read(dataflow.CSVSource{FileSource: from("c", ""), Header: true, InferSchema: true}, "")), 1, "a note")
		require.Len(t, check(read(dataflow.ObjectStoreSource{FileSource: from("p", ""), Format: "orc"}, "")), 1, "a note: another format")
		require.Len(t, check(read(dataflow.ParquetSource{FileSource: from("p/id=1", "")}, "")), 1, "a note: a part of it")
		require.Equal(t, []string{"error UNSUPPORTED_OVERWRITE.PATH"}, check(dataflow.Steps{
			Source: dataflow.ParquetSource{FileSource: from("p", "")}, Sink: dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: filepath.Join(dir, "p"), Mode: dataflow.SaveModeOverwrite}},
		}))
		require.Empty(t, check(write(dataflow.TableSink{Table: db + ".t", Mode: dataflow.SaveModeOverwrite})))
		require.Empty(t, check(read(dataflow.TableSource{Table: "spark_catalog." + db + ".`t`"}, "day IS NULL")))
		require.Equal(t, []string{"error INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST"}, check(dataflow.WriteView{
			Input: dataflow.Input{Query: "SELECT 'x', 'y', 'z'"}, Sink: dataflow.TableSink{Table: db + ".t", Insert: true, Mode: dataflow.SaveModeAppend},
		})[:1])
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, entries, "nothing was written")
		require.Empty(t, rows(t, spark, "SHOW TABLES IN "+db))
	})
}

func TestRealCheckInheritsTheSession(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		db := database(t, spark)
		require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+db+".here (a INT) USING parquet"))
		require.NoError(t, spark.Catalog().SetCurrentDatabase(t.Context(), db))
		require.NoError(t, spark.Exec(t.Context(), "CREATE TEMPORARY VIEW mine AS SELECT 1 AS x, 'a' AS y"))
		require.NoError(t, spark.Conf().Set(t.Context(), map[string]string{"spark.sql.ansi.enabled": "false"}))
		checks := checkSession(t, spark, &dataflow.CheckSessionOptions{Inherit: true})
		require.Empty(t, checkOf(t, checks, "a", dataflow.SQLView{SQL: "SELECT x, y, a FROM mine JOIN here", View: "v"}))
		require.Empty(t, checkOf(t, checks, "b", dataflow.SQLView{SQL: "SELECT CAST(DATE'2024-01-01' AS INT) AS n", View: "mine"}), "ANSI would refuse it")
		require.Empty(t, checkOf(t, checks, "c", dataflow.SQLView{SQL: "SELECT n FROM mine", View: "w"}), "the view of the check")
		require.Equal(t, []string{"1 a"}, rows(t, spark, "SELECT * FROM mine"), "not that of the session")
		require.Equal(t, []string{"error TABLE_OR_VIEW_NOT_FOUND"}, checkOf(t, checkSession(t, spark, nil), "a", dataflow.SQLView{SQL: "SELECT * FROM mine", View: "v"}))
	})
}

func TestRealSample(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "in.csv"), []byte("id,n\n1,2\n2,x\n3,0\n"), 0o600))
		flows := func(rows int) []string {
			checks := checkSession(t, spark, &dataflow.CheckSessionOptions{Sample: rows})
			var all []string
			for name, flow := range []dataflow.DataFlow{
				dataflow.ReadView{Source: dataflow.CSVSource{FileSource: dataflow.FileSource{Path: filepath.Join(dir, "in.csv")}, Header: true}, View: "s"},
				dataflow.SQLView{SQL: "SELECT id, CAST(n AS INT) AS n FROM s", View: "u"},
				dataflow.WriteView{Input: dataflow.Input{View: "u"}, Sink: dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: filepath.Join(dir, "out")}}},
				dataflow.ReadView{Source: dataflow.ParquetSource{FileSource: dataflow.FileSource{Path: filepath.Join(dir, "out")}}, View: "back"},
				dataflow.SQLView{SQL: "DROP TABLE none", View: ""},
			} {
				for _, f := range checkOf(t, checks, fmt.Sprint(name), flow) {
					all = append(all, fmt.Sprint(name, " ", f))
				}
			}
			return all
		}
		require.Equal(t, []string{"4 note not analysed: it is a DROP statement"}, flows(1))
		require.Equal(t, []string{
			"1 error CAST_INVALID_INPUT", "2 note not analysed: it reads u, and component \"1\", which makes it, has a fault",
			"3 note not analysed: it reads " + filepath.Join(dir, "out") + ", and component \"2\", which makes it, was not analysed",
			"4 note not analysed: it is a DROP statement",
		}, flows(3))
		require.NoDirExists(t, filepath.Join(dir, "out"))
	})
}
