package dataflow_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/internal/storetest"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// dbServer is a database that Spark reaches over JDBC.
type dbServer struct {
	name  string
	spark *dataflow.Session
	jdbc  dataflow.JDBC
	// quote is what stands around names.
	quote string
}

// jdbcServer starts the Spark of the tests over JDBC.
func jdbcServer(t *testing.T) string {
	t.Helper()
	return sparktest.Start(t, sparktest.Version, []string{"h2", "mariadb", "mysql", "postgresql", "sqlite"}, map[string]string{
		"spark.driver.memory": "1g", "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
		// The tables are tiny: what takes time is to compile code for them.
		"spark.sql.shuffle.partitions": "1", "spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN", "spark.sql.adaptive.enabled": "false",
	})
}

func jdbcTo(url string, db *storetest.Database) dataflow.JDBC {
	return dataflow.JDBC{URL: secrets.NewValue(url + db.Addr + "/" + db.Name), User: db.User, Password: secrets.NewValue(db.Password)}
}

// TestRealJDBC shares one Spark and one server of each database, which take longer
// to start than the tests to run.
func TestRealJDBC(t *testing.T) {
	t.Parallel()
	remote := jdbcServer(t)
	spark := sparkAt(t, remote)
	maria := storetest.MariaDB(t)
	other := *maria // the same server, with a database of its own
	other.Name = "other?createDatabaseIfNotExist=true"
	sqlite := filepath.Join(t.TempDir(), "a.db")
	databases := []dbServer{
		{name: "postgresql", jdbc: jdbcTo("jdbc:postgresql://", storetest.PostgresServer(t)), quote: `"`},
		{name: "mariadb", jdbc: jdbcTo("jdbc:mariadb://", maria), quote: "`"},
		{name: "mysql driver", jdbc: jdbcTo("jdbc:mysql://", &other), quote: "`"},
		{name: "sqlite", jdbc: dataflow.JDBC{URL: secrets.NewValue("jdbc:sqlite:" + sqlite)}, quote: `"`},
		{name: "h2", jdbc: dataflow.JDBC{URL: secrets.NewValue("jdbc:h2:mem:" + uniqueName("m") + ";DB_CLOSE_DELAY=-1"), User: "sa"}, quote: `"`},
	}
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			db.spark = spark
			for name, run := range map[string]func(t *testing.T, db dbServer){
				"types": testJDBCTypes, "modes": testJDBCModes, "truncate": testJDBCTruncate, "empty": testJDBCEmpty, "split": testJDBCSplit,
				"bounds": testJDBCBounds, "options": testJDBCOptions, "names": testJDBCNames, "upsert": testJDBCUpsert,
				"upsert faults": testJDBCUpsertFaults, "publish": testJDBCPublish, "once": testJDBCOnce, "canary": testJDBCCanary, "many": testJDBCMany,
			} {
				t.Run(name, func(t *testing.T) { run(t, db) })
			}
		})
	}
}

func (d dbServer) is(names ...string) bool {
	for _, name := range names {
		if d.name == name {
			return true
		}
	}
	return false
}

// exec runs a statement in the database.
func (d dbServer) exec(t testing.TB, statement string) {
	t.Helper()
	df, err := dataflow.JDBCSource{JDBC: d.jdbc, Query: "SELECT 1 AS done", SessionInitStatement: statement}.Load(t.Context(), d.spark)
	require.NoError(t, err)
	require.NoError(t, dataflow.Writer{Format: "noop", Mode: dataflow.SaveModeOverwrite}.Save(t.Context(), d.spark, df, ""), statement)
}

// ask reads the only value of a query of the database.
func (d dbServer) ask(t testing.TB, query string) string {
	t.Helper()
	got := d.read(t, dataflow.JDBCSource{Query: query})
	require.Len(t, got, 1, query)
	return got[0]
}

// load reads a source as a view and returns its name.
func (d dbServer) load(t testing.TB, source dataflow.JDBCSource) (string, sql.DataFrame) {
	t.Helper()
	source.JDBC = d.jdbc
	df, err := source.Load(t.Context(), d.spark)
	require.NoError(t, err)
	view := uniqueName("jdbc")
	require.NoError(t, d.spark.CreateTempView(t.Context(), df, view))
	return view, df
}

// read gives the rows of a source in order.
func (d dbServer) read(t testing.TB, source dataflow.JDBCSource) []string {
	t.Helper()
	view, _ := d.load(t, source)
	return rows(t, d.spark, "SELECT * FROM "+view+" ORDER BY ALL")
}

func (d dbServer) table(t testing.TB, name string) []string {
	t.Helper()
	return d.read(t, dataflow.JDBCSource{Table: name})
}

func (d dbServer) write(t testing.TB, sink dataflow.JDBCSink, text string) error {
	t.Helper()
	sink.JDBC = d.jdbc
	return sink.Write(t.Context(), d.spark, query(t, d.spark, text))
}

// put makes a table of a query.
func (d dbServer) put(t testing.TB, text string) string {
	t.Helper()
	table := uniqueName("t")
	require.NoError(t, d.write(t, dataflow.JDBCSink{Table: table, Mode: dataflow.SaveModeOverwrite}, text))
	return table
}

// parts is the number of partitions of a source.
func (d dbServer) parts(t testing.TB, source dataflow.JDBCSource) string {
	t.Helper()
	view, _ := d.load(t, source)
	return rows(t, d.spark, "SELECT count(DISTINCT p) FROM (SELECT spark_partition_id() AS p FROM "+view+")")[0]
}

const allTypes = `SELECT * FROM VALUES
	(1, true, 127Y, 32767S, 2147483647, 9223372036854775807L, FLOAT(1.5), DOUBLE(1.5e300), CAST('123456789012345.12345' AS DECIMAL(20,5)),
		'Ünï – 漢字 😀 \'"\\ ; -- ', X'00FF27', DATE'2024-02-29', TIMESTAMP'2024-02-29 12:34:56', TIMESTAMP_NTZ'2024-02-29 12:34:56', VARCHAR_OF),
	(2, false, -128Y, -32768S, -2147483648, -9223372036854775807L, FLOAT(-0.25), DOUBLE(-1.5e-300), CAST('-0.00001' AS DECIMAL(20,5)),
		'', X'', DATE'1970-01-01', TIMESTAMP'1999-12-31 23:59:59', TIMESTAMP_NTZ'1999-12-31 23:59:59', 'x'),
	(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
	AS t(id, bo, by, sh, i, l, f, d, dec, s, bin, da, ts, ntz, v)`

func testJDBCTypes(t *testing.T, db dbServer) {
	text := strings.Replace(allTypes, "VARCHAR_OF", "'"+strings.Repeat("long ", 2000)+"'", 1)
	if db.is("sqlite") {
		// Its driver tells what a column has been declared as, and keeps texts.
		text = "SELECT id, i, l, d, s, bin FROM (" + text + ")"
	}
	table := db.put(t, text)
	view, df := db.load(t, dataflow.JDBCSource{Table: table})
	want := query(t, db.spark, text)
	def, err := dataflow.SchemaOf(t.Context(), want)
	require.NoError(t, err)
	var casts []string
	for _, field := range def.Fields {
		casts = append(casts, fmt.Sprintf("CAST(%[1]s AS %[2]s) AS %[1]s", field.Name, field.Type))
	}
	got := "SELECT " + strings.Join(casts, ", ") + " FROM " + view
	require.Equal(t, rows(t, db.spark, text+" ORDER BY id"), rows(t, db.spark, got+" ORDER BY id"))
	have, err := dataflow.SchemaOf(t.Context(), df)
	require.NoError(t, err)
	t.Log(have)
}

func testJDBCModes(t *testing.T, db dbServer) {
	table := uniqueName("t")
	one, two := "SELECT 1 AS id, 'a' AS name", "SELECT 2 AS id, CAST(NULL AS STRING) AS name"
	require.NoError(t, db.write(t, dataflow.JDBCSink{Table: table}, one))
	require.Equal(t, []string{"1 a"}, db.table(t, table))
	require.Error(t, db.write(t, dataflow.JDBCSink{Table: table}, two))
	require.NoError(t, db.write(t, dataflow.JDBCSink{Table: table, Mode: dataflow.SaveModeIgnore}, two))
	require.Equal(t, []string{"1 a"}, db.table(t, table))
	// A column that may be null came after: the table has NOT NULL.
	require.NoError(t, db.write(t, dataflow.JDBCSink{Table: table, Mode: dataflow.SaveModeAppend, IsolationLevel: "SERIALIZABLE", BatchSize: 1, NumPartitions: 1}, "SELECT 2 AS id, 'b' AS name"))
	require.Equal(t, []string{"1 a", "2 b"}, db.table(t, table))
	require.NoError(t, db.write(t, dataflow.JDBCSink{Table: table, Mode: dataflow.SaveModeOverwrite}, two))
	require.Equal(t, []string{"2 <nil>"}, db.table(t, table))
	err := db.write(t, dataflow.JDBCSink{Table: table, Mode: dataflow.SaveModeAppend}, "SELECT 2 AS id, 'b' AS other")
	require.Error(t, err)
	require.NotErrorIs(t, err, dataflow.ErrOutcomeUnknown)
}

func testJDBCTruncate(t *testing.T, db dbServer) {
	table := uniqueName("t")
	db.exec(t, "CREATE TABLE "+table+" (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL)")
	db.exec(t, "CREATE INDEX "+table+"_i ON "+table+" (name)")
	sink := dataflow.JDBCSink{Table: table, Mode: dataflow.SaveModeOverwrite, Truncate: true}
	if db.is("sqlite", "h2") {
		require.ErrorContains(t, db.write(t, sink, "SELECT 1 AS id, 'a' AS name"), "Spark does not empty a table of "+map[string]string{"sqlite": "SQLite", "h2": "H2"}[db.name])
		return
	}
	require.NoError(t, db.write(t, sink, "SELECT 1 AS id, 'a' AS name"))
	require.NoError(t, db.write(t, sink, "SELECT 2 AS id, 'b' AS name"))
	require.Equal(t, []string{"2 b"}, db.table(t, table))
	err := db.write(t, dataflow.JDBCSink{Table: table, Mode: dataflow.SaveModeAppend}, "SELECT 2 AS id, 'c' AS name")
	require.ErrorIs(t, err, dataflow.ErrOutcomeUnknown, "the key is still there")
	sink.Truncate = false
	require.NoError(t, db.write(t, sink, "SELECT 2 AS id, 'b' AS name"))
	require.NoError(t, db.write(t, dataflow.JDBCSink{Table: table, Mode: dataflow.SaveModeAppend}, "SELECT 2 AS id, 'c' AS name"), "the key is gone")
}

func testJDBCEmpty(t *testing.T, db dbServer) {
	table := db.put(t, "SELECT 1 AS id, 'a' AS name WHERE false")
	require.Empty(t, db.table(t, table))
	for _, source := range []dataflow.JDBCSource{
		{Table: table, PartitionColumn: "id", NumPartitions: 4, FindBounds: true},
		{Table: table, Predicates: []string{db.q("id") + " < 1", db.q("id") + " >= 1"}},
		{Query: "SELECT * FROM " + table},
	} {
		require.Empty(t, db.read(t, source))
	}
	require.NoError(t, db.write(t, dataflow.JDBCSink{Table: table, Mode: dataflow.SaveModeAppend}, "SELECT 1 AS id, 'a' AS name WHERE false"))
	require.Empty(t, db.table(t, table))
}

const spread = `SELECT IF(id % 10 = 0, NULL, CAST(id * 7 - 200 AS INT)) AS id, CAST(id % 3 AS STRING) AS name,
	DATE'2024-01-01' + CAST(id AS INT) AS day, TIMESTAMP'2024-01-01 00:00:00' + make_dt_interval(0, CAST(id AS INT)) AS ts,
	CAST(id AS DECIMAL(20, 2)) - 0.5 AS dec FROM range(100)`

func testJDBCSplit(t *testing.T, db dbServer) {
	table := db.put(t, spread)
	whole := db.table(t, table)
	require.Len(t, whole, 100)
	ranges := dataflow.JDBCSource{Table: table, PartitionColumn: "ID", LowerBound: "-100", UpperBound: "300", NumPartitions: 5, FetchSize: 7}
	require.Equal(t, whole, db.read(t, ranges), "rows outside of the bounds and without a value are read too")
	require.Equal(t, "5", db.parts(t, ranges))
	predicates := dataflow.JDBCSource{Table: table, Predicates: []string{db.q("name") + " = '0'", db.q("name") + " = '1'", db.q("name") + " NOT IN ('0', '1')"}}
	require.Equal(t, whole, db.read(t, predicates))
	require.Equal(t, "3", db.parts(t, predicates))
	// One that overlaps gives rows twice: nobody checks that.
	require.Len(t, db.read(t, dataflow.JDBCSource{Table: table, Predicates: []string{"1=1", "1=1"}}), 200)
	// A condition is a condition, and ends with its part.
	_, err := db.readErr(t, dataflow.JDBCSource{Table: table, Predicates: []string{"nonsense ="}})
	require.Error(t, err)
}

func (d dbServer) readErr(t testing.TB, source dataflow.JDBCSource) ([]string, error) {
	t.Helper()
	source.JDBC = d.jdbc
	df, err := source.Load(t.Context(), d.spark)
	if err != nil {
		return nil, err
	}
	var out []string
	for row, err := range dataflow.Rows(t.Context(), df) {
		if err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprint(row))
	}
	return out, nil
}

func testJDBCBounds(t *testing.T, db dbServer) {
	table := db.put(t, spread)
	whole := db.table(t, table)
	columns := []string{"id", "ID", "day", "ts", "dec"}
	if db.is("sqlite") {
		columns = columns[:2] // it has no dates, and its driver takes decimals for floats
	}
	for _, column := range columns {
		source := dataflow.JDBCSource{Table: table, PartitionColumn: column, NumPartitions: 8, FindBounds: true}
		require.Equal(t, whole, db.read(t, source), column)
		require.Equal(t, "8", db.parts(t, source), column)
	}
	few := db.put(t, "SELECT CAST(id AS INT) AS id FROM range(3)")
	require.Equal(t, "3", db.parts(t, dataflow.JDBCSource{Table: few, PartitionColumn: "id", NumPartitions: 8, FindBounds: true}))
	subquery := dataflow.JDBCSource{Table: "(SELECT " + db.q("id") + " FROM " + few + " WHERE " + db.q("id") + " > 0) x", PartitionColumn: "id", NumPartitions: 2, FindBounds: true}
	require.Len(t, db.read(t, subquery), 2)
	nulls := db.put(t, "SELECT CAST(NULL AS INT) AS id, 1 AS x")
	require.Equal(t, []string{"<nil> 1"}, db.read(t, dataflow.JDBCSource{Table: nulls, PartitionColumn: "id", NumPartitions: 8, FindBounds: true}))
	wide := db.put(t, "SELECT * FROM VALUES (-9223372036854775807L), (0L), (9223372036854775807L) AS t(id)")
	require.Len(t, db.read(t, dataflow.JDBCSource{Table: wide, PartitionColumn: "id", NumPartitions: 4, FindBounds: true}), 3)

	_, err := db.readErr(t, dataflow.JDBCSource{Table: table, PartitionColumn: "nme", NumPartitions: 8, FindBounds: true})
	require.ErrorContains(t, err, "find the bounds of nme: there is no such column; there are id, name")
	_, err = db.readErr(t, dataflow.JDBCSource{Table: table, PartitionColumn: "name", NumPartitions: 8, FindBounds: true})
	require.ErrorContains(t, err, "find the bounds of name: the column is ")
	_, err = db.readErr(t, dataflow.JDBCSource{Table: uniqueName("no"), PartitionColumn: "name", NumPartitions: 8, FindBounds: true})
	require.ErrorContains(t, err, "find the bounds of name: ")
}

func testJDBCOptions(t *testing.T, db dbServer) {
	table := db.put(t, "SELECT CAST(id AS INT) AS id, TIMESTAMP'2024-01-02 03:04:05' AS ts FROM range(4)")
	off := false
	view, _ := db.load(t, dataflow.JDBCSource{Table: table, PushDownPredicate: &off})
	require.NotContains(t, plan(t, db.spark, "SELECT * FROM "+view+" WHERE id = 3"), "PushedFilters: [*EqualTo(id,3)")
	view, _ = db.load(t, dataflow.JDBCSource{Table: table, PushDownAggregate: &off, PushDownLimit: &off, PushDownOffset: &off, PushDownTableSample: &off})
	require.Contains(t, plan(t, db.spark, "SELECT * FROM "+view+" WHERE id = 3"), "*EqualTo(id,3)")
	_, df := db.load(t, dataflow.JDBCSource{Table: table, CustomSchema: "id DECIMAL(38, 0)"})
	require.Equal(t, "decimal(38,0)", typeOf(t, df, "id"))
	if !db.is("sqlite") {
		none := uniqueName("t")
		db.exec(t, "CREATE TABLE "+none+" (ts "+map[bool]string{true: "DATETIME", false: "TIMESTAMP"}[db.quote == "`"]+")")
		_, df = db.load(t, dataflow.JDBCSource{Table: none, PreferTimestampNTZ: true})
		require.Equal(t, "timestamp_ntz", typeOf(t, df, "ts"))
		_, df = db.load(t, dataflow.JDBCSource{Table: none})
		require.Equal(t, "timestamp", typeOf(t, df, "ts"))
		id := db.q("id")
		with := dataflow.JDBCSource{PrepareQuery: "WITH few AS (SELECT " + id + " FROM " + table + " WHERE " + id + " < 2)", Query: "SELECT " + id + " FROM few"}
		require.Equal(t, []string{"0", "1"}, db.read(t, with))
	}
	if db.is("postgresql") {
		slow := dataflow.JDBCSource{Query: "SELECT 1 AS x, pg_sleep(30)::text AS s"}
		old := db.jdbc
		db.jdbc.QueryTimeout = 1
		_, err := db.readErr(t, slow)
		require.Error(t, err, "the statement was ended")
		db.jdbc = old
		set := dataflow.JDBCSource{SessionInitStatement: "SET search_path = pg_catalog", Query: "SELECT current_schema() AS s"}
		require.Equal(t, []string{"pg_catalog"}, db.read(t, set))
		db.jdbc.Options = map[string]string{"currentSchema": "pg_catalog", "options": "-c statement_timeout=12345"}
		require.Equal(t, "12345ms pg_catalog", db.ask(t, "SELECT current_setting('statement_timeout') AS a, current_schema() AS b"))
	}
}

func typeOf(t testing.TB, df sql.DataFrame, column string) string {
	t.Helper()
	def, err := dataflow.SchemaOf(t.Context(), df)
	require.NoError(t, err)
	for _, field := range def.Fields {
		if strings.EqualFold(field.Name, column) {
			return strings.ToLower(field.Type.String())
		}
	}
	return ""
}

func plan(t testing.TB, spark *dataflow.Session, text string) string {
	t.Helper()
	return strings.Join(rows(t, spark, "EXPLAIN FORMATTED "+text), "\n")
}
