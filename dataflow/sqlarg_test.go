package dataflow_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql/column"
	"github.com/apache/spark-connect-go/v40/spark/sql/functions"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/secrets"
)

type (
	city    string
	count   int
	toggle  bool
	ratio   float32
	payload []byte
	point   struct{ X, Y int }
	endless []endless
)

func ptr[T any](v T) *T { return &v }

// argument returns the expression that SQL makes of a value.
func argument(t testing.TB, b bundle, value any) json.RawMessage {
	t.Helper()
	df, err := b.spark.SQL(t.Context(), "SELECT :x", dataflow.Named("x", value))
	require.NoError(t, err)
	return at(t, b.planOf(t, df), "root", "sql", "namedArguments", "x")
}

func TestArgumentsOfEveryGoType(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	zone := time.FixedZone("east", 5*3600)
	moment := time.Date(2024, 2, 29, 12, 30, 0, 123456789, time.UTC)
	tests := map[string]struct {
		value any
		want  string
	}{
		"nil":                   {nil, `{"null":{"null":{}}}`},
		"nil pointer":           {(*int)(nil), `{"null":{"null":{}}}`},
		"nil pointer to time":   {(*time.Time)(nil), `{"null":{"null":{}}}`},
		"bool":                  {true, `{"boolean":true}`},
		"named bool":            {toggle(false), `{"boolean":false}`},
		"string":                {"O'Neil; DROP TABLE t --", `{"string":"O'Neil; DROP TABLE t --"}`},
		"empty string":          {"", `{"string":""}`},
		"named string":          {city("Köln"), `{"string":"Köln"}`},
		"int":                   {-7, `{"long":"-7"}`},
		"named int":             {count(7), `{"long":"7"}`},
		"smallest int64":        {int64(math.MinInt64), `{"long":"-9223372036854775808"}`},
		"int8":                  {int8(-8), `{"integer":-8}`},
		"int16":                 {int16(16), `{"integer":16}`},
		"int32":                 {int32(math.MinInt32), `{"integer":-2147483648}`},
		"uint":                  {uint(7), `{"long":"7"}`},
		"uint8":                 {uint8(255), `{"long":"255"}`},
		"uint16":                {uint16(65535), `{"long":"65535"}`},
		"uint32":                {uint32(math.MaxUint32), `{"long":"4294967295"}`},
		"largest uint64":        {uint64(math.MaxInt64), `{"long":"9223372036854775807"}`},
		"float32":               {float32(1.5), `{"float":1.5}`},
		"named float32":         {ratio(0.25), `{"float":0.25}`},
		"float64":               {2.5, `{"double":2.5}`},
		"not a number":          {math.NaN(), `{"double":"NaN"}`},
		"infinity":              {math.Inf(-1), `{"double":"-Infinity"}`},
		"bytes":                 {[]byte("ab"), `{"binary":"YWI="}`},
		"no bytes":              {[]byte{}, `{"binary":""}`},
		"named bytes":           {payload("ab"), `{"binary":"YWI="}`},
		"raw JSON":              {json.RawMessage("ab"), `{"binary":"YWI="}`},
		"array of bytes":        {[2]byte{'a', 'b'}, `{"binary":"YWI="}`},
		"time":                  {moment, `{"timestamp":"1709209800123456"}`},
		"time elsewhere":        {moment.In(zone), `{"timestamp":"1709209800123456"}`},
		"time before 1970":      {time.Unix(-1, 0), `{"timestamp":"-1000000"}`},
		"zero time":             {time.Time{}, `{"timestamp":"-62135596800000000"}`},
		"pointer to time":       {&moment, `{"timestamp":"1709209800123456"}`},
		"duration":              {90*time.Second + 5*time.Microsecond, `{"dayTimeInterval":"90000005"}`},
		"negative duration":     {-time.Hour, `{"dayTimeInterval":"-3600000000"}`},
		"date":                  {dataflow.Date{Year: 2024, Month: time.February, Day: 29}, `{"date":19782}`},
		"first date":            {dataflow.Date{Year: 1970, Month: time.January, Day: 1}, `{"date":0}`},
		"date before 1970":      {dataflow.Date{Year: 1969, Month: time.December, Day: 31}, `{"date":-1}`},
		"date of the year 1":    {dataflow.Date{Year: 1, Month: time.January, Day: 1}, `{"date":-719162}`},
		"decimal":               {dataflow.Decimal("-12.50"), `{"decimal":{"value":"-12.50","precision":4,"scale":2}}`},
		"pointer":               {ptr(5), `{"long":"5"}`},
		"pointer to a pointer":  {ptr(ptr("x")), `{"string":"x"}`},
		"pointer to a date":     {&dataflow.Date{Year: 1970, Month: time.January, Day: 2}, `{"date":1}`},
		"pointer to an any nil": {ptr(any(nil)), `{"null":{"null":{}}}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.JSONEq(t, `{"literal":`+tt.want+`}`, string(argument(t, b, tt.value)))
		})
	}
}

func TestArgumentsThatAreCalls(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	const one, two = `{"literal":{"long":"1"}}`, `{"literal":{"long":"2"}}`
	a, z := `{"literal":{"string":"a"}}`, `{"literal":{"string":"z"}}`
	call := func(name, arguments string) string {
		if arguments == "" {
			return `{"unresolvedFunction":{"functionName":"` + name + `"}}`
		}
		return `{"unresolvedFunction":{"functionName":"` + name + `","arguments":[` + arguments + `]}}`
	}
	typedNull := func(typ string) string { return `{"literal":{"null":` + typ + `}}` }
	emptyArray := func(typ string) string { return `{"literal":{"array":{"elementType":` + typ + `}}}` }
	emptyMap := func(key, value string) string {
		return `{"literal":{"map":{"keyType":` + key + `,"valueType":` + value + `}}}`
	}
	arrayType := func(typ string) string { return `{"array":{"elementType":` + typ + `,"containsNull":true}}` }
	double := func(n string) string { return `{"literal":{"double":` + n + `}}` }
	decimal := func(n, precision, scale string) string {
		return `{"literal":{"decimal":{"value":"` + n + `","precision":` + precision + `,"scale":` + scale + `}}}`
	}
	const text, long, void = `{"string":{}}`, `{"long":{}}`, `{"null":{}}`
	tests := map[string]struct {
		value any
		want  string
	}{
		"slice":              {[]int{1, 2}, call("array", one+","+two)},
		"empty slice":        {[]int{}, emptyArray(long)},
		"nil slice":          {[]string(nil), emptyArray(text)},
		"empty anys":         {[]any{}, call("array", "")},
		"empty booleans":     {[]toggle{}, emptyArray(`{"boolean":{}}`)},
		"empty integers":     {[]int8{}, emptyArray(`{"integer":{}}`)},
		"empty floats":       {[]float32{}, emptyArray(`{"float":{}}`)},
		"empty doubles":      {[]float64{}, emptyArray(`{"double":{}}`)},
		"empty durations":    {[]time.Duration{}, emptyArray(`{"dayTimeInterval":{"startField":0,"endField":3}}`)},
		"empty times":        {[]*time.Time{}, emptyArray(`{"timestamp":{}}`)},
		"empty dates":        {[]dataflow.Date{}, emptyArray(`{"date":{}}`)},
		"empty decimals":     {[]dataflow.Decimal{}, call("array", "")},
		"empty bytes":        {[][]byte{}, emptyArray(`{"binary":{}}`)},
		"empty nested":       {[]map[string][]int{}, emptyArray(`{"map":{"keyType":` + text + `,"valueType":` + arrayType(long) + `,"valueContainsNull":true}}`)},
		"empty columns":      {[]column.Column{}, call("array", "")},
		"empty endless":      {endless{}, call("array", "")},
		"array":              {[2]int{1, 2}, call("array", one+","+two)},
		"named strings":      {[]city{"a", "z"}, call("array", a+","+z)},
		"any with nil":       {[]any{nil, 1}, call("array", typedNull(long)+","+one)},
		"only nil":           {[]any{nil, nil}, call("array", typedNull(void)+","+typedNull(void))},
		"nil among decimals": {[]any{nil, dataflow.Decimal("1.5")}, call("array", typedNull(`{"decimal":{"precision":2,"scale":1}}`)+","+decimal("1.5", "2", "1"))},
		"slice of slices":    {[][]int{{1}, {}}, call("array", call("array", one)+","+emptyArray(long))},
		"anys of slices":     {[]any{[]any{}, []int{1}}, call("array", emptyArray(long)+","+call("array", one))},
		"pointers":           {[]*int{ptr(1), nil}, call("array", one+","+typedNull(long))},
		"integers":           {[]any{int32(1), 2}, call("array", one+","+two)},
		"numbers":            {[]any{1, 2.5}, call("array", double("1")+","+double("2.5"))},
		"floats":             {[]any{float32(2.5), int8(1)}, call("array", double("2.5")+","+double("1"))},
		"decimals":           {[]dataflow.Decimal{"1.5", "10", "-0.025"}, call("array", decimal("1.500", "5", "3")+","+decimal("10.000", "5", "3")+","+decimal("-0.025", "5", "3"))},
		"decimal, integers":  {[]any{dataflow.Decimal("1.5"), int32(1), 2}, call("array", decimal("1.5", "21", "1")+","+decimal("1.0", "21", "1")+","+decimal("2.0", "21", "1"))},
		"decimal, double":    {[]any{dataflow.Decimal("1.5"), 2.5}, call("array", double("1.5")+","+double("2.5"))},
		"map":                {map[string]int{"z": 2, "a": 1}, call("map", a+","+one+","+z+","+two)},
		"empty map":          {map[string]int{}, emptyMap(text, long)},
		"empty map of anys":  {map[string]any{}, call("map", "")},
		"map of anys":        {map[city]any{"z": []int{1}, "a": nil}, call("map", a+","+typedNull(arrayType(long))+","+z+","+call("array", one))},
		"maps":               {[]any{map[string]any{}, map[string]any{"a": 1}}, call("array", emptyMap(text, long)+","+call("map", a+","+one))},
		"keys":               {map[any]int{1: 1, int32(2): 2}, call("map", one+","+one+","+two+","+two)},
		"client's column":    {functions.Expr("1 + 1"), `{"expressionString":{"expression":"1 + 1"}}`},
		"column in slices":   {[]any{1, functions.Expr("2"), nil}, call("array", one+`,{"expressionString":{"expression":"2"}},`+typedNull(long))},
		"pointer to column":  {ptr(functions.Expr("2")), `{"expressionString":{"expression":"2"}}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 5 { // maps come in one order
				require.JSONEq(t, tt.want, string(argument(t, b, tt.value)))
			}
		})
	}
}

func TestPositionalArguments(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	df, err := b.spark.SQL(t.Context(), "SELECT ?, ?", 1, "a")
	require.NoError(t, err)
	require.JSONEq(t, `[{"literal":{"long":"1"}},{"literal":{"string":"a"}}]`,
		string(at(t, b.planOf(t, df), "root", "sql", "posArguments")))
}

func TestArgumentFaults(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	named := func(value any) []any { return []any{dataflow.Named("x", value)} }
	tests := map[string]struct {
		args []any
		want string
	}{
		"uint64 too large":      {named(uint64(math.MaxInt64) + 1), "argument :x: 9223372036854775808 is larger than a Spark BIGINT"},
		"uint too large":        {[]any{1, uint(math.MaxUint64)}, "argument 2: 18446744073709551615 is larger than a Spark BIGINT"},
		"struct":                {named(point{1, 2}), "argument :x: a value of the Go type dataflow_test.point has no SQL form; pass a column expression"},
		"pointer to a struct":   {named(&point{}), "dataflow_test.point has no SQL form"},
		"channel":               {named(make(chan int)), "the Go type chan int has no SQL form"},
		"complex":               {named(1i), "the Go type complex128 has no SQL form"},
		"function":              {named(func() {}), "the Go type func() has no SQL form"},
		"secret":                {named(secrets.NewValue("s3cr3t")), "the Go type secrets.Value has no SQL form"},
		"mixed elements":        {named([]any{nil, 1, "a"}), "argument :x: element 2: a value of the type STRING does not go together with BIGINT before it"},
		"mixed nested":          {named([]any{[]int{1}, []string{"a"}}), "element 1: a value of the type ARRAY<STRING> does not go together with ARRAY<BIGINT> before it"},
		"mixed maps":            {named([]any{map[string]int{}, map[int]int{}}), "element 1: a value of the type MAP<BIGINT,BIGINT> does not"},
		"mixed keys":            {named(map[any]int{1: 1, "a": 1}), "argument :x: a key: a value of the type STRING does not go together with BIGINT before it"},
		"mixed values":          {named(map[string]any{"a": true, "b": 1}), "entry b: a value of the type BIGINT does not go together with BOOLEAN before it"},
		"decimals too far":      {named([]dataflow.Decimal{"1e5"}), `element 0: "1e5" is not a decimal number`},
		"decimals too wide":     {named([]dataflow.Decimal{"0.00000000000000000001", "12345678901234567890"}), "element 1: a value of the type DECIMAL(20,0) does not go together with DECIMAL(20,20) before it"},
		"bad element":           {named([]any{1, point{}}), "argument :x: element 1: a value of the Go type"},
		"bad entry":             {named(map[string]any{"k": point{}}), "argument :x: entry k: a value of the Go type"},
		"bad key":               {named(map[point]int{{}: 1}), "argument :x: a key: a value of the Go type"},
		"year too large":        {named(dataflow.Date{Year: 6_000_000, Month: 1, Day: 1}), "the date of the year 6000000 is out of range"},
		"no such day":           {named(dataflow.Date{Year: 2023, Month: 2, Day: 29}), "argument :x: there is no date 2023-02-29"},
		"zero date":             {named(dataflow.Date{}), "there is no date 0000-00-00"},
		"time too late":         {named(time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC)), "the time of the year 300000 is out of range"},
		"empty decimal":         {named(dataflow.Decimal("")), `argument :x: "" is not a decimal number`},
		"word for a decimal":    {named(dataflow.Decimal("twelve")), `argument :x: "twelve" is not a decimal number`},
		"comma in a decimal":    {named(dataflow.Decimal("1,5")), `argument :x: "1,5" is not a decimal number`},
		"decimal too long":      {named(dataflow.Decimal("123456789012345678901234567890123456789")), "has more than 38 digits"},
		"empty column":          {named(column.Column{}), "argument :x: the column is empty"},
		"nil column":            {named((*column.Column)(nil)), "argument :x: the column is empty"},
		"named after position":  {[]any{1, dataflow.Named("x", 1)}, "argument 2: named and positional arguments cannot be mixed in one statement"},
		"position after named":  {[]any{dataflow.Named("x", 1), 1}, "argument 2: named and positional arguments cannot be mixed in one statement"},
		"name given twice":      {[]any{dataflow.Named("x", 1), dataflow.Named("x", 2)}, `argument 2: the name "x" is empty or given twice`},
		"name empty":            {[]any{dataflow.Named("", 1)}, `argument 1: the name "" is empty or given twice`},
		"positional of no form": {[]any{1, 2, point{}}, "argument 3: a value of the Go type"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, query := range []string{"SELECT :x", "DROP TABLE :x"} {
				_, err := b.spark.SQL(t.Context(), query, tt.args...)
				require.ErrorContains(t, err, tt.want)
				require.NotContains(t, err.Error(), "s3cr3t")
			}
			require.ErrorContains(t, b.spark.Exec(t.Context(), "SELECT :x", tt.args...), tt.want)
		})
	}
	t.Cleanup(func() { require.Empty(t, b.server.Requests("ExecutePlan"), "a wrong argument sends nothing") })
}

func FuzzDecimal(f *testing.F) {
	for _, seed := range []string{"1", "-12.50", "+.5", "5.", ".", "", "1e5", "1E+30", "--1", "0x1", "٣"} {
		f.Add(seed)
	}
	b := setup(f, nil)
	number := json.Number("")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := b.spark.SQL(t.Context(), "SELECT ?", dataflow.Decimal(text))
		if err != nil {
			return
		}
		number = json.Number(text)
		_, err = number.Float64()
		require.NoError(t, err, "what is accepted is a number")
	})
}
