package schema_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		field schema.Field
		want  string
	}{
		"simple types": {
			field: schema.Required("a", schema.Byte()),
			want:  `{"metadata":{},"name":"a","nullable":false,"type":"byte"}`,
		},
		"parameters": {
			field: schema.Nullable("a", schema.StructOf(schema.Nullable("b", schema.Decimal(10, 2)), schema.Nullable("c", schema.Char(3)),
				schema.Nullable("d", schema.DayTimeInterval(schema.IntervalDay, schema.IntervalSecond)),
				schema.Nullable("e", schema.CalendarInterval()), schema.Nullable("f", schema.Null()))),
			want: `{"metadata":{},"name":"a","nullable":true,"type":{"fields":[` +
				`{"metadata":{},"name":"b","nullable":true,"type":"decimal(10,2)"},` +
				`{"metadata":{},"name":"c","nullable":true,"type":"char(3)"},` +
				`{"metadata":{},"name":"d","nullable":true,"type":"interval day to second"},` +
				`{"metadata":{},"name":"e","nullable":true,"type":"interval"},` +
				`{"metadata":{},"name":"f","nullable":true,"type":"void"}],"type":"struct"}}`,
		},
		"nullability inside": {
			field: schema.Nullable("a", schema.MapOf(schema.String(), schema.ArrayOf(schema.Integer(), false), true)),
			want: `{"metadata":{},"name":"a","nullable":true,"type":{"keyType":"string","type":"map","valueContainsNull":true,` +
				`"valueType":{"containsNull":false,"elementType":"integer","type":"array"}}}`,
		},
		"collations": {
			field: schema.Nullable("m", schema.MapOf(schema.Collated("de"), schema.ArrayOf(schema.Collated("UTF8_LCASE"), true), true)),
			want: `{"metadata":{"__COLLATIONS":{"m.key":"icu.de","m.value.element":"spark.UTF8_LCASE"}},"name":"m","nullable":true,` +
				`"type":{"keyType":"string","type":"map","valueContainsNull":true,` +
				`"valueType":{"containsNull":true,"elementType":"string","type":"array"}}}`,
		},
		"metadata": {
			field: schema.Field{Name: "a", Type: schema.String(), Metadata: `{"z":1.50,"a":[12345678901234567890],"__CHAR_VARCHAR_TYPE_STRING":"char(5)","h":"<&>"}`},
			want: `{"metadata":{"__CHAR_VARCHAR_TYPE_STRING":"char(5)","a":[12345678901234567890],"h":"<&>","z":1.50},` +
				`"name":"a","nullable":false,"type":"string"}`,
		},
		"user-defined types": {
			field: schema.Nullable("p", schema.DataType{
				Kind: schema.KindUDT, UDT: "org.example.Point", PythonUDT: "example.Point", PythonCode: "Z0A=",
				Elem: &schema.DataType{Kind: schema.KindArray, Elem: &schema.DataType{Kind: schema.KindDouble}},
			}),
			want: `{"metadata":{},"name":"p","nullable":true,"type":{"class":"org.example.Point","pyClass":"example.Point",` +
				`"serializedClass":"Z0A=","sqlType":{"containsNull":false,"elementType":"double","type":"array"},"type":"udt"}}`,
		},
		"types of later versions": {
			field: schema.Nullable("t", schema.DataType{Text: "TIME(3)"}),
			want:  `{"metadata":{},"name":"t","nullable":true,"type":"time(3)"}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			def := schema.New(tt.field)
			data, err := def.JSON()
			require.NoError(t, err)
			require.Equal(t, `{"fields":[`+tt.want+`],"type":"struct"}`, string(data))
			again, err := schema.ParseJSON(data)
			require.NoError(t, err)
			require.True(t, def.Equal(again), "%#v", again)
		})
	}
}

func TestJSONRefusesWhatHasNoForm(t *testing.T) {
	t.Parallel()
	tests := map[string]schema.Field{
		"fields[0].metadata of a: not JSON":          {Name: "a", Type: schema.Long(), Metadata: "{"},
		"fields[0].metadata of a: not a JSON object": {Name: "a", Type: schema.Long(), Metadata: "[]"},
		"fields[0].type: the type is empty":          {Name: "a"},
		"fields[0].type.elementType is missing":      {Name: "a", Type: schema.DataType{Kind: schema.KindArray}},
		"fields[0].type.keyType is missing":          {Name: "a", Type: schema.DataType{Kind: schema.KindMap}},
	}
	for want, field := range tests {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			_, err := schema.New(field).JSON()
			require.ErrorContains(t, err, want)
		})
	}
}

func TestParseJSONTakesOtherSpellings(t *testing.T) {
	t.Parallel()
	def, err := schema.ParseJSON([]byte(` {"type":"struct", "fields":[{"name":"a","type":"null"},{"name":"b","type":"timestamp_ltz","nullable":false,
		"metadata":null},{"name":"c","type":"decimal"},{"name":"d","type":"string","metadata":{"__COLLATIONS":{"d":"icu.UNICODE_CI"},"k":1}}]} `))
	require.NoError(t, err)
	require.Equal(t, "a VOID, b TIMESTAMP NOT NULL, c DECIMAL(10,0), d STRING COLLATE UNICODE_CI", def.String())
	require.Equal(t, `{"k":1}`, def.Fields[3].Metadata)
}

func TestParseJSONErrors(t *testing.T) {
	t.Parallel()
	field := func(typ string) string {
		return `{"type":"struct","fields":[{"name":"a","type":"long"},{"name":"b","type":` + typ + `}]}`
	}
	tests := map[string]string{
		``:                                    `unexpected EOF`,
		`{`:                                   `unexpected EOF`,
		`{} {}`:                               `more text follows the JSON value`,
		`"long"`:                              `a schema is a struct, not BIGINT`,
		`[]`:                                  `a type is a text or an object, not a list`,
		`{}`:                                  `the key "type" is missing`,
		`{"type":"struct"}`:                   `the key "fields" is missing`,
		`{"type":"sct","fields":1}`:           `type: an object is a struct, an array, a map or a udt, not "sct"`,
		`{"type":"struct","fields":[],"x":1}`: `unknown key "x"; the keys here are type, fields`,
		`{"type":"struct","fields":{}}`:       `fields: not a list`,
		`{"type":"struct","fields":["a"]}`:    `fields[0]: a field is an object, not a text`,
		`{"type":"struct","fields":[{"type":"long"}]}`:                                                       `fields[0]: the key "name" is missing`,
		`{"type":"struct","fields":[{"name":1,"type":"long"}]}`:                                              `fields[0].name: not a text but a number`,
		`{"type":"struct","fields":[{"name":"a","type":"long","nullable":"no"}]}`:                            `fields[0].nullable: not true or false but a text`,
		`{"type":"struct","fields":[{"name":"a","type":"long","metadata":[]}]}`:                              `fields[0].metadata: not an object`,
		`{"type":"struct","fields":[{"name":"a","type":"long","nulable":true}]}`:                             `unknown key "nulable"`,
		`{"type":"struct","fields":[{"name":"a","type":"long","metadata":{"__COLLATIONS":{"a":"icu.de"}}}]}`: `it names a part of the column that is not a string`,
		field(`"bigint"`):        `fields[1].type: Spark's JSON has no type "bigint"; it has "long"`,
		field(`"strng"`):         `fields[1].type: Spark's JSON has no type "strng"`,
		field(`"decimal(40,2)"`): `fields[1].type: the type "decimal(40,2)": a DECIMAL has up to 38 digits, not 40`,
		field(`true`):            `fields[1].type: a type is a text or an object, not a bool`,
		field(`{"type":"array","elementType":"int"}`):                                                                   `fields[1].type.elementType: Spark's JSON has no type "int"; it has "integer"`,
		field(`{"type":"array","elementType":"long"}`):                                                                  `fields[1].type: the key "containsNull" is missing`,
		field(`{"type":"map","keyType":"long","valueType":null,"valueContainsNull":true}`):                              `fields[1].type.valueType: a type is a text or an object, not null`,
		strings.Repeat(`{"type":"array","containsNull":true,"elementType":`, 600) + `"long"` + strings.Repeat(`}`, 600): `types are nested more than 500 deep`,
	}
	for data, want := range tests {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			_, err := schema.ParseJSON([]byte(data))
			require.ErrorContains(t, err, "parse the JSON of a schema: ")
			require.ErrorContains(t, err, want)
		})
	}
}

func TestMetadataAreEqualAsJSON(t *testing.T) {
	t.Parallel()
	with := func(metadata string) schema.Field {
		return schema.Field{Name: "a", Type: schema.Long(), Metadata: metadata}
	}
	require.True(t, with("").Equal(with("{}")))
	require.True(t, with(`{"a":1,"b":"é"}`).Equal(with(`{ "b":"\u00e9", "a":1 }`)))
	require.False(t, with(`{"a":1}`).Equal(with(`{"a":2}`)))
	require.False(t, with(`{"a":12345678901234567890}`).Equal(with(`{"a":12345678901234567891}`)))
	require.False(t, with(`{`).Equal(with(`{}`)))
	require.True(t, with(`{`).Equal(with(`{`)))
}

func TestEqualSeesEveryParameter(t *testing.T) {
	t.Parallel()
	types := []schema.DataType{
		{}, {Text: "TIME(6)"}, schema.Null(), schema.Long(), schema.Decimal(10, 2), schema.Decimal(10, 3), schema.Decimal(11, 2),
		schema.String(), schema.Collated("de"), schema.Char(1), schema.Char(2), schema.VarChar(2),
		schema.DayTimeInterval(0, 3), schema.DayTimeInterval(1, 3), schema.DayTimeInterval(1, 2), schema.YearMonthInterval(0, 1),
		schema.ArrayOf(schema.Long(), true), schema.ArrayOf(schema.Long(), false), schema.ArrayOf(schema.Byte(), true), {Kind: schema.KindArray},
		schema.MapOf(schema.Long(), schema.Byte(), true), schema.MapOf(schema.Byte(), schema.Byte(), true), schema.MapOf(schema.Long(), schema.Byte(), false),
		schema.StructOf(), schema.StructOf(schema.Nullable("a", schema.Long())), schema.StructOf(schema.Required("a", schema.Long())),
		schema.StructOf(schema.Nullable("b", schema.Long())), {Kind: schema.KindUDT, UDT: "a"}, {Kind: schema.KindUDT, UDT: "b"},
	}
	for i, a := range types {
		for j, b := range types {
			require.Equal(t, i == j, a.Equal(b), "%d %s, %d %s", i, a, j, b)
		}
	}
}

func TestFieldByName(t *testing.T) {
	t.Parallel()
	def := schema.New(schema.Nullable("Id", schema.Long()), schema.Nullable("a", schema.Byte()), schema.Nullable("A", schema.Short()))
	tests := map[string]schema.Kind{"Id": schema.KindLong, "ID": schema.KindLong, "a": schema.KindByte, "A": schema.KindShort}
	for name, want := range tests {
		f, ok := def.Field(name)
		require.True(t, ok, name)
		require.Equal(t, want, f.Type.Kind)
	}
	_, ok := def.Field("b")
	require.False(t, ok)
	_, ok = schema.New(def.Fields[1], schema.Nullable("A", schema.Long()), schema.Nullable("aa", schema.Long())).Field("Aa")
	require.True(t, ok)
	require.Equal(t, []string{"Id", "a", "A"}, def.Names())
	inner, ok := schema.StructOf(def.Fields...).Field("id")
	require.True(t, ok)
	require.Equal(t, "Id", inner.Name)
}

func TestStringNeverPanics(t *testing.T) {
	t.Parallel()
	tests := map[string]schema.DataType{
		"UNKNOWN": {}, "ARRAY<UNKNOWN>": {Kind: schema.KindArray}, "MAP<UNKNOWN, UNKNOWN>": {Kind: schema.KindMap},
		"INTERVAL UNKNOWN(7)": {Kind: schema.KindDayTimeInterval, Start: 7, End: 7},
	}
	for want, typ := range tests {
		require.Equal(t, want, typ.String())
	}
	require.Equal(t, "UNKNOWN", schema.Kind(99).String())
	require.Equal(t, "UNKNOWN", schema.DataType{Kind: -1}.String())
	require.Equal(t, "DOUBLE", schema.DataType{Kind: schema.KindUDT, Elem: &schema.DataType{Kind: schema.KindDouble}}.String())
}

func FuzzParseJSON(f *testing.F) {
	for _, data := range []string{
		`{"fields":[{"metadata":{"__COLLATIONS":{"a.element":"icu.UNICODE"},"comment":"x"},"name":"a","nullable":true,` +
			`"type":{"containsNull":true,"elementType":"string","type":"array"}}],"type":"struct"}`,
		`{"type":"struct","fields":[{"name":"a","type":"decimal(10,2)"},{"name":"b","type":"interval day to second","nullable":false}]}`,
		`{"type":"struct","fields":[{"name":"a","type":{"type":"udt","class":"c","sqlType":"time(6)"}}]}`, `{}`, `"long"`,
		`{"type":"struct","fields":[{"name":"a","type":{"type":"map","keyType":"char(3)","valueType":"null","valueContainsNull":false}}]}`,
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		def, err := schema.ParseJSON(data)
		if err != nil {
			return
		}
		printed, err := def.JSON()
		require.NoError(t, err)
		again, err := schema.ParseJSON(printed)
		require.NoError(t, err, "%s", printed)
		require.True(t, def.Equal(again), "%s\n%s", data, printed)
		_ = def.String()
	})
}
