package dataflow_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/apache/spark-connect-go/v40/spark/sql/column"
	"github.com/apache/spark-connect-go/v40/spark/sql/functions"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/dataflow/value"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// rowCount is a metric.
func rowCount() column.Convertible { return functions.Expr("count(1) AS n") }

func long(n int64) *wire.Expression_Literal {
	return &wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Long{Long: n}}
}

// tellMetrics answers a write of observed rows with their metrics.
func tellMetrics(name string, planID int64, keys []string, values ...*wire.Expression_Literal) fakeconnect.Script {
	return func(op *fakeconnect.Operation) error {
		return op.Send(&wire.ExecutePlanResponse{ObservedMetrics: []*wire.ExecutePlanResponse_ObservedMetrics{
			{Name: name, PlanId: planID, Keys: keys, Values: values},
		}})
	}
}

// observed is an observation of a frame, with the plan id that the server sees.
func observed(t *testing.T, b bundle, name string) (sql.DataFrame, *dataflow.Observation, int64) {
	t.Helper()
	df, o, err := dataflow.Observe(t.Context(), b.frame(t), name, rowCount())
	require.NoError(t, err)
	plan, err := b.spark.Export(t.Context(), df)
	require.NoError(t, err)
	var rel wire.Relation
	require.NoError(t, proto.Unmarshal(plan, &rel))
	return df, o, rel.GetCommon().GetPlanId()
}

func TestPlansOfObserve(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	df, o, err := dataflow.Observe(t.Context(), b.frame(t), "quality",
		functions.Count(functions.Col("id")).Alias("rows"),
		column.WithAlias("top", functions.Max(functions.Col("price"))),
		functions.Expr("count_if(price IS NULL) as `without ``price```"),
	)
	require.NoError(t, err)
	require.Equal(t, "quality", o.Name())
	golden(t, "observe", map[string]json.RawMessage{"three metrics": b.planOf(t, df)})
	require.Zero(t, b.trips(), "observing sends nothing")
}

func TestObservationReceivesWhatComesWithAWrite(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	df, o, id := observed(t, b, "")
	require.Len(t, o.Name(), 36, "a name of its own is made up")
	_, err := o.Metrics()
	require.ErrorIs(t, err, dataflow.ErrNoMetrics)
	require.EqualError(t, err, "observation "+o.Name()+": the observed metrics are unknown: none have come")

	b.server.OnExecute(tellMetrics(o.Name(), id, []string{"n"}, long(7)))
	require.NoError(t, dataflow.Writer{}.Save(t.Context(), b.spark, df, "/out"))
	for range 2 {
		got, err := o.Metrics()
		require.NoError(t, err)
		require.Equal(t, map[string]any{"n": int64(7)}, got)
		got["n"] = 0 // a copy
	}
	b.server.OnExecute(tellMetrics(o.Name(), id, []string{"n"}, long(8)))
	require.NoError(t, dataflow.Writer{}.Save(t.Context(), b.spark, df, "/out"))
	got, err := o.Wait(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]any{"n": int64(7)}, got, "the first run counts")
}

func TestObservationReceivesWhatComesWithTheClientsCollect(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	df, o, id := observed(t, b, "mine")
	b.server.OnExecute(func(op *fakeconnect.Operation) error {
		if err := tellMetrics("mine", id, []string{"n"}, long(1))(op); err != nil {
			return err
		}
		return op.SendStrings("value", "1")
	})
	_, err := df.Collect(t.Context())
	require.NoError(t, err)
	got, err := o.Metrics()
	require.NoError(t, err)
	require.Equal(t, map[string]any{"n": int64(1)}, got)
}

func TestMissingMetricsAreUnknownAndNotZero(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		keys   []string
		values []*wire.Expression_Literal
		want   string
	}{
		"empty":           {[]string{"n"}, nil, "the server sent them empty"},
		"nothing":         {nil, nil, "the server sent them empty"},
		"too few":         {[]string{"n", "m"}, []*wire.Expression_Literal{long(1)}, "the server sent 2 names for 1 values"},
		"a type of later": {[]string{"n"}, []*wire.Expression_Literal{{}}, "metric n: its type is not known to this version of sparkpipe"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			df, o, id := observed(t, b, "o")
			b.server.OnExecute(tellMetrics("o", id, tt.keys, tt.values...))
			require.NoError(t, dataflow.Writer{}.Save(t.Context(), b.spark, df, "/out"))
			got, err := o.Wait(t.Context())
			require.ErrorIs(t, err, dataflow.ErrNoMetrics)
			require.EqualError(t, err, "observation o: the observed metrics are unknown: "+tt.want)
			require.Nil(t, got)

			b.server.OnExecute(tellMetrics("o", id, []string{"n"}, long(3)))
			require.NoError(t, dataflow.Writer{}.Save(t.Context(), b.spark, df, "/out"))
			got, err = o.Metrics()
			require.NoError(t, err, "a later run may tell them")
			require.Equal(t, map[string]any{"n": int64(3)}, got)
		})
	}
}

func TestObservationsOfOneNameAreToldApart(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	one, first, id := observed(t, b, "same")
	_, second, _ := observed(t, b, "same")
	b.server.OnExecute(tellMetrics("same", id, []string{"n"}, long(1)))
	require.NoError(t, dataflow.Writer{}.Save(t.Context(), b.spark, one, "/out"))
	_, err := first.Metrics()
	require.NoError(t, err)
	_, err = second.Metrics()
	require.ErrorIs(t, err, dataflow.ErrNoMetrics)
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	_, o, _ := observed(t, b, "o")
	reason := errors.New("not today")
	late, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	_, err := o.Wait(late)
	require.ErrorIs(t, err, dataflow.ErrNoMetrics)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	_, err = o.Wait(ctx)
	require.ErrorIs(t, err, dataflow.ErrNoMetrics)
	require.ErrorIs(t, err, reason)
}

func TestClosedObservationHearsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	df, o, id := observed(t, b, "o")
	o.Close()
	o.Close()
	b.server.OnExecute(tellMetrics("o", id, []string{"n"}, long(1)))
	require.NoError(t, dataflow.Writer{}.Save(t.Context(), b.spark, df, "/out"))
	_, err := o.Metrics()
	require.ErrorIs(t, err, dataflow.ErrNoMetrics)
}

func TestObserveFaults(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	tests := map[string]struct {
		metrics []column.Convertible
		want    string
	}{
		"no metrics":       {nil, "observe o: there are no metrics"},
		"nil":              {[]column.Convertible{rowCount(), nil}, "observe o: metric 2 is empty"},
		"zero column":      {[]column.Convertible{column.Column{}}, "observe o: metric 1 is empty"},
		"no name":          {[]column.Convertible{functions.Count(functions.Col("a"))}, `observe o: metric 1 has no name; give it one with .Alias("name"), or write "... AS name" in SQL`},
		"no name in SQL":   {[]column.Convertible{functions.Expr("count(1)")}, "metric 1 has no name"},
		"only a cast":      {[]column.Convertible{functions.Expr("CAST(sum(a) AS int)")}, "metric 1 has no name"},
		"a string":         {[]column.Convertible{functions.Expr("max('x AS y')")}, "metric 1 has no name"},
		"an empty name":    {[]column.Convertible{functions.Col("a").Alias("")}, "metric 1 has no name"},
		"a name twice":     {[]column.Convertible{rowCount(), functions.Sum(functions.Col("a")).Alias("n")}, "metric 2: the name n is given twice"},
		"a name twice, AS": {[]column.Convertible{functions.Expr("sum(a) AS `n`"), rowCount()}, "metric 2: the name n is given twice"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := dataflow.Observe(t.Context(), b.frame(t), "o", tt.metrics...)
			require.ErrorContains(t, err, tt.want)
		})
	}
	_, _, err := dataflow.Observe(t.Context(), nil, "o", rowCount())
	require.EqualError(t, err, "observe o: the DataFrame is nil")
	require.Zero(t, b.trips())
}

func TestValuesOfMetrics(t *testing.T) {
	t.Parallel()
	typ := func(fields ...string) *wire.DataType {
		s := &wire.DataType_Struct{}
		for _, name := range fields {
			s.Fields = append(s.Fields, &wire.DataType_StructField{Name: name})
		}
		return &wire.DataType{Kind: &wire.DataType_Struct_{Struct: s}}
	}
	tests := map[string]struct {
		literal *wire.Expression_Literal
		want    any
	}{
		"null":     {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Null{Null: &wire.DataType{}}}, nil},
		"bool":     {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Boolean{Boolean: true}}, true},
		"byte":     {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Byte{Byte: -128}}, int8(-128)},
		"short":    {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Short{Short: 300}}, int16(300)},
		"int":      {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Integer{Integer: 1 << 30}}, int32(1 << 30)},
		"long":     {long(1 << 60), int64(1 << 60)},
		"float":    {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Float{Float: 1.5}}, float32(1.5)},
		"double":   {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Double{Double: 2.5}}, 2.5},
		"string":   {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_String_{String_: "x"}}, "x"},
		"binary":   {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Binary{Binary: []byte{1}}}, []byte{1}},
		"decimal":  {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Decimal_{Decimal: &wire.Expression_Literal_Decimal{Value: "12.50"}}}, dataflow.Decimal("12.50")},
		"date":     {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Date{Date: -1}}, dataflow.Date{Year: 1969, Month: 12, Day: 31}},
		"time":     {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Timestamp{Timestamp: -1}}, time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC)},
		"ntz":      {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_TimestampNtz{TimestampNtz: 0}}, time.Unix(0, 0).UTC()},
		"interval": {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_DayTimeInterval{DayTimeInterval: 90_000_000}}, 90 * time.Second},
		"months":   {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_YearMonthInterval{YearMonthInterval: 14}}, value.YearMonthInterval(14)},
		"calendar": {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_CalendarInterval_{CalendarInterval: &wire.Expression_Literal_CalendarInterval{Months: 1, Days: 2, Microseconds: 3}}}, value.CalendarInterval{Months: 1, Days: 2, Microseconds: 3}},
		"array":    {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Array_{Array: &wire.Expression_Literal_Array{Elements: []*wire.Expression_Literal{long(1), long(2)}}}}, []any{int64(1), int64(2)}},
		"map":      {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Map_{Map: &wire.Expression_Literal_Map{Keys: []*wire.Expression_Literal{long(1)}, Values: []*wire.Expression_Literal{long(2)}}}}, map[any]any{int64(1): int64(2)}},
		"struct":   {&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Struct_{Struct: &wire.Expression_Literal_Struct{StructType: typ("a", "b"), Elements: []*wire.Expression_Literal{long(1), long(2)}}}}, map[string]any{"a": int64(1), "b": int64(2)}},
	}
	b := setup(t, nil)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			df, o, id := observed(t, b, "")
			b.server.OnExecute(tellMetrics(o.Name(), id, []string{"n"}, tt.literal))
			require.NoError(t, dataflow.Writer{}.Save(t.Context(), b.spark, df, "/out"))
			got, err := o.Metrics()
			require.NoError(t, err)
			require.Equal(t, map[string]any{"n": tt.want}, got)
		})
	}
	faults := map[string]*wire.Expression_Literal{
		"keys of a map do not fit":               {LiteralType: &wire.Expression_Literal_Map_{Map: &wire.Expression_Literal_Map{Keys: []*wire.Expression_Literal{long(1)}}}},
		"cannot be the key":                      {LiteralType: &wire.Expression_Literal_Map_{Map: &wire.Expression_Literal_Map{Keys: []*wire.Expression_Literal{{LiteralType: &wire.Expression_Literal_Binary{}}}, Values: []*wire.Expression_Literal{long(1)}}}},
		"fields of a struct do not fit":          {LiteralType: &wire.Expression_Literal_Struct_{Struct: &wire.Expression_Literal_Struct{StructType: typ("a")}}},
		"longer than a time.Duration":            {LiteralType: &wire.Expression_Literal_DayTimeInterval{DayTimeInterval: 1 << 62}},
		"not known to this version of sparkpipe": {LiteralType: &wire.Expression_Literal_Array_{Array: &wire.Expression_Literal_Array{Elements: []*wire.Expression_Literal{{}}}}},
	}
	for want, literal := range faults {
		df, o, id := observed(t, b, "")
		b.server.OnExecute(tellMetrics(o.Name(), id, []string{"n"}, literal))
		require.NoError(t, dataflow.Writer{}.Save(t.Context(), b.spark, df, "/out"))
		_, err := o.Metrics()
		require.ErrorIs(t, err, dataflow.ErrNoMetrics)
		require.ErrorContains(t, err, want)
	}
}
