package sqltext_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/internal/sqltext"
)

// sparkAt opens a session with a database of its own, in which a table of
// columns that all queries here are content with is called "one".
func sparkAt(t *testing.T, remote string) (spark *dataflow.Session, db string) {
	t.Helper()
	spark, err := dataflow.Connect(t.Context(), remote, nil)
	require.NoError(t, err)
	db = "sqltext_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	require.NoError(t, spark.Exec(t.Context(), "CREATE DATABASE "+db))
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		require.NoError(t, spark.Exec(ctx, "DROP DATABASE "+db+" CASCADE"))
		require.NoError(t, spark.Close(ctx))
	})
	return spark, db
}

// columns are the columns that the relations of these tests have.
const columns = "SELECT 1 AS a, 2 AS b, 3 AS c, 4 AS id, 5 AS x, 6 AS y, 'n' AS name, array(1, 2) AS arr, DATE '2024-01-01' AS d"

// corpus are queries; DB stands for a database. The second text is empty, or
// the versions that know the syntax.
var corpus = []struct{ query, since string }{
	{"SELECT * FROM t1", ""},
	{"SELECT a AS t2 FROM t1 AS t3 WHERE t3.a = 1", ""},
	{"SELECT * FROM t1, t2 x JOIN t3 USING (id)", ""},
	{"SELECT * FROM t1 LEFT JOIN t2 ON t1.a = t2.a, t3 WHERE t3.a IN (SELECT a FROM t4)", ""},
	{"SELECT * FROM t1 CROSS JOIN t2 NATURAL JOIN t3", ""},
	{"SELECT * FROM t1 LEFT SEMI JOIN t2 ON left(t1.name, 1) = right(t2.name, 1) ANTI JOIN t3 USING (a)", ""},
	{"SELECT * FROM DB.t1 AS u JOIN `DB`.`t2` v ON u.a = v.a", ""},
	{"SELECT * FROM spark_catalog.DB.t1", ""},
	{"SELECT t1.* FROM DB.t1", ""},
	{"SELECT * FROM `with space`", ""},
	{"SELECT * FROM `dot.ted` -- FROM t9", ""},
	{"SELECT * FROM `back``quote` /* FROM t9 /* nested */ still */", ""},
	{"WITH t1 AS (SELECT 1 AS a) SELECT * FROM t1", ""},
	{"WITH t1 AS (SELECT * FROM t1) SELECT * FROM t1", ""},
	{"WITH T1 AS (SELECT * FROM t2) SELECT * FROM t1 JOIN t3 ON t1.a = t3.a", ""},
	{"WITH u AS (SELECT * FROM t1), v AS (SELECT * FROM u JOIN t2 USING (a)) SELECT * FROM v", ""},
	{"WITH v AS (SELECT * FROM u), u AS (SELECT * FROM t1) SELECT * FROM v JOIN u ON v.a = u.a", ""},
	{"WITH u(p, q) AS (SELECT a, b FROM t1) SELECT p FROM u", ""},
	{"WITH u (SELECT a FROM t1) SELECT * FROM u", ""},
	{"WITH u AS (WITH v AS (SELECT * FROM t1) SELECT * FROM v) SELECT * FROM u, v", ""},
	{"SELECT * FROM (WITH u AS (SELECT * FROM t1) SELECT * FROM u) z JOIN u ON u.a = z.a", ""},
	{"WITH u AS (SELECT 1 AS a) SELECT * FROM t1 WHERE a IN (SELECT a FROM u)", ""},
	{"WITH u AS (SELECT 1 AS a) SELECT * FROM DB.u", ""},
	{"WITH RECURSIVE r AS (SELECT a FROM t1 UNION ALL SELECT r.a + 1 FROM r JOIN t2 ON r.a = t2.b WHERE r.a < 3) SELECT * FROM r", "4.2"},
	{"WITH RECURSIVE r(n) MAX RECURSION LEVEL 9 AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT * FROM r, t1", "4.2"},
	{"SELECT * FROM range(10)", ""},
	{"SELECT * FROM range(10) r JOIN t1 ON r.id = t1.id", ""},
	{"SELECT * FROM explode(array(1, 2)) AS e(x), t1", ""},
	{"SELECT * FROM t1, LATERAL (SELECT * FROM t2 WHERE t2.a = t1.a)", ""},
	{"SELECT * FROM t1 JOIN LATERAL (SELECT a AS z FROM t2) ON true", ""},
	{"SELECT * FROM t1, LATERAL explode(arr) AS e(v)", ""},
	{"SELECT * FROM t1 LATERAL VIEW explode(arr) e AS v LATERAL VIEW OUTER posexplode(arr) f AS p, q WHERE v > 1", ""},
	{"SELECT * FROM t1 PIVOT (sum(c) FOR b IN (1, 2))", ""},
	{"SELECT * FROM (SELECT a, b FROM t1) PIVOT (sum(a) AS s FOR b IN (1 AS one, 2 AS two)), t2", ""},
	{"SELECT * FROM (SELECT id, a, b FROM t1) UNPIVOT (v FOR n IN (a, b)) JOIN t2 ON true", ""},
	{"SELECT * FROM t1 TABLESAMPLE (10 PERCENT) s JOIN t2 TABLESAMPLE (5 ROWS) ON true", ""},
	{"SELECT * FROM t1 TABLESAMPLE (BUCKET 1 OUT OF 2), t2", ""},
	{"SELECT * FROM IDENTIFIER('t1') JOIN IDENTIFIER('DB.t2') ON true", ""},
	{"WITH u AS (SELECT 1 AS a) SELECT * FROM IDENTIFIER('u'), t1", ""},
	{"SELECT (SELECT max(a) FROM t1) AS m, EXISTS (SELECT 1 FROM t2) FROM t3 WHERE b NOT IN (SELECT b FROM t4)", ""},
	{"SELECT EXTRACT(YEAR FROM d), EXTRACT(MONTH FROM (SELECT max(d) FROM t2)) FROM t1", ""},
	{"SELECT TRIM(BOTH FROM name), TRIM(LEADING 'n' FROM name), TRIM(FROM name) FROM t1", ""},
	{"SELECT SUBSTRING(name FROM 1 FOR 2), OVERLAY(name PLACING 'x' FROM 1 FOR 1), POSITION('n' IN name) FROM t1", ""},
	{"SELECT a IS DISTINCT FROM b, a IS NOT DISTINCT FROM c FROM t1 WHERE a IS DISTINCT FROM 2", ""},
	{"SELECT DISTINCT a FROM t1", ""},
	{"SELECT a, b FROM t1 UNION ALL SELECT a, b FROM t2 EXCEPT SELECT 1, 2 INTERSECT (SELECT a, b FROM t3) MINUS SELECT a, b FROM u2", ""},
	{"SELECT * EXCEPT (a) FROM t1", ""},
	{"(SELECT a FROM t1) UNION (SELECT a FROM t2) ORDER BY a LIMIT 3", ""},
	{"((SELECT a FROM t1))", ""},
	{"SELECT * FROM ((SELECT a FROM t1) UNION ALL (SELECT b FROM t2)) u", ""},
	{"SELECT * FROM ((t1 JOIN t2 ON true) CROSS JOIN t3)", ""},
	{"SELECT * FROM (t1), (t2 x)", ""},
	{"TABLE t1", ""},
	{"TABLE DB.t1 ORDER BY a", ""},
	{"VALUES (1), (2)", ""},
	{"SELECT * FROM VALUES (1, 2), (3, 4) AS v(p, q), t1", ""},
	{"SELECT * FROM VALUES 1, 2 v JOIN t1 ON true", ""},
	{"SELECT * FROM (VALUES (1), (2)) AS v(p) JOIN t1 ON v.p = t1.a", ""},
	{"FROM t1 SELECT a, b WHERE a > 1", ""},
	{"FROM t1 x, t2 SELECT x.a", ""},
	{"FROM t1 SELECT a SELECT b", ""},
	{"FROM t1", "4.0"},
	{"FROM t1 |> WHERE a > 1 |> SELECT a, b |> ORDER BY a |> LIMIT 3", "4.0"},
	{"FROM t1 |> JOIN t2 ON t1.a = t2.a |> LEFT OUTER JOIN t3 USING (id) |> SELECT t1.a", "4.0"},
	{"FROM t1 |> SELECT a |> UNION ALL (SELECT a FROM t2) |> INTERSECT SELECT b FROM t3", "4.0"},
	{"TABLE t1 |> AGGREGATE sum(a) AS s GROUP BY b |> AS z |> EXTEND s + 1 AS p |> SET s = 2 |> DROP p", "4.0"},
	{"SELECT a FROM t1 |> WHERE a IN (SELECT a FROM t2) |> TABLESAMPLE (3 ROWS)", "4.0"},
	{"SELECT sum(a) OVER (PARTITION BY b ORDER BY c ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t1 WINDOW w AS (ORDER BY a)", ""},
	{"SELECT a, count(*) FILTER (WHERE b > 1) FROM t1 GROUP BY a HAVING count(*) > (SELECT min(a) FROM t2) ORDER BY a", ""},
	{"SELECT a, b, sum(c) FROM t1 GROUP BY GROUPING SETS ((a), (b), ())", ""},
	{"SELECT transform(arr, v -> v + 1), CASE WHEN a = 1 THEN (SELECT max(a) FROM t2) ELSE 0 END FROM t1", ""},
	{"SELECT /*+ BROADCAST(t2), COALESCE(1) */ * FROM t1 JOIN t2 ON t1.a = t2.a", ""},
	{"SELECT CAST(a AS DECIMAL(10, 2)), a::STRING, arr[0], INTERVAL '1' DAY, 1.5e-3, 1., .5 FROM t1", ""},
	{"SELECT 'FROM t9', \"FROM t9\", r'\\' AS `FROM t9` FROM t1", ""},
	{"SELECT 'it''s' '\\' FROM t9' FROM t1", ""},
	{"SELECT 1 -- comment \\\n FROM t9\n, a FROM t1", ""},
	{"SELECT 1 -- comment\r, a FROM t1", ""},
	{"SELECT 1 /* a /*+ b */, a FROM t1 -- */", ""},
	{"select*from(t1)join/**/t2 using(id)", ""},
	{"SELECT t.a FROM t1 t JOIN t2 offset ON t.a = offset.a, t3", ""},
	{"SELECT user.a, date.b FROM t1 user, t2 date", ""},
	{"SELECT * FROM t1 FULL OUTER JOIN t2 ON (t1.a = t2.a AND t1.b IN (1, 2)) RIGHT JOIN t3 ON true", ""},
	{"SELECT a FROM t1 ORDER BY (SELECT max(a) FROM t2), b LIMIT 1 OFFSET 1;", ""},
	{"SELECT map('a', 1), struct(a, b), named_struct('x', a), if(a > 1, 1, 2), first(a) OVER () FROM t1", ""},
	{"SELECT a FROM t1 WHERE name LIKE 'a%' ESCAPE '!' AND b BETWEEN 1 AND (SELECT 3 FROM t2)", ""},
	{"SELECT * FROM t1 MINUS SELECT * FROM t2", ""},
	{"SELECT TRANSFORM (a, b) USING 'cat' AS (p, q) FROM t1", ""},
	{"FROM t1 MAP a, b USING 'cat' AS p", ""},
	{"MAP a, b USING 'cat' AS p, q FROM t1", ""},
	{"SELECT * FROM (MAP a USING 'cat' AS p FROM t1) m, t2", ""},
	{"SELECT v.a FROM t1 AS v (a, b, c, id, x, y, name, arr, d) JOIN t2 w ON w.a = v.a", ""},
	{"SELECT stack(2, 1, 2), (SELECT count(*) FROM t2 WHERE t2.a = t1.a) FROM t1", ""},
	{"SELECT * FROM stream", ""},
	{"SELECT * FROM stream JOIN t1 ON true", ""},
}

func TestRealReads(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark, db := sparkAt(t, remote)
		asked := 0
		for _, tt := range corpus {
			text := strings.ReplaceAll(tt.query, "DB", db)
			st := sqltext.Parse(text)
			require.True(t, st.Query, "%s: %s", text, st.Reason)
			require.True(t, st.Complete, text)
			require.Empty(t, st.Writes, text)
			if tt.since > spark.ServerVersion() {
				continue
			}
			t.Run(text, func(t *testing.T) { require.ElementsMatch(t, wanted(t, spark, text), names(st.Reads)) })
			asked++
		}
		require.Greater(t, asked, 60)
	})
}

// names returns the names in lower case and without Spark's own catalog.
func names(reads []sqltext.Name) []string {
	out := []string{}
	for _, name := range reads {
		out = append(out, strings.TrimPrefix(strings.ToLower(name.String()), "spark_catalog."))
	}
	return out
}

// wanted returns the names that Spark asks for: it makes each one that Spark
// misses until it misses none, and drops them again.
func wanted(t *testing.T, spark *dataflow.Session, text string) []string {
	t.Helper()
	out := []string{}
	for {
		df, err := spark.SQL(t.Context(), text)
		if err == nil {
			_, err = df.Schema(t.Context())
		}
		if err == nil {
			break
		}
		var failed *component.SparkError
		require.ErrorAs(t, spark.Error(t.Context(), err), &failed, text)
		require.Equal(t, "TABLE_OR_VIEW_NOT_FOUND", failed.Class, "%s: %s", text, failed.Message)
		missing := sqltext.Parse("TABLE " + failed.Parameters["relationName"]).Reads
		require.Len(t, missing, 1, failed.Parameters)
		out = append(out, names(missing)...)
		make := "CREATE OR REPLACE TEMPORARY VIEW "
		if len(missing[0]) > 1 {
			make = "CREATE VIEW "
		}
		require.NoError(t, spark.Exec(t.Context(), make+missing[0].String()+" AS "+columns))
	}
	for _, name := range out {
		require.NoError(t, spark.Exec(t.Context(), "DROP VIEW "+name))
	}
	return out
}

// commands are statements that are no query and do no harm here; DB stands for
// a database with a table t of one column a.
var commands = []string{
	"CREATE TABLE DB.t2 (a INT) USING parquet", "CREATE TABLE IF NOT EXISTS DB.t2 (a INT) USING parquet",
	"CREATE TABLE DB.t3 USING parquet AS SELECT 1 AS a", "CREATE TABLE DB.t4 LIKE DB.t USING parquet", "DROP TABLE DB.t4",
	"INSERT INTO DB.t SELECT 1", "INSERT INTO DB.t VALUES (1)", "INSERT INTO DB.t TABLE DB.t2", "INSERT OVERWRITE DB.t SELECT 2",
	"INSERT INTO DB.t (a) SELECT 1", "INSERT INTO DB.t BY NAME SELECT 1 AS a", "INSERT INTO TABLE DB.t FROM DB.t2 SELECT a",
	"WITH c AS (SELECT 1 AS a) INSERT INTO DB.t SELECT * FROM c", "/* SELECT */ INSERT INTO DB.t SELECT 1 -- SELECT",
	"WITH c AS (SELECT 1 AS a) FROM c INSERT INTO DB.t SELECT *", "FROM DB.t INSERT INTO DB.t2 SELECT a INSERT INTO DB.t3 SELECT a + 1",
	"FROM DB.t insert INSERT INTO DB.t2 SELECT a", "FROM DB.t ınſERT INTO DB.t2 SELECT a", "FROM (SELECT 1 AS a) INSERT INTO DB.t SELECT a WHERE a > 1",
	"INSERT INTO DB.t WITH c AS (SELECT 3 AS a) SELECT * FROM c", "INSERT INTO DB.t (SELECT 1)",
	"CREATE TEMPORARY VIEW v AS SELECT 1 AS a", "CREATE OR REPLACE TEMP VIEW v AS WITH c AS (SELECT 1) SELECT * FROM c",
	"CREATE OR REPLACE VIEW DB.v AS SELECT * FROM DB.t", "ALTER VIEW v AS SELECT 2 AS a", "DROP VIEW v", "DROP VIEW IF EXISTS v",
	"CREATE GLOBAL TEMPORARY VIEW DB_g AS SELECT 1 AS a", "DROP VIEW global_temp.DB_g",
	"ALTER TABLE DB.t SET TBLPROPERTIES ('k' = 'v')", "ALTER TABLE DB.t ADD COLUMN b INT", "ALTER TABLE DB.t2 RENAME TO DB.t5",
	"TRUNCATE TABLE DB.t", "CACHE TABLE DB.t", "CACHE LAZY TABLE cached AS SELECT 1", "UNCACHE TABLE DB.t", "UNCACHE TABLE cached",
	"REFRESH TABLE DB.t", "REFRESH '/nowhere'", "ANALYZE TABLE DB.t COMPUTE STATISTICS", "COMMENT ON TABLE DB.t IS 'x'",
	"EXPLAIN SELECT 1", "EXPLAIN EXTENDED WITH c AS (SELECT 1) SELECT * FROM c", "DESCRIBE TABLE DB.t", "DESC DB.t", "DESCRIBE QUERY SELECT 1",
	"SHOW TABLES", "SHOW COLUMNS FROM DB.t", "SHOW CREATE TABLE DB.t", "SHOW FUNCTIONS LIKE 'abs'", "SHOW VIEWS", "SHOW CATALOGS",
	"SET sqltext.a = it's", "SET", "SET -v", "RESET sqltext.a", "SET TIME ZONE 'UTC'", "USE DB", "USE SCHEMA default",
	"DECLARE VARIABLE n INT DEFAULT 1", "SET VAR n = (SELECT 3)", "DROP TEMPORARY VARIABLE n", "EXECUTE IMMEDIATE 'SELECT 1'",
	"CREATE SCHEMA IF NOT EXISTS DB", "ALTER DATABASE DB SET dbproperties ('k' = 'v')", "LIST JARS", "CREATE TEMPORARY FUNCTION DB_f AS 'x.Y'",
	"BEGIN SELECT 1; END", "BEGIN INSERT INTO DB.t SELECT 1, 2; END;",
}

func TestRealCommandsAreNoQueries(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark, db := sparkAt(t, remote)
		require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+db+".t (a INT) USING parquet"))
		ran := 0
		for _, text := range commands {
			text = strings.ReplaceAll(text, "DB", db)
			require.False(t, sqltext.Parse(text).Query, text)
			df, err := spark.SQL(t.Context(), text)
			if err != nil {
				t.Logf("%s: %v", text, spark.Error(t.Context(), err))
				continue
			}
			plan, err := spark.Export(t.Context(), df)
			require.NoError(t, err)
			var rel wire.Relation
			require.NoError(t, proto.Unmarshal(plan, &rel))
			if strings.HasPrefix(text, "EXECUTE") {
				continue // the server answers with the query that it holds
			}
			require.Nil(t, rel.GetSql(), "Spark takes %s for a query", text)
			ran++
		}
		require.Greater(t, ran, 60)
	})
}

func TestRealTextThatSparkReplaces(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark, db := sparkAt(t, remote)
		require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+db+".t (a INT) USING parquet"))
		require.NoError(t, spark.Exec(t.Context(), "SET sqltext.x = INSERT INTO "+db+".t SELECT 1"))
		text := "FROM (SELECT 1) ${sqltext.x}"
		require.False(t, sqltext.Parse(text).Query)
		require.NoError(t, spark.Exec(t.Context(), text))
		df, err := spark.SQL(t.Context(), "SELECT * FROM "+db+".t")
		require.NoError(t, err)
		rows, err := df.Collect(t.Context())
		require.NoError(t, err)
		require.Len(t, rows, 1, "Spark has run the INSERT")
	})
}
