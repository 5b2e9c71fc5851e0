package dataflow_test

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/dataflow/value"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// typeCase is a case of testdata/types.json, which testdata/types.py writes and
// describes.
type typeCase struct {
	Name, SQL string
	Conf      map[string]string
	DDL       string
	Schema    json.RawMessage
	// Rows is what PySpark read; Unread says why it could not.
	Rows   [][]any
	Unread string
}

func typeCases(t testing.TB) []typeCase {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "types.json"))
	require.NoError(t, err)
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var cases []typeCase
	require.NoError(t, dec.Decode(&cases))
	require.NotEmpty(t, cases)
	return cases
}

// rowsByHand are the rows that PySpark cannot read.
func rowsByHand() map[string][][]any {
	one, two := json.Number("1"), json.Number("2")
	noon := time.Date(-44, time.March, 15, 12, 0, 0, 0, time.UTC).UnixMicro()
	return map[string][][]any{
		"date out of Python's range": {{"-0044-03-15"}, {"12345-06-07"}},
		"timestamp out of Python's range": {
			{strconv.FormatInt(noon, 10)}, {"9223372036854775807"}, {"-9223372036854775808"},
		},
		"interval year to month":        {{"14"}, {"-2147483648"}, {"2147483647"}, {nil}},
		"interval year, interval month": {{"36", "-5"}},
		"interval":                      {{"14 3 14706789000"}, {"-14 -3 -14706789000"}, {"0 0 0"}, {nil}},
		"map with binary keys":          {{[]any{[]any{"00ff", one}}}},
		"map with array keys":           {{[]any{[]any{[]any{one, two}, one}}}},
	}
}

// TestRealTypes reads values of every type and compares them and their schema
// with what PySpark reads.
func TestRealTypes(t *testing.T) {
	t.Parallel()
	for _, c := range typeCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			spark := connectTo(t, sparktest.Remote(t), &dataflow.ConnectOptions{Conf: c.Conf})
			df, err := spark.SQL(t.Context(), c.SQL)
			require.NoError(t, err)
			def, err := dataflow.SchemaOf(t.Context(), df)
			require.NoError(t, err)
			wantDef, err := schema.ParseJSON(c.Schema)
			require.NoError(t, err)
			require.True(t, wantDef.Equal(def), "PySpark %s\nours    %s", c.Schema, toJSON(t, def))
			ddl, err := schema.Parse(c.DDL)
			require.NoError(t, err)
			require.Equal(t, ddl.String(), def.String())
			require.JSONEq(t, string(c.Schema), toJSON(t, def))

			want := c.Rows
			if c.Unread != "" {
				want = rowsByHand()[c.Name]
				require.NotNil(t, want, "PySpark says %s; write the rows by hand", c.Unread)
			}
			require.Equal(t, goldenRows(t, want, def), realRows(t, c.Name, df, def))
		})
	}
}

// TestRealTypesGoUpAndComeBack reads the same values, makes a DataFrame of them
// on this machine and reads that. There is no case that goes down only.
func TestRealTypesGoUpAndComeBack(t *testing.T) {
	t.Parallel()
	for _, c := range typeCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			sparktest.Each(t, func(t *testing.T, remote string) { goesUpAndComesBack(t, remote, c) })
		})
	}
}

func goesUpAndComesBack(t *testing.T, remote string, c typeCase) {
	t.Helper()
	spark := connectTo(t, remote, &dataflow.ConnectOptions{Conf: c.Conf})
	df, err := spark.SQL(t.Context(), c.SQL)
	require.NoError(t, err)
	def, err := dataflow.SchemaOf(t.Context(), df)
	require.NoError(t, err)
	want := realRows(t, c.Name, df, def)
	for name, strategy := range strategies {
		opts := &dataflow.LocalDataOptions{Schema: def, Strategy: strategy}
		if name == "staged" && noFile()[c.Name] != "" {
			rows, err := dataflow.Collect[dataflow.Row](t.Context(), df)
			require.NoError(t, err)
			_, err = dataflow.CreateDataFrame(t.Context(), spark, rows, opts)
			require.ErrorContains(t, err, "a file cannot carry the type")
			continue
		}
		up := uploaded(t, spark, c.Name, df, opts)
		require.Equal(t, want, realRows(t, c.Name, up, def))
		upDef, err := dataflow.SchemaOf(t.Context(), up)
		require.NoError(t, err)
		require.True(t, nullable(def).Equal(upDef), "sent %s\ngot  %s", toJSON(t, def), toJSON(t, upDef))
	}
}

// uploaded sends the rows of a frame to the server.
func uploaded(t *testing.T, spark *dataflow.Session, name string, df sql.DataFrame, opts *dataflow.LocalDataOptions) sql.DataFrame {
	t.Helper()
	switch name {
	case "interval day to second":
		return uploadedAs[struct{ V *value.DayTimeInterval }](t, spark, df, opts)
	case "map with struct keys":
		return uploadedAs[struct {
			M map[struct {
				A int
				B string
			}]int
		}](t, spark, df, opts)
	case "map with array keys":
		return uploadedAs[struct{ M map[[2]int]int }](t, spark, df, opts)
	case "map with binary keys":
		uploadedAs[struct{ M map[string]int }](t, spark, df, opts) // beside a Row
	}
	return uploadedAs[dataflow.Row](t, spark, df, opts)
}

func uploadedAs[T any](t *testing.T, spark *dataflow.Session, df sql.DataFrame, opts *dataflow.LocalDataOptions) sql.DataFrame {
	t.Helper()
	rows, err := dataflow.Collect[T](t.Context(), df)
	require.NoError(t, err)
	up, err := dataflow.CreateDataFrame(t.Context(), spark, rows, opts)
	require.NoError(t, err)
	return up
}

// noFile has the cases that cannot be staged, with the type that Spark reads from
// no file.
func noFile() map[string]string {
	return map[string]string{"interval": "INTERVAL", "void": "VOID", "void nested": "ARRAY<VOID>", "array": "ARRAY<VOID>", "map": "MAP<VOID, VOID>", "struct": "STRUCT<b: VOID>"}
}

// TestRealTypesThatNoFileCarries has Spark's own refusal. Spark 4.2 has a file for
// VOID, which the others cannot read.
func TestRealTypesThatNoFileCarries(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := connectTo(t, remote, nil)
		for _, typ := range noFile() {
			out := filepath.Join(t.TempDir(), "out")
			df, err := spark.SQL(t.Context(), "SELECT CAST(NULL AS "+typ+") AS v")
			require.NoError(t, err)
			err = dataflow.Writer{Format: "parquet"}.Save(t.Context(), spark, df, out)
			if err == nil && strings.Contains(typ, "VOID") && !strings.HasPrefix(spark.ServerVersion(), "4.0.") {
				continue
			}
			var fault *component.SparkError
			require.ErrorAs(t, err, &fault, typ)
			require.Contains(t, []string{"UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", "_LEGACY_ERROR_TEMP_1150"}, fault.Class, typ)
		}
	})
}

// nullable is the schema with null allowed everywhere: local data has it so.
func nullable(def schema.Definition) schema.Definition {
	return schema.New(nullableType(schema.StructOf(def.Fields...)).Fields...)
}

func nullableType(typ schema.DataType) schema.DataType {
	for _, part := range []**schema.DataType{&typ.Key, &typ.Elem} {
		if *part != nil {
			inner := nullableType(**part)
			*part = &inner
		}
	}
	typ.ElemNullable = true
	typ.Fields = slices.Clone(typ.Fields)
	for i, f := range typ.Fields {
		typ.Fields[i] = schema.Field{Name: f.Name, Type: nullableType(f.Type), Nullable: true, Metadata: f.Metadata}
	}
	return typ
}

// realRows reads a frame. Some values have no place in a [dataflow.Row]: keys of
// maps that Go cannot compare, and intervals longer than a time.Duration.
func realRows(t *testing.T, name string, df sql.DataFrame, def schema.Definition) [][]any {
	t.Helper()
	one := json.Number("1")
	switch name {
	case "interval day to second":
		rows, err := dataflow.Collect[struct{ V *value.DayTimeInterval }](t.Context(), df)
		require.NoError(t, err)
		var out [][]any
		for _, row := range rows {
			if row.V == nil {
				out = append(out, []any{nil})
				continue
			}
			out = append(out, []any{strconv.FormatInt(int64(*row.V), 10)})
		}
		return out
	case "map with struct keys":
		type key struct {
			A int
			B string
		}
		row, err := dataflow.One[struct{ M map[key]int }](t.Context(), df)
		require.NoError(t, err)
		require.Equal(t, map[key]int{{A: 1, B: "x"}: 1}, row.M)
		return [][]any{{[]any{[]any{[]any{one, "x"}, one}}}}
	case "map with array keys":
		row, err := dataflow.One[struct{ M map[[2]int]int }](t.Context(), df)
		require.NoError(t, err)
		require.Equal(t, map[[2]int]int{{1, 2}: 1}, row.M)
		return [][]any{{[]any{[]any{[]any{one, json.Number("2")}, one}}}}
	}
	var out [][]any
	for row, err := range dataflow.Rows(t.Context(), df) {
		require.NoError(t, err)
		require.Equal(t, def.Names(), row.Names())
		out = append(out, plainStruct(t, row, def.Fields))
	}
	return out
}

// plain gives a value in the form of the golden file.
func plain(t *testing.T, v any, typ schema.DataType) any {
	t.Helper()
	switch v := v.(type) {
	case nil, bool:
		return v
	case int8, int16, int32:
		return json.Number(fmt.Sprint(v))
	case int64:
		return strconv.FormatInt(v, 10)
	case float32:
		return formatFloat(float64(v))
	case float64:
		return formatFloat(v)
	case string:
		if typ.Kind == schema.KindBinary { // a key of a map
			return hex.EncodeToString([]byte(v))
		}
		return v
	case []byte:
		return hex.EncodeToString(v)
	case dataflow.Decimal:
		return v.String()
	case dataflow.Date:
		return plainDate(v)
	case time.Time:
		require.Equal(t, time.UTC, v.Location())
		return strconv.FormatInt(v.UnixMicro(), 10)
	case time.Duration:
		return strconv.FormatInt(v.Microseconds(), 10)
	case value.YearMonthInterval:
		return strconv.Itoa(int(v))
	case value.CalendarInterval:
		return fmt.Sprint(v.Months, v.Days, v.Microseconds)
	case value.Variant:
		data, err := v.JSON()
		require.NoError(t, err)
		return canonicalJSON(t, string(data))
	case []any:
		out := []any{}
		for _, elem := range v {
			out = append(out, plain(t, elem, *typ.Elem))
		}
		return out
	case map[string]any:
		return plainMap(t, v, typ)
	case map[any]any:
		return plainMap(t, v, typ)
	case dataflow.Row:
		return plainStruct(t, v, typ.Fields)
	}
	require.Fail(t, "a value of an unexpected type", "%T for %s", v, typ)
	return nil
}

// plainDate writes years before 1 with a sign and four digits.
func plainDate(d dataflow.Date) string {
	sign := ""
	if d.Year < 0 {
		sign, d.Year = "-", -d.Year
	}
	return fmt.Sprintf("%s%04d-%02d-%02d", sign, d.Year, d.Month, d.Day)
}

func plainStruct(t *testing.T, row dataflow.Row, fields []schema.Field) []any {
	t.Helper()
	require.Equal(t, len(fields), row.Len())
	out := []any{}
	for i, f := range fields {
		require.Equal(t, f.Name, row.Names()[i])
		out = append(out, plain(t, row.At(i), f.Type))
	}
	return out
}

func plainMap[K comparable](t *testing.T, m map[K]any, typ schema.DataType) any {
	t.Helper()
	out := []any{}
	for k, v := range m {
		out = append(out, []any{plain(t, k, *typ.Key), plain(t, v, *typ.Elem)})
	}
	return sortPairs(out)
}

// sortPairs gives the entries of a map one order.
func sortPairs(pairs []any) []any {
	slices.SortFunc(pairs, func(a, b any) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return pairs
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// goldenRows brings what Python writes and Go writes otherwise into one form.
func goldenRows(t *testing.T, rows [][]any, def schema.Definition) [][]any {
	t.Helper()
	var out [][]any
	for _, row := range rows {
		cells, ok := goldenValue(t, row, schema.StructOf(def.Fields...)).([]any)
		require.True(t, ok)
		out = append(out, cells)
	}
	return out
}

func goldenValue(t *testing.T, v any, typ schema.DataType) any {
	t.Helper()
	if v == nil {
		return nil
	}
	text, _ := v.(string)
	list, _ := v.([]any)
	out := []any{}
	switch typ.Kind {
	case schema.KindFloat, schema.KindDouble:
		f, err := strconv.ParseFloat(text, 64)
		require.NoError(t, err)
		return formatFloat(f)
	case schema.KindVariant:
		return canonicalJSON(t, text)
	case schema.KindArray:
		for _, elem := range list {
			out = append(out, goldenValue(t, elem, *typ.Elem))
		}
		return out
	case schema.KindStruct:
		require.Len(t, list, len(typ.Fields))
		for i, elem := range list {
			out = append(out, goldenValue(t, elem, typ.Fields[i].Type))
		}
		return out
	case schema.KindMap:
		for _, entry := range list {
			pair, ok := entry.([]any)
			require.True(t, ok)
			out = append(out, []any{goldenValue(t, pair[0], *typ.Key), goldenValue(t, pair[1], *typ.Elem)})
		}
		return sortPairs(out)
	}
	return v
}

// canonicalJSON writes JSON with numbers as fractions, so that 12.50 is 12.5.
func canonicalJSON(t *testing.T, text string) string {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	require.NoError(t, dec.Decode(&v), text)
	out, err := json.Marshal(canonicalNumbers(t, v))
	require.NoError(t, err)
	return string(out)
}

func canonicalNumbers(t *testing.T, v any) any {
	t.Helper()
	switch v := v.(type) {
	case json.Number:
		number, ok := new(big.Rat).SetString(v.String())
		require.True(t, ok)
		return json.RawMessage(`"` + number.RatString() + `"`)
	case []any:
		for i := range v {
			v[i] = canonicalNumbers(t, v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = canonicalNumbers(t, v[k])
		}
	}
	return v
}
