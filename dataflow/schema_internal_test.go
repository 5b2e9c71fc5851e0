package dataflow

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

func TestTypesGoToTheServerAndBack(t *testing.T) {
	t.Parallel()
	def, err := schema.Parse("a void, b boolean, c tinyint, d smallint, e int, f bigint, g float, h double, i decimal(38,18)," +
		"j string collate unicode_ci, k char(5), l varchar(6) collate de, m binary, n date, o timestamp, p timestamp_ntz, q interval," +
		"r interval month, s interval hour to second, t variant, u time(3), v geometry(4326)," +
		"w map<string, array<struct<x: int not null comment 'é'>>> not null, x string, y interval day, z interval year to month")
	require.NoError(t, err)
	double := schema.Double()
	def.Fields = append(def.Fields,
		schema.Required("udt", schema.DataType{Kind: schema.KindUDT, UDT: "A", PythonUDT: "b.A", PythonCode: "x", Elem: &double}),
		schema.Required("strict", schema.MapOf(schema.Long(), schema.ArrayOf(schema.Byte(), false), false)),
		schema.Field{Name: "meta", Type: schema.StructOf(), Metadata: `{"a":1}`})
	data, err := proto.Marshal(wireType(schema.StructOf(def.Fields...)))
	require.NoError(t, err)
	var msg wire.DataType
	require.NoError(t, proto.Unmarshal(data, &msg))
	got, err := definition(&msg)
	require.NoError(t, err)
	require.Equal(t, def.String(), got.String())
	require.True(t, def.Equal(got))
}

func TestTypesOfLaterServersKeepTheirNames(t *testing.T) {
	t.Parallel()
	message := func(num protowire.Number, content ...byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), content)
	}
	tests := map[string][]byte{
		"TIME(6)":                     message(wireTime),
		"TIME(3)":                     message(wireTime, 0x08, 3),
		"TIME(0)":                     message(wireTime, 0x08, 0),
		"GEOMETRY(4326)":              message(wireGeometry, 0x08, 0xe6, 0x21),
		"GEOGRAPHY(ANY)":              message(wireGeography, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
		"type 29 of a later protocol": message(29),
		"UNKNOWN":                     nil,
	}
	for want, data := range tests {
		var msg wire.DataType
		require.NoError(t, proto.Unmarshal(data, &msg))
		got := schemaType(&msg)
		require.Equal(t, schema.KindUnknown, got.Kind)
		require.Equal(t, want, got.String())
	}
}

func TestUnsetPartsOfTypes(t *testing.T) {
	t.Parallel()
	require.Equal(t, "INTERVAL DAY TO SECOND",
		schemaType(&wire.DataType{Kind: &wire.DataType_DayTimeInterval_{DayTimeInterval: &wire.DataType_DayTimeInterval{}}}).String())
	require.Equal(t, "INTERVAL YEAR TO MONTH",
		schemaType(&wire.DataType{Kind: &wire.DataType_YearMonthInterval_{YearMonthInterval: &wire.DataType_YearMonthInterval{}}}).String())
	require.Equal(t, "ARRAY<UNKNOWN>", schemaType(&wire.DataType{Kind: &wire.DataType_Array_{}}).String())
	require.Equal(t, "DECIMAL(5,2)", schemaType(&wire.DataType{Kind: &wire.DataType_Unparsed_{
		Unparsed: &wire.DataType_Unparsed{DataTypeString: "decimal(5,2)"},
	}}).String())
	require.NotPanics(t, func() { wireType(schema.DataType{Kind: schema.KindMap}) })
	_, err := definition(nil)
	require.EqualError(t, err, "the server sent no schema")
	_, err = definition(wireType(schema.Long()))
	require.EqualError(t, err, "BIGINT is one type and not a list of columns")
}
