package dataflow_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// ddlAll is DDL that every server reads.
var ddlAll = []string{
	"", "  ", "a int", "a: int, b: string", "struct<a: int>", "struct<>", "STRUCT < >", "a struct<>", "a struct< >",
	"a boolean, b tinyint, c byte, d smallint, e short, f int, g integer, h bigint, i long",
	"a float, b real, c double, d decimal, e dec(3), f numeric(38,38), g decimal ( 10 , 2 ), h decimal(0), i decimal(010)",
	"a date, b timestamp, c timestamp_ltz, d timestamp_ntz, e binary, f void, g variant, h interval",
	"a char(5), b character(0), c varchar(2147483647), d array<char(3)>, e struct<f varchar(3)>",
	"a interval year, b interval month, c interval year to month", "a interval day, b interval hour, c interval minute, d interval second",
	"a interval day to hour, b interval day to minute, c interval day to second",
	"a interval hour to minute, b interval hour to second, c interval minute to  second",
	"a string, b string collate utf8_binary, c string collate unicode, d string collate UNICODE_CS_AS, e string collate unicode_ai_ci",
	"a string collate utf8_lcase, b string collate en, c string collate EN_usa_ci, d string collate ZH_Hant_twn, e string collate sr_cyrl",
	"a string collate `UNICODE`, b string collate system.builtin.UNICODE, c string collate `system`.`builtin`.de",
	"a array<string collate unicode>, m map<string collate de, array<string collate utf8_lcase>>",
	"a string collate unicode not null comment 'x'", "collate string collate unicode",
	"a array<int>, b array < int > not null, c array<array<int>>, d array<int>comment 'x'",
	"a map<int,string>, b map<map<int,int>,int>, c map<string,struct<d:int>>",
	"a struct<b int, c: array<struct<d:string not null comment 'q'>>>", "a STRUCT<b: INT> COMMENT 'x'",
	"array array<int>, map map<int,int>, struct struct<a:int>, interval interval", "struct struct<>",
	"a int not null", "a : int not null", "a int NOT\nNULL comment 'x'", "a interval year to month not null comment 'x'",
	"select int, from int, join int, left string, null int, not int, comment int comment 'x'", "a:int", "a :int",
	"a int comment ''", `a int comment "dq"`, "a int comment'x'", "a int comment r'raw\\n'", `a int comment R"x'y"`, "a int comment 'é😀'",
	`a int comment 'it\'s \n \t \\ \% \_ \0 \101 \u0041 \U00000041 \q'`, `a int comment '\Z\b\r \177\200 \400 \08 \u12 \x41'`,
	`a int comment '\uD83D\uDE00'`, "a int comment 'a\nb \\\t'", "a int comment 'x\x00y'",
	"1a int, 1e int, 12ab3 int, 1_a int, _1 int, _ int, 1da int, 1bdx int, 0x1 int",
	"`a b` int, `a``b` int, `a.b` int, `` int, `é日` int, `a\x00` int", "a int, a int", "a int, A int",
	"a\tint\n,b\r\nint", "a\u00a0int", "a\u2003int", "a\u1680int", "a\u2028int", "a\vint", "a\u3000int",
	"a int -- c", "a int -- c\\\nfoo", "a int /* c */, b int", "a /* x /* y */ */ int", "a int /**/", "a int --", "/* a */",
}

// ddlNone is what no server reads.
var ddlNone = []string{
	"int", "a", "a,b", "-- a", "--\n", "a int,", ",a int", "a int,,b int", "a int b", "a int b int", "a b c", "(a int)", "a int;", "a int!", "a int as b",
	"1 int", "1L int", "1s int", "1y int", "1f int", "1D int", "1BD int", "1e5 int", "1e5f int", "1e5bd int", "1.5 int", "a1.5 int",
	"a-b int", "a.b int", "é int", "日本 string", "a数 int", "$a int", "a$ int", "a@b int", "a\\ int", "'a' int", `"a" int`, "``` int", "`a int",
	"a 'int'", "a `int`", "a `array`<int>", "`struct`<a:int>", "a::int", "a: :int",
	"a bool", "a text", "a null", "a object", "a nchar(3)", "a int(3)", "a string(3)", "a boolean(1)", "a date(3)", "a variant(3)", "a void(1)",
	"a timestamp_ltz(3)", "a timestamp with time zone", "a timestamp without", "a double precision", "a interval(3)",
	"a decimal(5,6)", "a decimal(39,0)", "a decimal(1,2,3)", "a decimal()", "a decimal(-1)", "a decimal(10,-2)", "a decimal(10L)",
	"a decimal(1_0)", "a decimal(99999999999)", "a char", "a varchar", "a char(2147483648)", "decimal(5,6)",
	"a interval day to day", "a interval second to hour", "a interval year to year", "a interval month to year", "a interval year to day",
	"a interval days", "a interval day(3)", "a interval day to second(6)", "interval year, b int",
	"a string collate", "a string collate nope", "a string collate UNICODE.CI", "a string collate foo.builtin.UNICODE",
	"a string collate builtin.unicode", "a string collate unicode_ci_cs", "a string collate unicode_ci_ci", "a string collate utf8_binary_ci",
	"a string collate utf8_lcase_ai", "a array", "a map", "a struct", "a array<int", "a array<>", "a array(int)", "a array<int,int>", "a array<int>>",
	"a array<int not null>", "a map<int>", "a map<int,int,int>", "a map<string, int not null>", "a struct(b int)", "a struct<b>", "a struct<b:>",
	"a struct<:int>", "a struct<b:int,>", "a struct<,>", "a struct<b int c int>", "a struct<b:int>>", "a struct<>>", "struct<a:int",
	"struct<a:int>, b int", "struct<a:int> comment 'x'", "a int comment 'x' not null", "a struct<b int comment 'x' not null>", "a int null",
	"a int default 3", "a int generated always as (b+1)", "a int not", "a int not null not null", "a int comment", "a int comment null",
	"a int comment 'open", "a `open int", "a int /* open", "/*+ x */ a int", "a int comment r'a\\'b'", "a\u200bint", "a\ufeffint", "a\u0085int",
	"a time()", "a time(7)", "a time(6,1)", "a time with time zone", "a geometry", "a geometry()", "a geometry(4326,1)",
}

func TestRealParseDDLAgrees(t *testing.T) {
	t.Parallel()
	spark := realSpark(t)
	for _, ddl := range ddlAll {
		want, err := spark.ParseDDL(t.Context(), ddl)
		require.NoError(t, err, "%q", ddl)
		got, err := schema.Parse(ddl)
		require.NoError(t, err, "%q", ddl)
		require.True(t, want.Equal(got), "%q\nSpark %s\nours  %s", ddl, toJSON(t, want), toJSON(t, got))
		printed, err := spark.ParseDDL(t.Context(), got.String())
		require.NoError(t, err, "%q", got.String())
		require.True(t, want.Equal(printed), "%q\nSpark %s\nprinted %s", ddl, want, got)
	}
}

func TestRealParseDDLRefuses(t *testing.T) {
	t.Parallel()
	spark := realSpark(t)
	for _, ddl := range ddlNone {
		_, err := spark.ParseDDL(t.Context(), ddl)
		require.ErrorContains(t, err, "on the server", "%q", ddl)
		_, err = schema.Parse(ddl)
		var fault *schema.ParseError
		require.True(t, errors.As(err, &fault), "%q: %v", ddl, err)
	}
}

// TestRealParseDDLOfSomeVersions has what only some versions read; what the
// server reads must be what we read.
func TestRealParseDDLOfSomeVersions(t *testing.T) {
	t.Parallel()
	spark := realSpark(t)
	read := 0
	for _, ddl := range []string{
		"a time, b time(0), c time(6), d time without time zone", "a geometry(4326), b geometry(any)", "a geography(4326), b geography(any)",
		"a timestamp without time zone, b timestamp with local time zone", "a int comment 'it''s'", "a int comment 'a' 'b'",
		`a string comment "a""b"`, "a string collate utf8_binary_rtrim, b string collate de_ci_rtrim_ai", "a string collate kk_arab",
	} {
		got, err := schema.Parse(ddl)
		require.NoError(t, err, ddl)
		want, err := spark.ParseDDL(t.Context(), ddl)
		var fault *component.SparkError
		if errors.As(err, &fault) {
			continue
		}
		require.NoError(t, err, ddl)
		require.True(t, want.Equal(got), "%q\nSpark %s\nours  %s", ddl, toJSON(t, want), toJSON(t, got))
		read++
	}
	t.Logf("Spark %s read %d of them", spark.ServerVersion(), read)
}

func TestRealParseDDLErrors(t *testing.T) {
	t.Parallel()
	spark := realSpark(t)
	_, err := spark.ParseDDL(t.Context(), "a strng")
	var fault *component.SparkError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "UNSUPPORTED_DATATYPE", fault.Class)
	_, err = spark.ParseDDL(t.Context(), "array<int>")
	require.ErrorContains(t, err, "ARRAY<INT> is one type and not a list of columns")
}

func TestRealSchemaOf(t *testing.T) {
	t.Parallel()
	spark := realSpark(t)
	df, err := spark.SQL(t.Context(), "SELECT 1 AS id, array(1, NULL) AS a, CAST('x' AS STRING COLLATE UNICODE_CI) AS c")
	require.NoError(t, err)
	def, err := dataflow.SchemaOf(t.Context(), df)
	require.NoError(t, err)
	require.Equal(t, "id INT NOT NULL, a ARRAY<INT> NOT NULL, c STRING COLLATE UNICODE_CI NOT NULL", def.String())

	df, err = spark.SQL(t.Context(), "SELECT nothing FROM VALUES (1) AS t(a)")
	require.NoError(t, err)
	_, err = dataflow.SchemaOf(t.Context(), df)
	var fault *component.SparkError
	require.ErrorAs(t, err, &fault)
	require.True(t, strings.HasPrefix(fault.Class, "UNRESOLVED_COLUMN"), fault.Class)
}

// TestRealSchemaOfATableKeepsMetadata has the comments of columns and their CHAR
// and VARCHAR, which Spark reads as STRING and remembers in the metadata.
func TestRealSchemaOfATableKeepsMetadata(t *testing.T) {
	t.Parallel()
	spark := realSpark(t)
	table := database(t, spark) + ".t"
	require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+table+
		" (a CHAR(3) COMMENT 'it\\'s', b VARCHAR(9), c ARRAY<STRUCT<d: INT COMMENT 'deep'>>) USING parquet"))
	df, err := spark.Table(table)
	require.NoError(t, err)
	def, err := dataflow.SchemaOf(t.Context(), df)
	require.NoError(t, err)
	require.Equal(t, `a STRING COMMENT 'it\'s', b STRING, c ARRAY<STRUCT<d: INT COMMENT 'deep'>>`, def.String())
	require.JSONEq(t, `{"__CHAR_VARCHAR_TYPE_STRING":"char(3)","comment":"it's"}`, def.Fields[0].Metadata)
	require.JSONEq(t, `{"__CHAR_VARCHAR_TYPE_STRING":"varchar(9)"}`, def.Fields[1].Metadata)
}

// TestRealSchemaGoesUp sends a schema to the server, which makes a table of it.
// Its columns are of types that a table of Parquet can have; there all can be
// null.
func TestRealSchemaGoesUp(t *testing.T) {
	t.Parallel()
	spark := realSpark(t)
	table := database(t, spark) + ".t"
	want, err := schema.Parse("a boolean, b tinyint, c smallint, d int, e bigint, f float, g double, h decimal(38,18), i string," +
		"j binary, k date, l timestamp, m timestamp_ntz, q variant," +
		"r array<map<string, struct<x: int, `y z`: decimal(5,2) comment 'it''s'>>> comment 'deep', s string collate unicode_ci")
	require.NoError(t, err)
	want.Fields[0].Metadata = `{"owner":"team","since":2024}`
	require.NoError(t, spark.Catalog().CreateTable(t.Context(), table, &dataflow.NewTable{Format: "parquet", Schema: want}))
	df, err := spark.Table(table)
	require.NoError(t, err)
	got, err := dataflow.SchemaOf(t.Context(), df)
	require.NoError(t, err)
	require.True(t, want.Equal(got), "sent %s\ngot  %s", toJSON(t, want), toJSON(t, got))
}

// TestRealSchemaOfLaterTypes has a type that Spark 4.0 does not have.
func TestRealSchemaOfLaterTypes(t *testing.T) {
	t.Parallel()
	spark := realSpark(t)
	df, err := spark.SQL(t.Context(), "SELECT 1 AS id, array(TIME'12:34:56') AS t")
	require.NoError(t, err)
	def, err := dataflow.SchemaOf(t.Context(), df)
	if strings.HasPrefix(spark.ServerVersion(), "4.0.") {
		var fault *component.SparkError
		require.ErrorAs(t, err, &fault)
		require.Equal(t, "UNSUPPORTED_TYPED_LITERAL", fault.Class)
		return
	}
	require.NoError(t, err)
	require.Equal(t, "id INT NOT NULL, t ARRAY<TIME(6)> NOT NULL", def.String())
	again, err := schema.Parse(def.String())
	require.NoError(t, err)
	require.Equal(t, schema.KindUnknown, again.Fields[1].Type.Elem.Kind)
	require.Equal(t, "TIME(6)", again.Fields[1].Type.Elem.Text)
}

func TestRealSchemaOfACommandDoesNotRunItAgain(t *testing.T) {
	t.Parallel()
	spark := realSpark(t)
	name := uniqueName("db")
	df, err := spark.SQL(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	t.Cleanup(func() { _ = spark.Exec(context.WithoutCancel(t.Context()), "DROP DATABASE IF EXISTS "+name) })
	for range 2 {
		def, err := dataflow.SchemaOf(t.Context(), df)
		require.NoError(t, err)
		require.Empty(t, def.Fields)
	}
	require.NoError(t, spark.Exec(t.Context(), "DROP DATABASE "+name))
}

// toJSON is the JSON form.
func toJSON(t testing.TB, def schema.Definition) string {
	t.Helper()
	data, err := def.JSON()
	require.NoError(t, err)
	require.True(t, json.Valid(data))
	return string(data)
}
