package schema_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

func TestParseContract(t *testing.T) {
	t.Parallel()
	tests := map[string]string{ // as printed; empty is an error
		"id bigint not null, tags array, more map<string, any>, who struct": "id BIGINT NOT NULL, tags ARRAY, more MAP<STRING, ANY>, who STRUCT",
		"ok bool, any any, array array<array>":                              "ok BOOLEAN, any ANY, array ARRAY<ARRAY>",
		"at timestamp comment 'when'":                                       "at TIMESTAMP COMMENT 'when'",
		"":                                                                  "",
		"id any(3)":                                                         "!",
		"id array(3)":                                                       "!",
		"id text":                                                           "!",
	}
	for ddl, want := range tests {
		def, err := schema.ParseContract(ddl)
		if want == "!" {
			require.Error(t, err, ddl)
			continue
		}
		require.NoError(t, err, ddl)
		require.Equal(t, want, def.String())
		again, err := schema.ParseContract(want)
		require.NoError(t, err)
		require.True(t, def.Equal(again))
		require.Equal(t, !strings.Contains(want, "ANY") && !strings.Contains(want, "ARRAY") && !strings.Contains(want, "MAP"), def.Concrete(), ddl)
	}
	_, err := schema.Parse("tags array")
	require.Error(t, err, "DDL of Spark has no such types")
	_, err = schema.New(schema.Nullable("tags", schema.AnyArray())).JSON()
	require.EqualError(t, err, "write the schema as JSON: fields[0].type: ARRAY stands for many types, which has no JSON")
}

type object = map[string]any

func TestDecodeContract(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value any
		want  string
	}{
		"DDL":  {"id bigint not null, tags array<string>", "id BIGINT NOT NULL, tags ARRAY<STRING>"},
		"JSON": {`{"type":"struct","fields":[{"name":"id","type":"long","nullable":false}]}`, "id BIGINT NOT NULL"},
		"the names of the predecessors": {[]any{
			object{"name": "a", "data_type": "string"}, object{"name": "b", "data_type": "integer", "nullable": false},
			object{"name": "c", "data_type": "long"}, object{"name": "d", "data_type": "float"}, object{"name": "e", "data_type": "double"},
			object{"name": "f", "data_type": "boolean"}, object{"name": "g", "data_type": "timestamp"}, object{"name": "h", "data_type": "date"},
			object{"name": "i", "data_type": "binary"}, object{"name": "j", "data_type": "array"}, object{"name": "k", "data_type": "map"},
			object{"name": "l", "data_type": "struct"}, object{"name": "m", "data_type": "decimal"}, object{"name": "n", "data_type": "byte"},
			object{"name": "o", "data_type": "short"}, object{"name": "p", "data_type": "int"}, object{"name": "q", "data_type": "bigint"},
			object{"name": "r", "data_type": "bool"}, object{"name": "s", "data_type": "tinyint"}, object{"name": "t", "data_type": " SmallInt "},
			object{"name": "u", "data_type": "array<string>"}, object{"name": "v", "data_type": "decimal(10, 2)"},
		}, "a STRING, b INT NOT NULL, c BIGINT, d FLOAT, e DOUBLE, f BOOLEAN, g TIMESTAMP, h DATE, i BINARY, j ARRAY, k MAP, l STRUCT, " +
			"m DECIMAL(38,18), n TINYINT, o SMALLINT, p INT, q BIGINT, r BOOLEAN, s TINYINT, t SMALLINT, u ARRAY<STRING>, v DECIMAL(10,2)"},
		"fields, and fields in a struct": {object{"description": "people", "fields": []any{
			object{"name": "who", "type": "struct", "fields": []any{object{"name": "zip", "type": "string", "nullable": false}}},
		}}, "who STRUCT<zip: STRING NOT NULL>"},
		"comment": {[]any{object{"name": "a", "type": "int", "comment": "it's", "metadata": object{"pii": true}}}, `a INT COMMENT 'it\'s'`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			def, err := schema.DecodeContract("", tt.value)
			require.NoError(t, err)
			require.Equal(t, tt.want, def.String())
		})
	}
	def, err := schema.DecodeContract("", tests["comment"].value)
	require.NoError(t, err)
	require.JSONEq(t, `{"comment":"it's","pii":true}`, def.Fields[0].Metadata)
}

func TestDecodeContractNamesEveryFault(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value any
		want  []string
	}{
		"nothing":          {nil, []string{"output: columns are a text of DDL, a list of fields, or a block with fields, not nothing"}},
		"a number":         {int64(3), []string{"output: columns are a text of DDL, a list of fields, or a block with fields, not the number 3"}},
		"an empty text":    {" ", []string{"output: the text has no columns"}},
		"no DDL":           {"id text", []string{`output: parse the schema: column 4: Spark has no type "text"; it has STRING`}},
		"a column twice":   {"id int, id string", []string{"output: two fields have the name id"}},
		"no fields":        {[]any{}, []string{"output: there are no fields"}},
		"fields is a text": {object{"fields": "id int"}, []string{`output.fields: must be a list of fields, not the text "id int"`}},
		"all of them": {object{"fieldz": 1, "description": true, "fields": []any{
			"id", object{}, object{"name": "a", "type": "txt", "nullable": "yes"}, object{"name": "b", "type": "int", "data_type": "int", "metadata": "x", "comment": 1},
			object{"name": "c", "typ": "int"}, object{"name": "d", "type": "int", "fields": []any{}}, object{"name": "d", "type": "struct", "fields": "x"},
		}}, []string{
			`output: unknown key "fieldz"; the keys here are fields, description`,
			"output.description: must be a text, not a bool",
			`output.fields[0]: a field is a block with name and type, not the text "id"`,
			"output.fields[1].name: must be the name of a column, not nothing",
			"output.fields[1].type: must be a type such as bigint or array<string>, not nothing",
			`output.fields[2].type: "txt": Spark has no type "txt"`,
			`output.fields[2].nullable: must be true or false, not the text "yes"`,
			"output.fields[3]: type and data_type are the same key; keep one of them",
			`output.fields[3].metadata: must be a block, not the text "x"`,
			"output.fields[3].comment: must be a text, not the number 1",
			`output.fields[4]: unknown key "typ"; the keys here are name, type, data_type, nullable, metadata, comment, fields`,
			"output.fields[4].type: must be a type such as bigint or array<string>, not nothing",
			"output.fields[5].fields: go with the type struct, not with int",
			`output.fields[6].fields: must be a list of fields, not the text "x"`,
			"output.fields: two fields have the name d",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := schema.DecodeContract("output", tt.value)
			require.EqualError(t, err, strings.Join(tt.want, "\n"))
		})
	}
}
