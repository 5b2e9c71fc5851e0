package sqltext_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/sqltext"
)

// list prints names with commas between them.
func list(reads []sqltext.Name) string {
	out := make([]string, len(reads))
	for i, name := range reads {
		out[i] = name.String()
	}
	return strings.Join(out, ", ")
}

// writes prints targets: a view has "view " before it, a folder "folder ".
func writes(targets []sqltext.Target) string {
	out := make([]string, len(targets))
	for i, target := range targets {
		out[i] = target.Name.String()
		if target.View {
			out[i] = "view " + out[i]
		}
		if target.Name == nil {
			out[i] = "folder " + target.Folder
		}
	}
	return strings.Join(out, ", ")
}

func TestReads(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"SELECT 1": "",
		"SELECT * FROM Orders o JOIN ORDERS p USING (id)":                                                                               "Orders",
		"SELECT * FROM cat.db.`a.b`.`c``d`":                                                                                             "cat.db.`a.b`.`c``d`",
		"SELECT * FROM \"quoted\"":                                                                                                      "quoted",
		"FROM a, b c JOIN d USING (x) SELECT *":                                                                                         "a, b, d",
		"FROM a |> JOIN b ON a.x = b.x |> UNION ALL (SELECT * FROM c) |> WHERE x IN (TABLE d)":                                          "a, b, c, d",
		"WITH t AS (SELECT * FROM t) SELECT * FROM T":                                                                                   "t",
		"WITH RECURSIVE t AS (SELECT 1 UNION SELECT * FROM t) SELECT * FROM t, u":                                                       "u",
		"WITH RECURSIVE t(n) MAX RECURSION LEVEL 5 AS (SELECT 1 UNION SELECT n FROM t, v) TABLE t":                                      "v",
		"WITH recursive AS (SELECT * FROM a) SELECT * FROM recursive":                                                                   "a",
		"WITH a AS (WITH b AS (SELECT * FROM x) TABLE b) SELECT * FROM a, b":                                                            "x, b",
		"SELECT * FROM (WITH a AS (SELECT 1) TABLE a), a":                                                                               "a",
		"WITH a AS (SELECT 1), b AS (SELECT * FROM a, c) SELECT * FROM b":                                                               "c",
		"WITH a(x) AS (SELECT 1) SELECT * FROM db.a":                                                                                    "db.a",
		"SELECT * FROM t VERSION AS OF 1, u TIMESTAMP AS OF '2024-01-01' v, w FOR SYSTEM_TIME AS OF current_date() - INTERVAL 1 DAY, x": "t, u, w, x",
		"SELECT * FROM t@v1 JOIN u":                                                                                                     "t, u",
		"SELECT * FROM STREAM t JOIN STREAM(db.u) ON true":                                                                              "t, db.u",
		"SELECT * FROM stream":                                                                                                          "stream",
		"SELECT * FROM my_function(TABLE(t), x => TABLE u PARTITION BY a, TABLE(SELECT * FROM w))":                                      "t, u, w",
		"SELECT * FROM parquet.`/a/b` JOIN csv.`c.csv`":                                                                                 "parquet.`/a/b`, csv.`c.csv`",
		"SELECT a FROM t WHERE a = ANY (SELECT b FROM u) AND EXISTS (SELECT 1 FROM v)":                                                  "t, u, v",
		"SELECT * FROM t WHERE order = 1 AND group = 2":                                                                                 "t",
		"SELECT t.from FROM t":                                                                                                          "t",
		"SELECT a.join, b.union FROM a JOIN b ON a.select = b.where, c":                                                                 "a, b, c",
		"SELECT * FROM t WITH ('k' = 'v') JOIN u":                                                                                       "t, u",
		"SELECT * FROM a limit, b offset":                                                                                               "a, b",
		"SELECT * FROM a ORDER BY x, y LIMIT 1":                                                                                         "a",
		"SELECT * FROM IDENTIFIER('`a b`.c') JOIN IDENTIFIER(\"d\").e":                                                                  "`a b`.c, d.e",
		"WITH c AS (SELECT 1) SELECT * FROM IDENTIFIER('c'), t":                                                                         "t",
		"SELECT 1.FROM t":                          "",
		"SELECT 1. FROM t":                         "t",
		"SELECT 1e-5 FROM t, u":                    "t, u",
		"SELECT 1 -- from a \\\n from b\nFROM c":   "c",
		"SELECT 1 -- from a\rFROM c":               "c",
		"SELECT 1 /* /*+ */ FROM c -- */":          "c",
		"SELECT r'a''b\\' FROM c --', 1 FROM d":    "d",
		"SELECT * FROM VALUES (1), (2) AS v(a), t": "t",
		"SELECT * FROM VALUES 1, 2 v JOIN t":       "t",
	} {
		st := sqltext.Parse(query)
		require.Equal(t, want, list(st.Reads), query)
		require.Empty(t, st.Writes, query)
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	const once, again = false, true
	for _, tt := range []struct {
		query, verb, reads, writes string
		again                      bool
	}{
		{"INSERT INTO t SELECT * FROM s", "INSERT", "s", "t", once},
		{"INSERT INTO TABLE db.t (a, b) VALUES (1, 2)", "INSERT", "", "db.t", once},
		{"INSERT INTO t BY NAME SELECT * FROM s", "INSERT", "s", "t", once},
		{"INSERT INTO t (SELECT * FROM s)", "INSERT", "s", "t", once},
		{"INSERT INTO t WITH c AS (SELECT * FROM s) SELECT * FROM c, t2", "INSERT", "s, t2", "t", once},
		{"WITH c AS (SELECT * FROM s) INSERT INTO c SELECT * FROM c", "INSERT", "s", "c", once},
		{"INSERT OVERWRITE t PARTITION (p = 1) IF NOT EXISTS SELECT * FROM s", "INSERT", "s", "t", again},
		{"INSERT OVERWRITE t SELECT * FROM s UNION ALL SELECT * FROM t", "INSERT", "s, t", "t", once},
		{"INSERT OVERWRITE db.t SELECT * FROM t", "INSERT", "t", "db.t", once},
		{"INSERT INTO t REPLACE WHERE a IN (SELECT a FROM u) SELECT * FROM s", "INSERT", "u, s", "t", again},
		{"INSERT OVERWRITE DIRECTORY '/a' USING parquet OPTIONS ('k' 'v') SELECT * FROM s", "INSERT", "s", "folder /a", again},
		{"INSERT OVERWRITE DIRECTORY '/a' USING parquet SELECT * FROM parquet.`/a/`", "INSERT", "parquet.`/a/`", "folder /a", once},
		{"INSERT INTO delta.`/a` TABLE s", "INSERT", "s", "delta.`/a`", once},
		{"INSERT INTO t FROM s SELECT a", "INSERT", "s", "t", once},
		{"FROM s, u INSERT INTO a SELECT x WHERE x > 1 INSERT OVERWRITE b SELECT y", "INSERT", "s, u", "a, b", once},
		{"FROM s INSERT OVERWRITE a SELECT x INSERT OVERWRITE b SELECT (SELECT max(z) FROM v)", "INSERT", "s, v", "a, b", again},
		{"WITH c AS (SELECT * FROM s) FROM c INSERT OVERWRITE a SELECT x", "INSERT", "s", "a", again},
		{"MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *", "MERGE", "s", "t", again},
		{"MERGE WITH SCHEMA EVOLUTION INTO db.t AS x USING (SELECT * FROM s) y ON x.id = y.id WHEN MATCHED AND y.d IN (SELECT d FROM u) THEN DELETE", "MERGE", "s, u", "db.t", again},
		{"MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = t.n + s.n", "MERGE", "s", "t", once},
		{"MERGE INTO db.t x USING s ON x.id = s.id WHEN MATCHED THEN UPDATE SET n = s.n, m = X.m + 1", "MERGE", "s", "db.t", once},
		{"MERGE INTO t USING s ON false WHEN NOT MATCHED THEN INSERT *", "MERGE", "s", "t", once},
		{"MERGE INTO t USING s ON 1 = 0 WHEN NOT MATCHED THEN INSERT *", "MERGE", "s", "t", once},
		{"MERGE INTO t USING (SELECT * FROM t) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET *", "MERGE", "t", "t", once},
		{"WITH c AS (SELECT * FROM s) MERGE INTO t USING c ON t.id = c.id WHEN MATCHED THEN DELETE", "MERGE", "s", "t", again},
		{"UPDATE t SET a = 1, b = 'x' WHERE c IN (SELECT c FROM u)", "UPDATE", "u", "t", again},
		{"UPDATE t x SET a = a + 1", "UPDATE", "", "t", once},
		{"UPDATE t SET a = (SELECT max(a) FROM u)", "UPDATE", "u", "t", once},
		{"DELETE FROM t WHERE a < 1", "DELETE", "", "t", again},
		{"DELETE FROM t AS x WHERE a IN (SELECT a FROM t)", "DELETE", "t", "t", once},
		{"CREATE TABLE t (a INT DEFAULT 1, b STRING) USING parquet PARTITIONED BY (b)", "CREATE", "", "t", again},
		{"CREATE TABLE IF NOT EXISTS t USING parquet LOCATION '/x' AS SELECT * FROM s", "CREATE", "s", "t, folder /x", again},
		{"CREATE EXTERNAL TABLE t (a INT) STORED AS orc LOCATION '/x'", "CREATE", "", "t", again},
		{"CREATE OR REPLACE TABLE t AS SELECT * FROM t", "CREATE", "t", "t", once},
		{"REPLACE TABLE t TBLPROPERTIES ('a' = 'b') AS WITH c AS (SELECT * FROM s) SELECT * FROM c", "REPLACE", "s", "t", again},
		{"CREATE TABLE t LIKE s", "CREATE", "s", "t", again},
		{"CREATE VIEW v AS SELECT * FROM s", "CREATE", "s", "v", again},
		{"CREATE OR REPLACE TEMPORARY VIEW v (a COMMENT 'x', b) COMMENT 'y' AS SELECT * FROM s", "CREATE", "s", "view v", again},
		{"CREATE OR REPLACE GLOBAL TEMP VIEW v AS (SELECT * FROM s)", "CREATE", "s", "view global_temp.v", again},
		{"CREATE TEMP VIEW v USING csv OPTIONS (header 'true', path '/a')", "CREATE", "csv.`/a`", "view v", again},
		{"ALTER VIEW v AS SELECT * FROM s", "ALTER", "s", "v", again},
		{"ALTER TABLE t ADD COLUMN a INT", "ALTER", "", "t", again},
		{"ALTER TABLE t RENAME TO u", "ALTER", "", "t, u", again},
		{"DROP TABLE IF EXISTS db.t PURGE", "DROP", "", "db.t", again},
		{"DROP VIEW v", "DROP", "", "v", again},
		{"TRUNCATE TABLE t PARTITION (a = 1)", "TRUNCATE", "", "t", again},
		{"CACHE LAZY TABLE v OPTIONS ('storageLevel' 'DISK_ONLY') AS SELECT * FROM s", "CACHE", "s", "view v", again},
		{"CACHE TABLE t", "CACHE", "t", "", again},
		{"LOAD DATA LOCAL INPATH 'a/b' OVERWRITE INTO TABLE t", "LOAD", "``.`a/b`", "t", once},
		{"EXPLAIN EXTENDED SELECT * FROM t", "EXPLAIN", "t", "", again},
		{"EXPLAIN INSERT INTO t SELECT * FROM s", "EXPLAIN", "", "", again},
		{"DESCRIBE QUERY SELECT * FROM t", "DESCRIBE", "t", "", again},
		{"SET VAR n = (SELECT max(a) FROM t)", "SET", "t", "", again},
		{"SET a.b = c", "SET", "", "", again},
		{"SET a.b = s3a://x/y it's (", "SET", "", "", again},
		{"ADD JAR s3a://x/y.jar", "ADD", "", "", again},
		{"CREATE TABLE t (from DATE, values INT, `a` STRING) USING parquet", "CREATE", "", "t", again},
		{"CREATE TABLE t (SELECT * FROM s)", "CREATE", "s", "t", again},
		{"INSERT INTO t (from, values) VALUES (1, 2)", "INSERT", "", "t", once},
		{"INSERT INTO t (from) SELECT a FROM s", "INSERT", "s", "t", once},
		{"ANALYZE TABLE t COMPUTE STATISTICS", "ANALYZE", "t", "", again},
		{"MSCK REPAIR TABLE t", "MSCK", "", "t", again},
		{"CREATE SCHEMA IF NOT EXISTS s", "CREATE", "", "", again},
	} {
		for _, text := range []string{tt.query, "/* x */ " + tt.query + " ; -- y"} {
			st := sqltext.Parse(text)
			require.False(t, st.Query, text)
			require.Equal(t, tt.verb, st.Verb, text)
			require.Contains(t, st.Reason, tt.verb+" statement", text)
			require.True(t, st.Complete, text)
			require.Equal(t, tt.reads, list(st.Reads), text)
			require.Equal(t, tt.writes, writes(st.Writes), text)
			require.Equal(t, tt.again, st.Repeatable, text)
		}
	}
}

func TestWhatIsNotComplete(t *testing.T) {
	t.Parallel()
	for _, query := range []string{
		"", "DROP SCHEMA s CASCADE", "CALL p(1)", "EXECUTE IMMEDIATE 'SELECT 1'", "BEGIN SELECT 1; END", "OPTIMIZE t", "VACUUM t",
		"COPY INTO t FROM '/a'", "INSERT INTO t", "INSERT t SELECT 1", "MERGE INTO t", "CREATE", "DROP", "ALTER", "UPDATE t", "DELETE",
		"CREATE TEMP VIEW v USING jdbc OPTIONS (url 'jdbc:x', dbtable 't')", "CREATE MATERIALIZED VIEW v AS SELECT 1",
		"INSERT OVERWRITE t SELECT * FROM mine(1)", "INSERT INTO IDENTIFIER(:t) SELECT 1", "SELECT 1; SELECT 2",
		"DROP TABLE IDENTIFIER('a' || 'b')", "INSERT INTO t SELECT '${x}'", "SELECT * FROM table_changes('t', 1)",
	} {
		st := sqltext.Parse(query)
		require.False(t, st.Complete, query)
		if !st.Query {
			require.False(t, st.Repeatable, query)
		}
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                                       "it is empty",
		" -- nothing":                            "it is empty",
		";":                                      "it is empty",
		"SELECT 1;;":                             "it holds several statements",
		"SELECT 1; DROP TABLE x":                 "it holds several statements",
		"drop table x":                           "it is a DROP statement",
		"INSERT INTO t SELECT 1":                 "it is an INSERT statement",
		"WITH a AS (SELECT 1) DELETE FROM t":     "it is a DELETE statement",
		"UPDATE t SET a = 1":                     "it is an UPDATE statement",
		"USE db":                                 "it is a USE statement",
		"EXPLAIN SELECT 1":                       "it is an EXPLAIN statement",
		"BEGIN SELECT 1 END":                     "it is a script",
		"SELEC 1":                                `it begins with "SELEC", which is no query`,
		"'SELECT 1'":                             `it begins with "SELECT 1", which is no query`,
		"SELECT 'a":                              "a quote is not closed",
		"SELECT `a":                              "a quote is not closed",
		"SELECT r'a\\":                           "a quote is not closed",
		"SELECT 1 /* a /* b */":                  "a comment is not closed",
		"SELECT (1":                              "a bracket is not closed",
		"SELECT 1)":                              "the bracket ) closes nothing",
		"SELECT (1]":                             "the bracket ] closes nothing",
		"SELECT (1; SELECT 2)":                   "it holds several statements",
		"SELECT $$a$$":                           `it holds the character "$" outside of quotes`,
		"SELECT \xff":                            "it is no valid UTF-8",
		"SELECT 1 ${x}":                          "it holds ${...}, which Spark replaces before it reads the text",
		"SELECT * FROM s3://a/b":                 "the path s3:// stands without backquotes",
		"SELECT":                                 "it ends too early",
		"SELECT FROM t":                          `it is not understood at "FROM"`,
		"SELECT * FROM WHERE":                    `it is not understood at "WHERE"`,
		"FROM t |> INSERT INTO u":                "it is an INSERT statement",
		"FROM t |> EXPORT INTO u":                `it is not understood at "EXPORT"`,
		"SELECT * FROM":                          "it ends too early",
		"WITH a AS SELECT 1":                     `it is not understood at "AS"`,
		"WITH a AS (SELECT 1)":                   "it ends too early",
		"SELECT java_method('a', 'b')":           "it calls java_method, which runs code of the server",
		"SELECT `Reflect` ('a', 'b')":            "it calls reflect, which runs code of the server",
		"SELECT x.TRY_REFLECT('a', 'b')":         "it calls try_reflect, which runs code of the server",
		"SELECT \"reflect\"('a')":                "it calls reflect, which runs code of the server",
		"SELECT IDENTIFIER('reflect')('a', 'b')": "it calls reflect, which runs code of the server",
		"SELECT IDENTIFIER(:f)('a', 'b')":        "it calls a function by a name that is not known",
		"SELECT IDENTIFIER('\\162eflect')('a')":  "it calls a function by a name that is not known",
		"SELECT * FROM IDENTIFIER('a' || 'b')":   "it holds IDENTIFIER with an expression, which runs when it is analysed",
		"SELECT identifier(f(1))":                "it holds IDENTIFIER with an expression, which runs when it is analysed",
	} {
		st := sqltext.Parse(query)
		require.False(t, st.Query, query)
		require.Equal(t, want, st.Reason, query)
	}
	for _, query := range []string{
		"SELECT java_method FROM t", "SELECT 'reflect(1)'", "SELECT 1 -- reflect(1)", "SELECT * FROM IDENTIFIER(:t)", "SELECT * FROM IDENTIFIER(?)",
		"SELECT '$' || '{'", "SELECT 1;", "SELECT ';' -- ;", "SELECT 'DROP TABLE x; --'",
	} {
		require.True(t, sqltext.Parse(query).Query, query)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	require.Equal(t, sqltext.Name{"a", "b c", "d`e"}, sqltext.ParseName("a.`b c`.`d``e`"))
	for _, text := range []string{"", "a.", ".a", "a b", "a..b", "'a'", "a(", "`a", "a;b"} {
		require.Nil(t, sqltext.ParseName(text), text)
	}
	require.Equal(t, "a.`b c`.`d``e`.``.`ö`", sqltext.Name{"a", "b c", "d`e", "", "ö"}.String())
	for text, want := range map[string]string{
		"parquet.`/a`": "/a", "PARQUET.`a.parquet`": "a.parquet", "x.`s3://b/c`": "s3://b/c", "db.t": "", "json.t": "", "`/a`": "", "a.b.`/c`": "",
	} {
		path, ok := sqltext.ParseName(text).Path()
		require.Equal(t, want, path, text)
		require.Equal(t, want != "", ok, text)
	}
}

func TestParseTakesLinearTime(t *testing.T) {
	t.Parallel()
	const n = 10_000
	for name, query := range map[string]string{
		"brackets":     "SELECT " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n),
		"open":         "SELECT " + strings.Repeat("(", n),
		"relations":    "SELECT * FROM " + strings.Repeat("(", n) + "t" + strings.Repeat(")", n),
		"subqueries":   strings.Repeat("SELECT * FROM (", n) + "t" + strings.Repeat(")", n),
		"comments":     strings.Repeat("/*", n) + strings.Repeat("*/", n) + "SELECT 1",
		"unions":       strings.Repeat("SELECT 1 UNION ", n) + "SELECT 1",
		"expressions":  "WITH " + strings.Repeat("a AS (SELECT 1), ", n) + "b AS (SELECT 1) SELECT * FROM b",
		"nested WITH":  strings.Repeat("WITH a AS (", n) + "SELECT 1" + strings.Repeat(") SELECT 1", n),
		"commas":       "SELECT * FROM t" + strings.Repeat(", t", n),
		"maps":         "SELECT " + strings.Repeat("map(", 900) + strings.Repeat(")", 900),
		"map words":    "FROM t " + strings.Repeat("MAP a ", n),
		"inserts":      "FROM t " + strings.Repeat("INSERT INTO t SELECT 1 ", n),
		"set brackets": "SELECT 1 " + strings.Repeat("UNION (", n),
		"excepts":      "SELECT 1 EXCEPT " + strings.Repeat("EXCEPT (", n) + strings.Repeat(")", n),
		"merge":        "MERGE INTO t USING s ON a WHEN " + strings.Repeat("UPDATE SET a = 1,", n),
	} {
		start := time.Now()
		sqltext.Parse(query)
		require.Less(t, time.Since(start), time.Second, name)
	}
	require.Equal(t, "its brackets are nested too deeply", sqltext.Parse("SELECT "+strings.Repeat("(", n)+"1"+strings.Repeat(")", n)).Reason)
}

func FuzzParse(f *testing.F) {
	for _, tt := range corpus {
		f.Add(tt.query)
	}
	for _, text := range commands {
		f.Add(text)
	}
	f.Add("(FROM )")
	f.Fuzz(func(t *testing.T, query string) {
		st := sqltext.Parse(query)
		require.Equal(t, st.Query, st.Reason == "", query)
		if !st.Query {
			return
		}
		require.Empty(t, st.Writes, query)
		require.NotEmpty(t, st.Verb, query)
		for _, bad := range []string{"\n\n;DROP TABLE x", "\n\n;;", "\n\n; SELECT 1", "\n\n)"} {
			require.False(t, sqltext.Parse(query+bad).Query, query+bad)
		}
		for _, before := range []string{"-- x\n", "/* /* y */ */", "\t"} {
			again := sqltext.Parse(before + query)
			require.Equal(t, st, again, query)
		}
		for _, command := range []string{"INSERT INTO t ", "EXPLAIN ", "DROP TABLE ", "CREATE VIEW v AS "} {
			require.False(t, sqltext.Parse(command+query).Query, command+query)
		}
	})
}

func FuzzNames(f *testing.F) {
	f.Add("orders")
	f.Add("a`b.c\\'\n--")
	f.Fuzz(func(t *testing.T, name string) {
		quoted := "`" + strings.ReplaceAll(name, "`", "``") + "`"
		st := sqltext.Parse("SELECT * FROM " + quoted)
		if !st.Query { // the text itself is refused: invalid UTF-8, ${
			require.Empty(t, sqltext.ParseName("x."+quoted+"."), name)
			return
		}
		require.Equal(t, []sqltext.Name{{name}}, st.Reads)
		require.Equal(t, st.Reads[0], sqltext.ParseName(st.Reads[0].String()))
	})
}

func ExampleParse() {
	st := sqltext.Parse("WITH recent AS (SELECT * FROM db.orders) SELECT * FROM recent JOIN `my customers` USING (id)")
	fmt.Println(st.Query, st.Verb, st.Reads)
	st = sqltext.Parse("INSERT OVERWRITE totals SELECT sum(x) FROM orders")
	fmt.Println(st.Query, st.Reason, st.Reads, st.Writes[0].Name, st.Repeatable)
	// Output:
	// true SELECT [db.orders `my customers`]
	// false it is an INSERT statement [orders] totals true
}
