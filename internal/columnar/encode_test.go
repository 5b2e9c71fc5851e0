package columnar_test

import (
	stdsql "database/sql"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow/value"
	"github.com/sparkpipe/sparkpipe/internal/columnar"
)

// encode gives the rows as JSON, and the schema that they got.
func encode(t testing.TB, def *schema.Definition, rows any) (string, schema.Definition, error) {
	t.Helper()
	list := reflect.ValueOf(rows)
	enc, err := columnar.NewEncoder(list.Type().Elem(), def)
	if err != nil {
		return "", schema.Definition{}, err
	}
	defer enc.Release()
	for i := range list.Len() {
		if err := enc.Append(list.Index(i)); err != nil {
			return "", schema.Definition{}, err
		}
	}
	require.Equal(t, list.Len(), enc.Rows())
	rec := enc.Record()
	defer rec.Release()
	require.Zero(t, enc.Rows())
	require.Zero(t, enc.Size())
	require.True(t, rec.Schema().Equal(enc.Schema()))
	text, err := rec.MarshalJSON()
	require.NoError(t, err)
	return string(text), enc.Definition(), nil
}

func parsed(t testing.TB, ddl string) *schema.Definition {
	t.Helper()
	def, err := schema.Parse(ddl)
	require.NoError(t, err)
	return &def
}

type named int32

type base struct {
	ID   int64 `spark:"id"`
	Note *string
}

type Other struct{ Extra string }

type embedding struct {
	base
	*Other
	Kind   named
	hidden int
	Skip   int `spark:"-"`
}

func TestEncodeDerivesTheSchema(t *testing.T) {
	t.Parallel()
	note := "n"
	for name, test := range map[string]struct {
		rows any
		ddl  string
		json string
	}{
		"numbers": {
			[]struct {
				A int8
				B int16
				C int32
				D int64
				E int
				F uint8
				G uint16
				H uint32
				I uint64
				J uint
			}{{-1, -2, -3, -4, -5, 255, 65535, math.MaxUint32, math.MaxInt64, 7}},
			"A TINYINT, B SMALLINT, C INT, D BIGINT, E BIGINT, F SMALLINT, G INT, H BIGINT, I BIGINT, J BIGINT",
			`[{"A":-1,"B":-2,"C":-3,"D":-4,"E":-5,"F":255,"G":65535,"H":4294967295,"I":9223372036854775807,"J":7}]`,
		},
		"embedded": {
			[]embedding{{base: base{ID: 1, Note: &note}, Other: &Other{"x"}, Kind: 2, hidden: 3}, {}},
			"id BIGINT, Note STRING, Extra STRING, Kind INT",
			`[{"Extra":"x","Kind":2,"Note":"n","id":1},{"Extra":null,"Kind":0,"Note":null,"id":0}]`,
		},
		"pointers to rows": {[]*Other{{"a"}}, "Extra STRING", `[{"Extra":"a"}]`},
		"single values":    {[]string{"a", ""}, "value STRING", `[{"value":"a"},{"value":""}]`},
		"single times":     {[]time.Time{time.Unix(0, 1999).UTC()}, "value TIMESTAMP", `[{"value":"1970-01-01 00:00:00.000001Z"}]`},
		"single pointers":  {[]*bool{nil}, "value BOOLEAN", `[{"value":null}]`},
		"texts":            {[]netip.Addr{netip.MustParseAddr("::1")}, "value STRING", `[{"value":"::1"}]`},
		"bytes":            {[][2]byte{{1, 2}}, "value BINARY", `[{"value":"AQI="}]`},
		"nulls of SQL": {
			[]struct {
				A stdsql.NullInt32
				B stdsql.Null[value.Date]
			}{{}, {stdsql.NullInt32{Int32: 3, Valid: true}, stdsql.Null[value.Date]{V: value.Date{Year: 1969, Month: 12, Day: 31}, Valid: true}}},
			"A INT, B DATE", `[{"A":null,"B":null},{"A":3,"B":"1969-12-31"}]`,
		},
		"decimals": {
			[]struct {
				A value.Decimal `spark:"a,decimal(5,2)"`
				B value.Decimal
				C *big.Int
				D big.Rat
				E int64           `spark:"e,decimal(4,1)"`
				F []value.Decimal `spark:"f,decimal(3,3)"`
			}{{"-1.5", "+00.10", big.NewInt(-9), *big.NewRat(1, 4), 12, []value.Decimal{".5"}}},
			"a DECIMAL(5,2), B DECIMAL(38,18), C DECIMAL(38,0), D DECIMAL(38,18), e DECIMAL(4,1), f ARRAY<DECIMAL(3,3)>",
			`[{"B":"0.1","C":"-9","D":"0.25","a":"-1.5","e":"12","f":["0.5"]}]`,
		},
		"nested": {
			[]struct {
				L []map[string]*int8
				S struct{ X []byte }
				E []string
			}{{[]map[string]*int8{{"b": nil, "a": new(int8)}, nil}, struct{ X []byte }{[]byte{0}}, []string{}}, {}},
			"L ARRAY<MAP<STRING, TINYINT>>, S STRUCT<X: BINARY>, E ARRAY<STRING>",
			`[{"E":[],"L":[[{"key":"a","value":0},{"key":"b","value":null}],null],"S":{"X":"AA=="}},{"E":null,"L":null,"S":{"X":null}}]`,
		},
		"intervals": {
			[]struct {
				A time.Duration
				B value.YearMonthInterval
				C value.DayTimeInterval
			}{{-1500 * time.Nanosecond, -13, 5}},
			"A INTERVAL DAY TO SECOND, B INTERVAL YEAR TO MONTH, C INTERVAL DAY TO SECOND", `[{"A":"-1us","B":{"months":-13},"C":"5us"}]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, def, err := encode(t, nil, test.rows)
			require.NoError(t, err)
			require.Equal(t, test.ddl, def.String())
			require.JSONEq(t, test.json, got)
		})
	}
}

func TestEncodeIntoAGivenSchema(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("", 3600)
	at := time.Date(2020, 1, 1, 0, 30, 0, 0, berlin)
	for name, test := range map[string]struct {
		ddl  string
		rows any
		json string
	}{
		"narrower integers":    {"a TINYINT, b DOUBLE, c DECIMAL(3,1)", []struct{ A, B, C int }{{-128, 1 << 53, 99}}, `[{"a":-128,"b":9007199254740992,"c":"99"}]`},
		"times":                {"a TIMESTAMP, b TIMESTAMP_NTZ, c DATE", []struct{ A, B, C time.Time }{{at, at, at}}, `[{"a":"2019-12-31 23:30:00Z","b":"2020-01-01 00:30:00Z","c":"2020-01-01"}]`},
		"order and case":       {"user_name STRING, ID INT", []struct{ Id, UserName any }{{1, "x"}, {int8(2), nil}}, `[{"ID":1,"user_name":"x"},{"ID":2,"user_name":null}]`},
		"lengths":              {"a CHAR(2), b VARCHAR(2)", []struct{ A, B string }{{"üü", "a"}}, `[{"a":"üü","b":"a"}]`},
		"values in order":      {"a INT, b ARRAY<STRING>, c VOID", [][]any{{1, []any{"x", nil}, nil}}, `[{"a":1,"b":["x",null],"c":null}]`},
		"values by name":       {"a INT, b STRUCT<x: INT>", []map[string]any{{"a": 1, "b": map[string]any{"x": int64(2)}}, {}}, `[{"a":1,"b":{"x":2}},{"a":null,"b":null}]`},
		"rows":                 {"a INT, b STRUCT<x: INT>", []value.Row{value.NewRow([]string{"p", "q"}, []any{1, value.NewRow([]string{"x"}, []any{2})})}, `[{"a":1,"b":{"x":2}}]`},
		"keys of any type":     {"a MAP<BIGINT, BINARY>", []struct{ A map[any]any }{{map[any]any{1: []byte{1}, int8(0): nil}}}, `[{"a":[{"key":0,"value":null},{"key":1,"value":"AQ=="}]}]`},
		"binary keys":          {"a MAP<BINARY, INT>", []struct{ A map[string]int }{{map[string]int{"\x01": 1}}}, `[{"a":[{"key":"AQ==","value":1}]}]`},
		"keys of a named type": {"a MAP<BINARY, INT>", []struct{ A map[any]int }{{map[any]int{"\xff": 1}}}, `[{"a":[{"key":"/w==","value":1}]}]`},
		"names twice":          {"a INT, A INT, a INT", [][]any{{1, 2, 3}}, ``},
		"names by case": {"a INT, A INT", []struct {
			X int `spark:"a"`
			Y int `spark:"A"`
		}{{1, 2}}, `[{"a":1,"A":2}]`},
		"last microseconds": {"a TIMESTAMP, b TIMESTAMP_NTZ", []struct{ A, B time.Time }{
			{time.UnixMicro(math.MaxInt64), time.UnixMicro(math.MinInt64).UTC()}, {time.UnixMicro(math.MinInt64), time.UnixMicro(math.MaxInt64).UTC()},
		}, ``},
		"parts of intervals": {"a INTERVAL DAY, b INTERVAL HOUR TO MINUTE, c INTERVAL YEAR, d INTERVAL MONTH", []struct {
			A, B time.Duration
			C, D value.YearMonthInterval
		}{{48 * time.Hour, -61 * time.Minute, -24, 13}}, `[{"a":"172800000000us","b":"-3660000000us","c":{"months":-24},"d":{"months":13}}]`},
		"calendar intervals": {"a INTERVAL", []*value.CalendarInterval{{Months: 14, Days: -3, Microseconds: 5}, nil},
			`[{"a":{"months":14,"days":-3,"nanoseconds":5000}},{"a":null}]`},
		"not null":           {"a INT NOT NULL", []*struct{ A int }{{1}}, `[{"a":1}]`},
		"one value":          {"a DATE", []any{value.Date{Year: 2000, Month: 1, Day: 1}, nil}, `[{"a":"2000-01-01"},{"a":null}]`},
		"floats":             {"a FLOAT", []float64{math.Inf(1), 0.1}, ``},
		"variant":            {"a VARIANT", []*value.Variant{{Metadata: []byte{1}, Value: []byte{2}}, nil}, `[{"a":{"metadata":"AQ==","value":"Ag=="}},{"a":null}]`},
		"decimals":           {"a DECIMAL(38,0)", []value.Decimal{"-99999999999999999999999999999999999999", "0.000", "-0"}, `[{"a":"-99999999999999999999999999999999999999"},{"a":"0"},{"a":"0"}]`},
		"decimals that fill": {"a DECIMAL(38,38)", []value.Decimal{"0.99999999999999999999999999999999999999", "-.00000000000000000000000000000000000001"}, ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := encode(t, parsed(t, test.ddl), test.rows)
			require.NoError(t, err)
			if test.json != "" {
				require.JSONEq(t, test.json, got)
			}
		})
	}
}

func TestValuesThatCannotBeEncoded(t *testing.T) {
	t.Parallel()
	type nested struct{ Items []struct{ Price int } }
	for name, test := range map[string]struct {
		ddl  string
		rows any
		want string
	}{
		"too large an unsigned":  {"", []uint64{1, math.MaxUint64}, `row 1: column "value": 18446744073709551615 is more than 9223372036854775807, the largest BIGINT`},
		"too large":              {"a TINYINT", []struct{ A int }{{128}}, `row 0: column "a" (field A): 128 is out of the range of TINYINT, which goes from -128 to 127`},
		"too small":              {"a INT", []struct{ A int64 }{{math.MinInt32 - 1}}, "which goes from -2147483648 to 2147483647"},
		"deep":                   {"Items ARRAY<STRUCT<Price: TINYINT>>", []nested{{[]struct{ Price int }{{1}, {1000}}}}, `row 0: column "Items": element 1: column "Price": 1000 is out of the range`},
		"map entry":              {"a MAP<STRING, TINYINT>", []struct{ A map[string]int }{{map[string]int{"k": 200}}}, `map entry k: 200 is out of the range`},
		"float":                  {"a FLOAT", []float64{1e300}, "1e+300 is out of the range of FLOAT"},
		"inexact double":         {"a DOUBLE", []int64{1<<53 + 1}, "has more digits than DOUBLE holds exactly"},
		"inexact double, signed": {"a DOUBLE", []uint64{1<<53 + 1}, "has more digits than DOUBLE holds exactly"},
		"null":                   {"a INT NOT NULL", []struct{ A *int }{{}}, `row 0: column "a" (field A): it is null and the schema says NOT NULL`},
		"null in any":            {"a INT NOT NULL", []any{nil}, "NOT NULL"},
		"null in sql.Null":       {"a INT NOT NULL", []stdsql.NullInt32{{}}, "NOT NULL"},
		"null slice":             {"a ARRAY<INT> NOT NULL", [][][]int{{nil}}[0], "NOT NULL"},
		"null bytes":             {"a BINARY NOT NULL", [][]byte{nil}, "NOT NULL"},
		"null map key":           {"a MAP<INT, INT>", []map[*int]int{{nil: 1}}, "a map key is null"},
		"nil row":                {"", []*struct{ A int }{nil}, "row 0: the pointer is nil"},
		"decimal too fine":       {"a DECIMAL(4,2)", []value.Decimal{"1.005"}, "more than 2 decimals, the scale of DECIMAL(4,2)"},
		"decimal too large":      {"a DECIMAL(4,2)", []value.Decimal{"100"}, "more than 2 digits before the point"},
		"decimal of 39 digits":   {"a DECIMAL(38,0)", []value.Decimal{"100000000000000000000000000000000000000"}, "more than 38 digits"},
		"decimal text":           {"a DECIMAL(4,2)", []value.Decimal{"1e3"}, `"1e3" is not a decimal number`},
		"decimal of nothing":     {"a DECIMAL(4,2)", []value.Decimal{""}, `"" is not a decimal number`},
		"decimal of a point":     {"a DECIMAL(4,2)", []value.Decimal{"-."}, `is not a decimal number`},
		"decimal of two points":  {"a DECIMAL(4,2)", []value.Decimal{"1.2.3"}, `is not a decimal number`},
		"big too large":          {"", []*big.Int{new(big.Int).Lsh(big.NewInt(1), 130)}, "more than 38 digits"},
		"rat too fine":           {"", []*big.Rat{big.NewRat(1, 3)}, "more than 18 decimals"},
		"rat too large":          {"", []*big.Rat{new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 200))}, "more than 20 digits before the point"},
		"time too far, last":     {"", []time.Time{time.UnixMicro(math.MaxInt64).Add(time.Microsecond)}, "out of the range of TIMESTAMP"},
		"time too far, first":    {"", []time.Time{time.UnixMicro(math.MinInt64).Add(-time.Microsecond)}, "out of the range of TIMESTAMP"},
		"hours in days":          {"a INTERVAL DAY", []time.Duration{-25 * time.Hour}, "the interval -1 01:00:00 has smaller parts than INTERVAL DAY"},
		"seconds in minutes":     {"a INTERVAL DAY TO MINUTE", []value.DayTimeInterval{60_000_001}, "has smaller parts than INTERVAL DAY TO MINUTE"},
		"months in years":        {"a INTERVAL YEAR", []value.YearMonthInterval{13}, "the interval 1-1 has smaller parts than INTERVAL YEAR"},
		"calendar too long":      {"", []value.CalendarInterval{{Microseconds: math.MaxInt64 / 999}}, "more than 292 years"},
		"no date":                {"", []value.Date{{Year: 2023, Month: 2, Day: 30}}, "there is no date 2023-02-30"},
		"time too far":           {"", []time.Time{time.Unix(math.MaxInt64/1_000_000+1, 0)}, "out of the range of TIMESTAMP"},
		"empty variant":          {"", []value.Variant{{}}, "the variant is empty"},
		"text too long":          {"a VARCHAR(2)", []string{"abc"}, "the text has 3 characters, too many for VARCHAR(2)"},
		"any of a wrong type":    {"a INT", []any{1, "x"}, `row 1: column "a": values of the Go type string cannot become INT`},
		"too few values":         {"a INT, b INT", [][]any{{1}}, "row 0: it has 1 values and the schema 2 columns"},
		"unknown key":            {"a INT, b INT", []map[string]any{{"a": 1, "c": 2}}, `there is no column for the key "c"; the columns are a, b`},
		"nil map":                {"a INT, b INT", []map[string]any{nil}, "the map is nil"},
		"void":                   {"a VOID", []any{1}, "values of the Go type int cannot become VOID"},
		"text that fails":        {"", []badText{{}}, "sql: no rows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var def *schema.Definition
			if test.ddl != "" {
				def = parsed(t, test.ddl)
			}
			_, _, err := encode(t, def, test.rows)
			require.ErrorContains(t, err, test.want)
		})
	}
}

type badText struct{ _ int }

func (badText) MarshalText() ([]byte, error) { return nil, errText }

var errText = stdsql.ErrNoRows

type endless struct{ Next *endless }

func TestTypesThatCannotBeEncoded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ddl  string
		row  reflect.Type
		want string
	}{
		"channel":      {"", reflect.TypeFor[struct{ C chan int }](), "field C: the Go type chan int has no Spark type"},
		"function":     {"", reflect.TypeFor[func()](), "has no Spark type"},
		"complex":      {"", reflect.TypeFor[[]complex64](), "elements: the Go type complex64 has no Spark type"},
		"any":          {"", reflect.TypeFor[struct{ A any }](), "does not tell a Spark type; give a schema"},
		"map key":      {"", reflect.TypeFor[map[any]int](), "map keys: the Go type interface {} does not tell"},
		"endless":      {"", reflect.TypeFor[endless](), "contains itself"},
		"empty struct": {"", reflect.TypeFor[struct{}](), "has no exported fields"},
		"decimal text": {"", reflect.TypeFor[struct {
			A string `spark:"a,decimal(3,1)"`
		}](), "cannot be a DECIMAL; use value.Decimal"},
		"same name": {"", reflect.TypeFor[struct {
			A int
			B int `spark:"a"`
		}](), `the columns "A" and "a" have the same name to Spark`},
		"wrong tag": {"", reflect.TypeFor[struct {
			A int `spark:"a,decimal(99,1)"`
		}](), "is no type; write decimal(precision,scale)"},
		"no field":         {"A INT, b INT", reflect.TypeFor[struct{ A int }](), `the column "b" has no field`},
		"no column":        {"A INT", reflect.TypeFor[struct{ A, B int }](), "there is no column for the field B"},
		"wrong type":       {"A INT", reflect.TypeFor[struct{ A string }](), `column "A" (field A): values of the Go type string cannot become INT`},
		"float to int":     {"A INT", reflect.TypeFor[float64](), "values of the Go type float64 cannot become INT"},
		"int to text":      {"A STRING", reflect.TypeFor[int](), "cannot become STRING"},
		"duration to long": {"A BIGINT", reflect.TypeFor[time.Duration](), "cannot become BIGINT"},
		"decimal to text":  {"A STRING", reflect.TypeFor[value.Decimal](), "cannot become STRING"},
		"value to list":    {"A ARRAY<INT>", reflect.TypeFor[int](), "cannot become ARRAY<INT>"},
		"value to map":     {"A MAP<INT, INT>", reflect.TypeFor[[]int](), "cannot become MAP<INT, INT>"},
		"value to struct":  {"A STRUCT<x: INT>", reflect.TypeFor[int](), "cannot become STRUCT<x: INT>"},
		"many columns":     {"A INT, B INT", reflect.TypeFor[int](), "the schema has 2 columns and a row is one value"},
		"elements":         {"A ARRAY<INT>", reflect.TypeFor[[]string](), "elements: values of the Go type string"},
		"keys":             {"A MAP<INT, INT>", reflect.TypeFor[map[string]int](), "map keys: values of the Go type string"},
		"twice in a map":   {"a INT, a INT", reflect.TypeFor[map[string]any](), `two columns have the name "a", which a map cannot keep apart`},
		"twice for fields": {"a INT, a INT", reflect.TypeFor[struct{ A int }](), "fits the columns"},
		"text to bytes":    {"A BINARY", reflect.TypeFor[string](), "values of the Go type string cannot become BINARY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var def *schema.Definition
			if test.ddl != "" {
				def = parsed(t, test.ddl)
			}
			_, err := columnar.NewEncoder(test.row, def)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestSchemasThatNothingCanBeSentOf(t *testing.T) {
	t.Parallel()
	deep := schema.Integer()
	for range 80 {
		deep = schema.ArrayOf(deep, true)
	}
	for want, typ := range map[string]schema.DataType{
		"nested more than":   deep,
		"lacks the type":     {Kind: schema.KindArray},
		"cannot be sent":     {Kind: schema.KindUnknown, Text: "time(6)"},
		"there is no type":   schema.Decimal(40, 1),
		"from 1 to 38":       schema.Decimal(0, 0),
		"the precision goes": schema.Decimal(3, 4),
	} {
		_, err := columnar.ArrowSchema(schema.New(schema.Required("c", typ)))
		require.ErrorContains(t, err, want)
		require.True(t, strings.HasPrefix(err.Error(), `column "c": `), err)
	}
	_, err := columnar.ArrowSchema(schema.Definition{})
	require.ErrorContains(t, err, "has no columns")
}

func TestSizesAreAboutRight(t *testing.T) {
	t.Parallel()
	enc, err := columnar.NewEncoder(reflect.TypeFor[[]string](), nil)
	require.NoError(t, err)
	defer enc.Release()
	for range 100 {
		require.NoError(t, enc.Append(reflect.ValueOf([]string{strings.Repeat("x", 1000), "y"})))
	}
	require.InDelta(t, 100_000, enc.Size(), 5000)
	rec := enc.Record()
	defer rec.Release()
	require.InDelta(t, 100_000, columnar.SizeOf(rec), 5000)
	half := rec.NewSlice(0, 50)
	defer half.Release()
	require.InDelta(t, 50_000, columnar.SizeOf(half), 2500)
}

func TestDefinitionsOfArrow(t *testing.T) {
	t.Parallel()
	def := parsed(t, "a BIGINT, b ARRAY<STRUCT<x: DECIMAL(10,2), v: VARIANT>>, c MAP<STRING, TIMESTAMP>, d TIMESTAMP_NTZ, e INTERVAL DAY TO SECOND, f INTERVAL YEAR TO MONTH, g VOID, h DATE")
	arrowSchema, err := columnar.ArrowSchema(*def)
	require.NoError(t, err)
	got, err := columnar.DefinitionOfArrow(arrowSchema)
	require.NoError(t, err)
	require.Equal(t, columnar.Sent(*def).String(), got.String())
	require.NoError(t, columnar.CheckArrow(*parsed(t, "a BIGINT NOT NULL, b ARRAY<STRUCT<x: DECIMAL(10,2) NOT NULL, v: VARIANT>>, c MAP<STRING COLLATE UNICODE, TIMESTAMP>, d TIMESTAMP_NTZ, e INTERVAL HOUR, f INTERVAL YEAR, g VOID, h DATE"), arrowSchema))
	for ddl, want := range map[string]string{
		"a INT": "has 1 columns and the Arrow data 8",
		"x BIGINT, b INT, c INT, d INT, e INT, f INT, g INT, h INT": `column 0 is "x" in the schema and "a" in the Arrow data`,
		"a INT, b INT, c INT, d INT, e INT, f INT, g INT, h INT":    `column "a" is INT in the schema and BIGINT in the Arrow data`,
	} {
		require.ErrorContains(t, columnar.CheckArrow(*parsed(t, ddl), arrowSchema), want)
	}
	for want, typ := range map[string]arrow.DataType{
		"no time that Spark takes":                         arrow.FixedWidthTypes.Timestamp_ns,
		"no duration that Spark takes":                     arrow.FixedWidthTypes.Duration_s,
		"the Arrow type uint8 is not one that Spark takes": arrow.PrimitiveTypes.Uint8,
		"the Arrow type dictionary":                        &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String},
		"the Arrow type float16":                           arrow.FixedWidthTypes.Float16,
	} {
		_, err := columnar.DefinitionOfArrow(arrow.NewSchema([]arrow.Field{{Name: "c", Type: arrow.ListOf(typ)}}, nil))
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, `column "c"`)
	}
	_, err = columnar.DefinitionOfArrow(arrow.NewSchema(nil, nil))
	require.ErrorContains(t, err, "no columns")
}

func TestTimesThatAreSentAreTheTimesThatWere(t *testing.T) {
	t.Parallel()
	for _, micros := range []int64{math.MinInt64, math.MinInt64 + 224192, math.MinInt64 + 1_000_000, -1, 0, 1, -62135596800000000, 253402300799999999, math.MaxInt64} {
		enc, err := columnar.NewEncoder(reflect.TypeFor[time.Time](), nil)
		require.NoError(t, err)
		require.NoError(t, enc.Append(reflect.ValueOf(time.UnixMicro(micros))))
		rec := enc.Record()
		got, err := decode[time.Time](t, rec)
		require.NoError(t, err)
		require.Equal(t, []time.Time{time.UnixMicro(micros).UTC()}, got)
		rec.Release()
		enc.Release()
	}
}

func TestCasts(t *testing.T) {
	t.Parallel()
	for ddl, want := range map[string]string{
		"a INTERVAL DAY":                   "INTERVAL DAY",
		"a INTERVAL DAY TO SECOND":         "",
		"a INTERVAL YEAR TO MONTH":         "",
		"a INTERVAL":                       "",
		"a CHAR(3)":                        "CHAR(3)",
		"a CHAR(3) COLLATE UNICODE_CI":     "",
		"a MAP<VARCHAR(2), INTERVAL YEAR>": "MAP<VARCHAR(2), INTERVAL YEAR>",
		"a ARRAY<STRUCT<x: INTERVAL HOUR NOT NULL, y: CHAR(2) COLLATE DE>>": "ARRAY<STRUCT<x: INTERVAL HOUR, y: STRING COLLATE de>>",
		"a ARRAY<STRUCT<x: STRING NOT NULL>>":                               "",
	} {
		cast, needed := columnar.CastOf(parsed(t, ddl).Fields[0].Type)
		require.Equal(t, want != "", needed, ddl)
		if needed {
			require.Equal(t, want, cast.String(), ddl)
		}
	}
}
