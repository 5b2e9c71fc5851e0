package pipeline_test

import (
	"strings"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// destructive are statements that would change something, each for itself: in
// the database DB, in the folder DIR, or in the session. Many look like a query
// at first.
var destructive = []string{
	"DROP TABLE DB.t",
	"drop table if exists DB.t",
	"  \n\t DROP /* SELECT */ TABLE DB.t -- SELECT 1",
	"-- SELECT 1\nDROP TABLE DB.t",
	"-- SELECT 1 \\\n still a comment\nDROP TABLE DB.t",
	"/* SELECT */ DROP TABLE DB.t",
	"/* a /* nested */ comment */ DROP TABLE DB.t",
	"/*+ SELECT */ DROP TABLE DB.t",
	"SELECT 1; DROP TABLE DB.t",
	"SELECT ';' AS x; DROP TABLE DB.t;",
	"SELECT 1 /* ; */ ; /* x */ DROP TABLE DB.t",
	"DROP TABLE DB.t; SELECT 1",
	";DROP TABLE DB.t",
	"DROP VIEW DB.v",
	"DROP DATABASE DB CASCADE",
	"DROP SCHEMA IF EXISTS DB CASCADE",
	"TRUNCATE TABLE DB.t",
	"INSERT INTO DB.t VALUES (9, 'x')",
	"INSERT INTO DB.t SELECT * FROM DB.t",
	"INSERT OVERWRITE TABLE DB.t VALUES (9, 'x')",
	"INSERT OVERWRITE DIRECTORY 'DIR/out' USING parquet SELECT 1",
	"INSERT INTO TABLE DB.t TABLE DB.t",
	"WITH x AS (SELECT 9 AS id, 'x' AS name) INSERT INTO DB.t SELECT * FROM x",
	"WITH x AS (SELECT 9 AS id, 'x' AS name) FROM x INSERT INTO DB.t SELECT id, name",
	"with recursive_x as (select 9 as id, 'x' as name) insert overwrite DB.t select * from recursive_x",
	"WITH select AS (SELECT 9 AS id, 'x' AS name) INSERT INTO DB.t SELECT * FROM select",
	"FROM DB.t INSERT INTO DB.u SELECT id, name",
	"FROM DB.t INSERT INTO DB.t SELECT id, name INSERT INTO DB.u SELECT id, name",
	"FROM (SELECT * FROM DB.t) s INSERT OVERWRITE TABLE DB.u SELECT id, name",
	"MERGE INTO DB.t USING DB.u ON t.id = u.id WHEN MATCHED THEN DELETE",
	"UPDATE DB.t SET name = 'x'",
	"DELETE FROM DB.t",
	"CREATE TABLE DB.made (a INT) USING parquet",
	"CREATE TABLE DB.made USING parquet AS SELECT 1 AS a",
	"CREATE OR REPLACE VIEW DB.v AS SELECT 'replaced' AS id",
	"CREATE DATABASE DB_made",
	"CREATE FUNCTION DB.f AS 'org.example.F'",
	"CREATE OR REPLACE TEMPORARY VIEW mine AS SELECT 'replaced' AS id",
	"CREATE GLOBAL TEMPORARY VIEW DB_global AS SELECT 1 AS a",
	"ALTER TABLE DB.t RENAME TO DB.renamed",
	"ALTER TABLE DB.t ADD COLUMNS (more INT)",
	"ALTER VIEW DB.v AS SELECT 'altered' AS id",
	"ALTER DATABASE DB SET DBPROPERTIES ('x' = 'y')",
	"SET spark.sql.shuffle.partitions=4711",
	"SET TIME ZONE '+11:00'",
	"RESET",
	"USE DB",
	"CACHE TABLE DB.t",
	"CACHE TABLE cached AS SELECT 1 AS a",
	"UNCACHE TABLE DB.t",
	"REFRESH TABLE DB.t",
	"ANALYZE TABLE DB.t COMPUTE STATISTICS",
	"MSCK REPAIR TABLE DB.t",
	"LOAD DATA INPATH 'DIR/load' OVERWRITE INTO TABLE DB.t",
	"ADD JAR 'DIR/none.jar'",
	"ADD FILE 'DIR/load'",
	"COMMENT ON TABLE DB.t IS 'changed'",
	"EXECUTE IMMEDIATE 'DROP TABLE DB.t'",
	"EXECUTE IMMEDIATE 'INSERT INTO DB.t VALUES (?, ''x'')' USING 9",
	"BEGIN DROP TABLE DB.t; END",
	"BEGIN\n  INSERT INTO DB.t VALUES (9, 'x');\n  SELECT 1;\nEND",
	"BEGIN DECLARE x INT DEFAULT 1; DELETE FROM DB.t; SELECT x; END",
	"DECLARE VARIABLE v INT DEFAULT 1",
	"SET VARIABLE v = 2",
	"CALL system.rewrite_data_files('DB.t')",
	"EXPLAIN ANALYZE DROP TABLE DB.t",
	"EXPLAIN EXTENDED INSERT INTO DB.t VALUES (9, 'x')",
	"DESCRIBE QUERY DROP TABLE DB.t",
	"DROP TABLE IDENTIFIER('DB.t')",
	"INSERT INTO IDENTIFIER('DB.t') VALUES (9, 'x')",
	"SELECT java_method('java.lang.System', 'setProperty', 'sparkpipe.check', 'touched')",
	"SELECT reflect('java.lang.System', 'setProperty', 'sparkpipe.check', 'touched')",
	"SELECT try_reflect('java.lang.System', 'setProperty', 'sparkpipe.check', 'touched')",
	"SELECT `java_method`('java.lang.System', 'setProperty', 'sparkpipe.check', 'touched')",
	"SELECT system.builtin.reflect('java.lang.System', 'setProperty', 'sparkpipe.check', 'touched')",
	"SELECT * FROM IDENTIFIER(java_method('java.lang.System', 'setProperty', 'sparkpipe.check', 'touched'))",
	"VALUES (reflect('java.lang.System', 'setProperty', 'sparkpipe.check', 'touched'))",
	"SELECT 1 WHERE EXISTS (SELECT JAVA_METHOD /* x */ ('java.lang.System', 'setProperty', 'sparkpipe.check', 'touched'))",
	"SELECT 1 AS a ${hiveconf:x}; DROP TABLE DB.t",
	"(DROP TABLE DB.t)",
	"WITH x AS (DELETE FROM DB.t) SELECT 1",
	"WITH x AS (INSERT INTO DB.t VALUES (9, 'x')) SELECT * FROM x",
	"SELECT * FROM ( /* x */ TRUNCATE TABLE DB.t)",
	"SELECT ((DROP TABLE DB.t))",
	"TABLE DB.t; TRUNCATE TABLE DB.t",
	"VALUES (1); TRUNCATE TABLE DB.t",
	"SELECT 'it''s'; DROP TABLE DB.t; --'",
	"SELECT \"a\\\"; --\" ; DROP TABLE DB.t",
	"SELECT r'\\'; DROP TABLE DB.t; --'",
	"SELECT `a;b` FROM VALUES (1) AS t(`a;b`); DROP TABLE DB.t",
}

// checkedEverywhere gives a pipeline that holds each of the statements wherever a
// configuration file takes SQL. A source that refuses to have one in its place, as
// TestCheckSendsNothingThatIsRefused shows, has it in its options alone.
func checkedEverywhere(db, dir string) *pipeline.Pipeline {
	p := &pipeline.Pipeline{Name: "hostile", FailFast: true}
	add := func(name string, flow dataflow.DataFlow) {
		p.Steps = append(p.Steps, pipeline.Step{Name: name, Type: "x", Component: dataflow.Component(flow), DependsOn: []string{}})
	}
	for i, text := range filled(db, dir) {
		n := string(rune('a'+i/26)) + string(rune('a'+i%26))
		add("sql "+n, dataflow.SQLView{SQL: text})
		add("sql view "+n, dataflow.SQLView{SQL: text, View: "s" + n})
		add("view "+n, dataflow.Steps{View: "v" + n, Source: dataflow.Input{Query: text}})
		add("show "+n, dataflow.Show{Input: dataflow.Input{Query: text}})
		sink := dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: dir + "/written-" + n, Mode: dataflow.SaveModeOverwrite}}
		add("write "+n, dataflow.WriteView{Input: dataflow.Input{Query: text}, Sink: sink})
		add("filter "+n, dataflow.ReadView{View: "f" + n, Filter: text, Source: dataflow.TableSource{Table: db + ".t"}})
		add("filter in brackets "+n, dataflow.ReadView{View: "g" + n, Filter: "id > 0) " + text + " (", Source: dataflow.TableSource{Table: db + ".t"}})
		add("filter behind "+n, dataflow.ReadView{View: "h" + n, Filter: "id > 0; " + text, Source: dataflow.TableSource{Table: db + ".t"}})
		query, table := jdbcSources(text)
		if query.Validate() != nil {
			query.Query = "SELECT 1"
		}
		if table.Validate() != nil {
			table.Table = "x"
		}
		add("jdbc "+n, dataflow.ReadView{View: "j" + n, Source: query})
		add("jdbc prepare "+n, dataflow.ReadView{View: "k" + n, Source: table})
	}
	return p
}

// jdbcSources are a query and a table with a statement in them and in their options.
func jdbcSources(text string) (query, table dataflow.JDBCSource) {
	jdbc := dataflow.JDBC{Driver: "none.such.Driver", Options: map[string]string{"sessionInitStatement": text}}
	query = dataflow.JDBCSource{JDBC: jdbc, Query: text}
	jdbc.Options = map[string]string{"prepareQuery": text}
	return query, dataflow.JDBCSource{JDBC: jdbc, Table: "(" + text + ") x"}
}

func filled(db, dir string) []string {
	texts := make([]string, len(destructive))
	for i, text := range destructive {
		texts[i] = strings.NewReplacer("DB", db, "DIR", dir).Replace(text)
	}
	return texts
}
