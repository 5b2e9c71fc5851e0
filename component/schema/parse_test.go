package schema_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

func TestParseType(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		want schema.DataType
		ddl  string // as printed; empty is the key in upper case
	}{
		"void":                             {want: schema.Null()},
		"boolean":                          {want: schema.Boolean()},
		"tinyint":                          {want: schema.Byte()},
		"byte":                             {want: schema.Byte(), ddl: "TINYINT"},
		"smallint":                         {want: schema.Short()},
		"SHORT":                            {want: schema.Short(), ddl: "SMALLINT"},
		"int":                              {want: schema.Integer()},
		"Integer":                          {want: schema.Integer(), ddl: "INT"},
		"bigint":                           {want: schema.Long()},
		"long":                             {want: schema.Long(), ddl: "BIGINT"},
		"float":                            {want: schema.Float()},
		"real":                             {want: schema.Float(), ddl: "FLOAT"},
		"double":                           {want: schema.Double()},
		"decimal":                          {want: schema.Decimal(10, 0), ddl: "DECIMAL(10,0)"},
		"dec(3)":                           {want: schema.Decimal(3, 0), ddl: "DECIMAL(3,0)"},
		"numeric ( 38 , 38 )":              {want: schema.Decimal(38, 38), ddl: "DECIMAL(38,38)"},
		"decimal(0)":                       {want: schema.Decimal(0, 0), ddl: "DECIMAL(0,0)"},
		"string":                           {want: schema.String()},
		"string collate utf8_binary":       {want: schema.String(), ddl: "STRING"},
		"string collate unicode_ai_ci":     {want: schema.Collated("UNICODE_CI_AI"), ddl: "STRING COLLATE UNICODE_CI_AI"},
		"string collate ZH_hant_twn_cs":    {want: schema.Collated("zh_Hant_TWN"), ddl: "STRING COLLATE zh_Hant_TWN"},
		"string collate utf8_binary_rtrim": {want: schema.Collated("UTF8_BINARY_RTRIM"), ddl: "STRING COLLATE UTF8_BINARY_RTRIM"},
		"string collate system.builtin.de": {want: schema.Collated("de"), ddl: "STRING COLLATE de"},
		"char(5)":                          {want: schema.Char(5)},
		"character(0)":                     {want: schema.Char(0), ddl: "CHAR(0)"},
		"varchar(2147483647)":              {want: schema.VarChar(2147483647)},
		"binary":                           {want: schema.Binary()},
		"date":                             {want: schema.Date()},
		"timestamp":                        {want: schema.Timestamp()},
		"timestamp_ltz":                    {want: schema.Timestamp(), ddl: "TIMESTAMP"},
		"timestamp with local time zone":   {want: schema.Timestamp(), ddl: "TIMESTAMP"},
		"timestamp_ntz":                    {want: schema.TimestampNTZ()},
		"timestamp without time zone":      {want: schema.TimestampNTZ(), ddl: "TIMESTAMP_NTZ"},
		"interval":                         {want: schema.CalendarInterval()},
		"interval year":                    {want: schema.YearMonthInterval(schema.IntervalYear, schema.IntervalYear)},
		"interval year to month":           {want: schema.YearMonthInterval(schema.IntervalYear, schema.IntervalMonth)},
		"interval day":                     {want: schema.DayTimeInterval(schema.IntervalDay, schema.IntervalDay)},
		"interval day\nto second":          {want: schema.DayTimeInterval(schema.IntervalDay, schema.IntervalSecond), ddl: "INTERVAL DAY TO SECOND"},
		"interval hour to minute":          {want: schema.DayTimeInterval(schema.IntervalHour, schema.IntervalMinute)},
		"variant":                          {want: schema.Variant()},
		"array<int>":                       {want: schema.ArrayOf(schema.Integer(), true)},
		"map<string, array<long>>": {
			want: schema.MapOf(schema.String(), schema.ArrayOf(schema.Long(), true), true),
			ddl:  "MAP<STRING, ARRAY<BIGINT>>",
		},
		"struct<>": {want: schema.StructOf()},
		"struct<a: int not null, b string comment 'x', struct struct<>>": {
			want: schema.StructOf(schema.Required("a", schema.Integer()),
				schema.Field{Name: "b", Type: schema.String(), Nullable: true, Metadata: `{"comment":"x"}`},
				schema.Nullable("struct", schema.StructOf())),
			ddl: "STRUCT<a: INT NOT NULL, b: STRING COMMENT 'x', struct: STRUCT<>>",
		},
		"time":            {want: schema.DataType{Text: "TIME(6)"}, ddl: "TIME(6)"},
		"time(3)":         {want: schema.DataType{Text: "TIME(3)"}},
		"geometry(4326)":  {want: schema.DataType{Text: "GEOMETRY(4326)"}},
		"geography( any)": {want: schema.DataType{Text: "GEOGRAPHY(ANY)"}, ddl: "GEOGRAPHY(ANY)"},
	}
	for text, tt := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, err := schema.ParseType(text)
			require.NoError(t, err)
			require.True(t, tt.want.Equal(got), "%#v", got)
			want := tt.ddl
			if want == "" {
				want = strings.ToUpper(text)
			}
			require.Equal(t, want, got.String())
		})
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                                      "",
		" /* nothing */\n":                      "",
		"struct<>":                              "",
		"STRUCT <a: int>":                       "a INT",
		"a int,b:string , c : double not null":  "a INT, b STRING, c DOUBLE NOT NULL",
		"a\u00a0int\u2028/* x /* y */ */":       "a INT",
		"a int -- one\n, b int --two":           "a INT, b INT",
		"select int, not int, comment int":      "select INT, not INT, comment INT",
		"collate string collate unicode":        "collate STRING COLLATE UNICODE",
		"interval interval, array array<int>":   "interval INTERVAL, array ARRAY<INT>",
		"`a b` int, `a``b` int, `` int, _1 int": "`a b` INT, `a``b` INT, `` INT, _1 INT",
		"1a int, 1e int, 0x1 int":               "`1a` INT, `1e` INT, `0x1` INT",
		"a int, A int, a int":                   "a INT, A INT, a INT",
		"a int comment ''":                      "a INT COMMENT ''",
		`a int comment "it's"`:                  `a INT COMMENT 'it\'s'`,
		`a int comment r'raw\n'`:                `a INT COMMENT 'raw\\n'`,
		`a int comment 'one''s ' 'own'`:         `a INT COMMENT 'one\'s own'`,
		`a int not null comment'x'`:             `a INT NOT NULL COMMENT 'x'`,
	}
	for ddl, want := range tests {
		t.Run(ddl, func(t *testing.T) {
			t.Parallel()
			got, err := schema.Parse(ddl)
			require.NoError(t, err)
			require.Equal(t, want, got.String())
			again, err := schema.Parse(got.String())
			require.NoError(t, err)
			require.True(t, got.Equal(again))
		})
	}
}

func TestParseUnescapesComments(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		`\n\t\r\b\0\Z`:        "\n\t\r\b\x00\x1a",
		`\\ \' \" \q`:         `\ ' " q`,
		`\% \_`:               `\% \_`,
		`\101 \177 \200 \08`:  "A \x7f 200 \x008",
		`\u0041 \U0001F600`:   "A 😀",
		`\uD83D\uDE00`:        "😀",
		`\uD83D x \U00110000`: "\ufffd x \ufffd",
		`\u12 \x41`:           "u12 x41",
		`é日😀`:                 "é日😀",
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, err := schema.Parse("a int comment '" + text + "'")
			require.NoError(t, err)
			require.Equal(t, want, got.Fields[0].Comment())
			again, err := schema.Parse(got.String())
			require.NoError(t, err)
			require.Equal(t, want, again.Fields[0].Comment())
		})
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"int":                           `column 4: expected a type, found the end`,
		"-- nothing":                    `column 11: expected a column name after the comment, found the end`,
		"a int,":                        `column 7: expected a column name, found the end`,
		"a int b int":                   `column 7: expected "," or the end after the column a, found "b"`,
		"a int;":                        `column 6: expected "," or the end after the column a, found ";"`,
		"a int,\n  é int":               `line 2, column 3: "é": a column name of more than ASCII letters, digits and _ stands in backquotes`,
		"a-b int":                       `column 2: "-": a column name of more than ASCII letters, digits and _ stands in backquotes`,
		"a.b int":                       `column 2: "."`,
		"'a' int":                       `column 1: a column name stands in backquotes, not in quotes`,
		"1 int":                         `column 1: "1" is a number; as a column name it stands in backquotes`,
		"12L int":                       `"12L" is a number`,
		"1e5f int":                      `"1e5f" is a number`,
		"a text":                        `column 3: Spark has no type "text"; it has STRING`,
		"a bool":                        `Spark has no type "bool"; it has BOOLEAN`,
		"a strng":                       `column 3: Spark has no type "strng"`,
		"a `int`":                       "column 3: expected a type, found `int`",
		"a ::int":                       `expected a type, found ":"`,
		"a int(3)":                      `column 6: INT takes no parameters`,
		"a string(3)":                   `STRING takes no length; use VARCHAR for a largest length`,
		"a timestamp(6)":                `TIMESTAMP takes no parameters`,
		"a double precision":            `found "precision"`,
		"a decimal(39)":                 `a DECIMAL has up to 38 digits, not 39`,
		"a decimal(5,6)":                `the scale 6 of a DECIMAL is greater than its precision 5`,
		"a decimal(1,2,3)":              `DECIMAL takes a precision and a scale, not 3 numbers`,
		"a decimal()":                   `column 11: expected a whole number, found ")"`,
		"a decimal(-1)":                 `expected a whole number, found "-"`,
		"a decimal(10L)":                `expected a whole number, found "10L"`,
		"a decimal(10":                  `expected "," or ")", found the end`,
		"a char":                        `CHAR needs its length, as in CHAR(10)`,
		"a varchar(1,2)":                `VARCHAR needs its length, as in VARCHAR(10)`,
		"a char(2147483648)":            `the number 2147483648 is too large`,
		"a string collate nope":         `column 18: Spark has no collation "nope"`,
		"a string collate de.de":        `Spark has no collation "de.de"`,
		"a string collate de_CI_CS":     `Spark has no collation`,
		"a string collate":              `expected the name of a collation, found the end`,
		"a string collate utf8_ai":      `Spark has no collation`,
		"a interval month to year":      `expected a smaller field of the interval than MONTH, found "year"`,
		"a interval day to day":         `expected a smaller field of the interval than DAY`,
		"a interval day(3)":             `DAY takes no parameters`,
		"a interval days":               `found "days"`,
		"a array":                       `expected "<" with the types in it after ARRAY, found the end`,
		"a array<>":                     `expected a type, found ">"`,
		"a array<int":                   `expected ">" at the end of ARRAY, found the end`,
		"a array<int not null>":         `expected ">" at the end of ARRAY, found "not"`,
		"a array<int>>":                 `expected "," or the end after the column a, found ">"`,
		"a map<int>":                    `expected "," and the type of the map's values, found ">"`,
		"a struct<b:int,>":              `expected a column name, found ">"`,
		"a struct<b int c int>":         `expected "," or ">" after the column b, found "c"`,
		"struct<a:int>, b int":          `expected the end after the type, found ","`,
		"a int default 3":               `DEFAULT belongs to a table and has no place in a schema`,
		"a int generated always as (1)": `GENERATED belongs to a table`,
		"a int null":                    `a column that does not say NOT NULL can be null`,
		"a int not":                     `expected NULL after NOT, found the end`,
		"a int comment 'x' not null":    `NOT NULL stands once, after the type and before COMMENT`,
		"a int comment null":            `expected a text in quotes after COMMENT, found "null"`,
		"a int comment 'x":              `column 15: the string is not closed`,
		"a `b int":                      `column 3: the backquote is not closed`,
		"a int /* b":                    `column 7: the comment is not closed`,
		"/*+ x */ a int":                `column 1: expected a column name, found "/"`,
		"a int\xff":                     `column 6: the text is not UTF-8`,
		"a time(7)":                     `TIME takes one precision, from 0 to 6`,
		"a geometry":                    `GEOMETRY needs its reference system, as in GEOMETRY(4326)`,
		"a timestamp with time zone":    `expected LOCAL, found "time"`,
	}
	for ddl, want := range tests {
		t.Run(ddl, func(t *testing.T) {
			t.Parallel()
			got, err := schema.Parse(ddl)
			require.ErrorContains(t, err, want)
			require.Empty(t, got.Fields)
			var fault *schema.ParseError
			require.True(t, errors.As(err, &fault))
		})
	}
}

func TestParseLimitsTheDepth(t *testing.T) {
	t.Parallel()
	nested := func(n int) string { return strings.Repeat("array<", n) + "int" + strings.Repeat(">", n) }
	_, err := schema.ParseType(nested(499))
	require.NoError(t, err)
	_, err = schema.ParseType(nested(100_000))
	require.ErrorContains(t, err, "types are nested more than 500 deep")
}

func FuzzParse(f *testing.F) {
	for _, ddl := range []string{
		"", "a int", "a: struct<b: map<string, array<decimal(10,2)>> not null comment 'x\\'y'>, `q``` time(3)",
		"a interval day to second, b interval year, c char(3) collate unicode_ci", "struct<a:int>", "a int 'x",
		"a geometry(any) comment '\\u0041\\177' -- end", "a int /* */ , 1e int", "é int", "`\x00` void",
	} {
		f.Add(ddl)
	}
	f.Fuzz(func(t *testing.T, ddl string) {
		def, err := schema.Parse(ddl)
		if err != nil {
			var fault *schema.ParseError
			require.ErrorAs(t, err, &fault)
			require.Positive(t, fault.Line)
			require.Positive(t, fault.Column)
			return
		}
		again, err := schema.Parse(def.String())
		require.NoError(t, err, def.String())
		require.True(t, def.Equal(again), "%s\n%s", def, again)
		data, err := def.JSON()
		require.NoError(t, err)
		again, err = schema.ParseJSON(data)
		require.NoError(t, err, "%s", data)
		require.True(t, def.Equal(again), "%s\n%s", def, again)
	})
}
