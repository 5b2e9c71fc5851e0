package dataflow

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/secrets"
)

func TestSQLPiece(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "t", "a.b", "t x", "(SELECT 1) x", "(SELECT ';' AS a, '--' AS b) x", `"a;b"`, "`a--b`", "SELECT 1 -- one\n", "SELECT /* ; */ 1", "a JOIN b ON a.x = b.x",
		"name = 'it''s; here'", "id BETWEEN 1 AND 2", "ENGINE=InnoDB", "'a\\\\'", "SELECT '(' AS a", "f(1, (2))", "a - b / c", "'grün 🚀'",
	} {
		require.NoError(t, sqlPiece(text), text)
	}
	for text, want := range map[string]string{
		"t; DROP TABLE x": "semicolon", "(SELECT 1) x; DROP TABLE y; --": "semicolon", "t --": "ends in a comment", "t /* x": "ends in a comment",
		"SELECT 1) a; DROP TABLE x; --": "not opened", "(SELECT 1": "not closed", "'a": "quote ' is not closed", `"a`: `quote " is not closed`,
		`'\'' ; DROP TABLE x --'`: "semicolon", `'a\'; DROP TABLE x; --'`: "semicolon", "a\x00b": "null character", "SELECT 1;": "semicolon", "1=1) OR (1=1": "not opened",
		"id = 1 -- and": "ends in a comment", "'a' /*/ b": "ends in a comment",
	} {
		require.ErrorContains(t, sqlPiece(text), want, text)
	}
}

func TestTextsForDatabasesStayInTheirStatements(t *testing.T) {
	t.Parallel()
	jdbc := JDBC{URL: secrets.NewValue("jdbc:postgresql://h/db")}
	const drop = "t; DROP TABLE x; --"
	option := jdbc
	option.Options = map[string]string{"DBTABLE": drop}
	for name, part := range map[string]interface{ Validate() error }{
		"table": JDBCSource{JDBC: jdbc, Table: drop}, "query": JDBCSource{JDBC: jdbc, Query: "SELECT 1) a; DROP TABLE x; --"},
		"option": JDBCSource{JDBC: option, Table: "t"}, "predicate": JDBCSource{JDBC: jdbc, Table: "t", Predicates: []string{"1=1; DROP TABLE x"}},
		"table options": JDBCSink{JDBC: jdbc, Table: "t", CreateTableOptions: "TABLESPACE a; DROP TABLE x"},
	} {
		require.ErrorContains(t, part.Validate(), "goes into a statement of the database as it is", name)
	}
	require.NoError(t, JDBCSource{JDBC: jdbc, Table: `"a;b"`}.Validate())
	require.NoError(t, JDBCSource{JDBC: jdbc, Table: "(SELECT * FROM t WHERE a = ';') x"}.Validate())
}

// FuzzSQLPiece: two texts that each stay in their statement do so together.
func FuzzSQLPiece(f *testing.F) {
	f.Add("'a' -- x\n", "(b)")
	f.Add(`'\\'`, `"`)
	f.Fuzz(func(t *testing.T, a, b string) {
		if sqlPiece(a) != nil || sqlPiece(b) != nil {
			return
		}
		require.NoError(t, sqlPiece(a+" "+b))
		require.NotContains(t, a+b, "\x00")
	})
}
