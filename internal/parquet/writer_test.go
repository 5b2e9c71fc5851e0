package parquet_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/parquet"
)

// batch makes a batch from JSON.
func batch(tb testing.TB, schema *arrow.Schema, text string) arrow.Record {
	tb.Helper()
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(text))
	require.NoError(tb, err)
	tb.Cleanup(rec.Release)
	return rec
}

func column(typ arrow.DataType) *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{{Name: "c", Type: typ, Nullable: true}}, nil)
}

// written gives the file of the batches.
func written(tb testing.TB, schema *arrow.Schema, opts *parquet.Options, batches ...arrow.Record) []byte {
	tb.Helper()
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, schema, opts)
	require.NoError(tb, err)
	for _, b := range batches {
		require.NoError(tb, w.Write(b))
	}
	require.NoError(tb, w.Close())
	require.NoError(tb, w.Close())
	return out.Bytes()
}

func list(typ arrow.DataType) arrow.DataType { return arrow.ListOf(typ) }

func fields(names string, types ...arrow.DataType) arrow.DataType {
	var out []arrow.Field
	for i, name := range strings.Split(names, ",") {
		out = append(out, arrow.Field{Name: name, Type: types[i], Nullable: true})
	}
	return arrow.StructOf(out...)
}

var (
	long  = arrow.PrimitiveTypes.Int64
	texts = arrow.BinaryTypes.String
)

func TestLevelsTellWhereNullsAreAndListsBegin(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		typ    arrow.DataType
		rows   string
		levels [][2]int // the highest of each leaf
		want   []page   // without values
	}{
		"no nulls":  {long, `[{"c":1},{"c":2}]`, [][2]int{{0, 1}}, []page{{def: []int{1, 1}}}},
		"nulls":     {long, `[{"c":1},{"c":null},{"c":3}]`, [][2]int{{0, 1}}, []page{{def: []int{1, 0, 1}}}},
		"all nulls": {long, `[{"c":null}]`, [][2]int{{0, 1}}, []page{{def: []int{0}}}},
		"lists": {
			list(long), `[{"c":[1,2]},{"c":null},{"c":[]},{"c":[null,3]}]`, [][2]int{{1, 3}},
			[]page{{rep: []int{0, 1, 0, 0, 0, 1}, def: []int{3, 3, 0, 1, 2, 3}}},
		},
		"lists of lists": {
			list(list(long)), `[{"c":[[1,2],[],null,[null]]},{"c":[]},{"c":[[3],[4]]}]`, [][2]int{{2, 5}},
			[]page{{rep: []int{0, 2, 1, 1, 1, 0, 0, 1}, def: []int{5, 5, 3, 2, 4, 1, 5, 5}}},
		},
		"structs": {
			fields("x,y", long, texts), `[{"c":{"x":1,"y":null}},{"c":null},{"c":{"x":null,"y":"a"}}]`, [][2]int{{0, 2}, {0, 2}},
			[]page{{def: []int{2, 0, 1}}, {def: []int{1, 0, 2}}},
		},
		"lists of structs": {
			list(fields("x", long)), `[{"c":[{"x":1},null,{"x":null}]}]`, [][2]int{{1, 4}},
			[]page{{rep: []int{0, 1, 1}, def: []int{4, 2, 3}}},
		},
		"maps": {
			arrow.MapOf(texts, list(long)), `[{"c":[{"key":"a","value":[1,2]},{"key":"b","value":null}]},{"c":null},{"c":[]}]`, [][2]int{{1, 2}, {2, 5}},
			[]page{{rep: []int{0, 1, 0, 0}, def: []int{2, 2, 0, 1}}, {rep: []int{0, 2, 1, 0, 0}, def: []int{5, 5, 2, 0, 1}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, zstd := range []bool{false, true} {
				schema := column(test.typ)
				f := readFile(t, written(t, schema, &parquet.Options{Zstd: zstd}, batch(t, schema, test.rows)), test.levels)
				require.Len(t, f.chunks, 1)
				for i, chunk := range f.chunks[0] {
					require.Len(t, chunk, 1)
					require.Equal(t, test.want[i].def, chunk[0].def)
					require.Equal(t, test.want[i].rep, chunk[0].rep)
				}
			}
		})
	}
}

func TestValuesInPlainEncoding(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		typ      arrow.DataType
		rows     string
		physical int
		want     string // hexadecimal
	}{
		"booleans":   {arrow.FixedWidthTypes.Boolean, `[{"c":true},{"c":null},{"c":false},{"c":true},{"c":true},{"c":false},{"c":false},{"c":true},{"c":true},{"c":true}]`, 0, "cd01"},
		"int8":       {arrow.PrimitiveTypes.Int8, `[{"c":-1}]`, 1, "ffffffff"},
		"int16":      {arrow.PrimitiveTypes.Int16, `[{"c":258}]`, 1, "02010000"},
		"int32":      {arrow.PrimitiveTypes.Int32, `[{"c":1},{"c":null}]`, 1, "01000000"},
		"int64":      {long, `[{"c":1},{"c":-2}]`, 2, "0100000000000000feffffffffffffff"},
		"float32":    {arrow.PrimitiveTypes.Float32, `[{"c":1}]`, 4, "0000803f"},
		"float64":    {arrow.PrimitiveTypes.Float64, `[{"c":1}]`, 5, "000000000000f03f"},
		"text":       {texts, `[{"c":"ab"},{"c":""},{"c":null}]`, 6, "02000000616200000000"},
		"large text": {arrow.BinaryTypes.LargeString, `[{"c":"ab"}]`, 6, "020000006162"},
		"binary":     {arrow.BinaryTypes.Binary, `[{"c":"AQI="}]`, 6, "020000000102"},
		"date":       {arrow.FixedWidthTypes.Date32, `[{"c":"1970-01-03"}]`, 1, "02000000"},
		"time":       {arrow.FixedWidthTypes.Timestamp_us, `[{"c":"1970-01-01T00:00:00.000003Z"}]`, 2, "0300000000000000"},
		"decimal 9":  {&arrow.Decimal128Type{Precision: 9, Scale: 1}, `[{"c":"-0.1"}]`, 1, "ffffffff"},
		"decimal 18": {&arrow.Decimal128Type{Precision: 18, Scale: 1}, `[{"c":"0.2"}]`, 2, "0200000000000000"},
		"decimal 19": {&arrow.Decimal128Type{Precision: 19, Scale: 0}, `[{"c":"-2"}]`, 7, "fffffffffffffffffffffffffffffffe"},
		"months":     {arrow.FixedWidthTypes.MonthInterval, `[{"c":{"months":13}}]`, 1, "0d000000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			schema := column(test.typ)
			f := readFile(t, written(t, schema, nil, batch(t, schema, test.rows)), [][2]int{{0, 1}})
			require.Equal(t, test.want, fmt.Sprintf("%x", f.chunks[0][0][0].values))
			leaf := f.meta[2].([]any)[1].(map[int]any)
			require.Equal(t, test.physical, leaf[1])
			require.Equal(t, "c", leaf[4])
		})
	}
}

func TestBatchesAndRowGroups(t *testing.T) {
	t.Parallel()
	schema := column(long)
	rows := batch(t, schema, `[{"c":1},{"c":2},{"c":3},{"c":null}]`)
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, schema, nil)
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	require.NoError(t, w.Write(rows.NewSlice(1, 3)))
	require.NoError(t, w.Write(rows.NewSlice(0, 0)))
	require.NoError(t, w.Write(rows.NewSlice(3, 4)))
	require.Positive(t, w.Held())
	require.Zero(t, out.Len())
	require.NoError(t, w.Flush())
	require.Zero(t, w.Held())
	require.NoError(t, w.Write(rows))
	require.NoError(t, w.Close())
	require.EqualValues(t, 7, w.Rows())

	f := readFile(t, out.Bytes(), [][2]int{{0, 1}})
	require.Equal(t, 7, f.meta[3])
	require.Len(t, f.chunks, 2)
	require.Len(t, f.chunks[0][0], 2)
	require.Equal(t, []int{1, 1}, f.chunks[0][0][0].def)
	require.Equal(t, uint64(2), binary.LittleEndian.Uint64(f.chunks[0][0][0].values))
	require.Equal(t, []int{0}, f.chunks[0][0][1].def)
	require.Equal(t, []int{1, 1, 1, 0}, f.chunks[1][0][0].def)
}

func TestFileWithoutRows(t *testing.T) {
	t.Parallel()
	f := readFile(t, written(t, column(fields("x", long)), nil), nil)
	require.Equal(t, 0, f.meta[3])
	require.Empty(t, f.chunks)
	require.Len(t, f.meta[2], 3)
}

func TestLongLevelsAndManyColumns(t *testing.T) {
	t.Parallel()
	var all []arrow.Field
	for i := range 20 {
		all = append(all, arrow.Field{Name: fmt.Sprint("c", i), Type: long, Nullable: i%2 == 0})
	}
	schema := arrow.NewSchema(all, nil)
	rows := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer rows.Release()
	levels := make([][2]int, len(all))
	for i := range all {
		levels[i] = [2]int{0, (i + 1) % 2}
		for j := range 1000 {
			if i%2 == 0 && j%3 == 0 {
				rows.Field(i).AppendNull()
			} else {
				rows.Field(i).(*array.Int64Builder).Append(int64(j))
			}
		}
	}
	rec := rows.NewRecord()
	defer rec.Release()
	f := readFile(t, written(t, schema, &parquet.Options{Zstd: true}, rec), levels)
	require.Len(t, f.chunks[0], 20)
	require.Len(t, f.chunks[0][1][0].values, 8000)
	for j, level := range f.chunks[0][0][0].def {
		require.Equal(t, min(1, j%3), level)
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for want, typ := range map[string]arrow.DataType{
		"null has no form in Parquet": arrow.Null,
		"no form in Parquet here":     arrow.FixedWidthTypes.Timestamp_ns,
		"uint8 has no form":           list(arrow.PrimitiveTypes.Uint8),
		"a struct without fields":     arrow.StructOf(),
	} {
		require.False(t, parquet.Supports(typ))
		_, err := parquet.NewWriter(&bytes.Buffer{}, column(typ), nil)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, `column "c"`)
	}
	deep := long
	for range 300 {
		deep = list(deep)
	}
	require.False(t, parquet.Supports(deep))
	require.True(t, parquet.Supports(arrow.MapOf(texts, fields("x", list(texts)))))
}

func TestBatchesOfAnotherSchema(t *testing.T) {
	t.Parallel()
	w, err := parquet.NewWriter(&bytes.Buffer{}, column(long), nil)
	require.NoError(t, err)
	require.ErrorContains(t, w.Write(batch(t, column(texts), `[]`)), `column "c": the batch has the type utf8 and the file int64`)
	two := arrow.NewSchema([]arrow.Field{{Name: "c", Type: long}, {Name: "d", Type: long}}, nil)
	require.ErrorContains(t, w.Write(batch(t, two, `[]`)), "the batch has 2 columns and the file 1")

	required := arrow.NewSchema([]arrow.Field{{Name: "c", Type: long}}, nil)
	w, err = parquet.NewWriter(&bytes.Buffer{}, required, nil)
	require.NoError(t, err)
	require.ErrorContains(t, w.Write(batch(t, column(long), `[{"c":null}]`)), `column "c": a null in a column that is declared to have none`)
	inList := arrow.ListOfField(arrow.Field{Name: "element", Type: long})
	w, err = parquet.NewWriter(&bytes.Buffer{}, column(inList), nil)
	require.NoError(t, err)
	require.ErrorContains(t, w.Write(batch(t, column(inList), `[{"c":[null]}]`)), "declared to have none")
}

func TestErrorsOfTheFile(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	w, err := parquet.NewWriter(refusing{full}, column(long), nil)
	require.NoError(t, err)
	require.NoError(t, w.Write(batch(t, column(long), `[{"c":1}]`)))
	require.ErrorIs(t, w.Flush(), full)
	require.ErrorIs(t, w.Close(), full)
}

type refusing struct{ err error }

func (r refusing) Write([]byte) (int, error) { return 0, r.err }
