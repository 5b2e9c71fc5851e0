package dataflow_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

var cityColumns = []arrow.Field{
	{Name: "id", Type: arrow.PrimitiveTypes.Int64},
	{Name: "city_name", Type: arrow.BinaryTypes.String, Nullable: true},
}

type cityRow struct {
	ID       int64
	CityName *string
}

// batch is a message with rows that are written as JSON; offset is how many rows
// came before.
func batch(t testing.TB, offset int64, rows string, fields ...arrow.Field) *wire.ExecutePlanResponse_ArrowBatch {
	t.Helper()
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema(fields, nil), strings.NewReader("["+rows+"]"))
	require.NoError(t, err)
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, ipc.WithSchema(rec.Schema()))
	require.NoError(t, errors.Join(w.Write(rec), w.Close()))
	return &wire.ExecutePlanResponse_ArrowBatch{RowCount: rec.NumRows(), Data: buf.Bytes(), StartOffset: &offset}
}

// send answers every query with the batches.
func send(batches ...*wire.ExecutePlanResponse_ArrowBatch) fakeconnect.Script {
	return func(op *fakeconnect.Operation) error {
		for _, b := range batches {
			if err := op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_ArrowBatch_{ArrowBatch: b}}); err != nil {
				return err
			}
		}
		return nil
	}
}

// cities is a DataFrame with three rows in two batches.
func cities(t testing.TB) (bundle, sql.DataFrame) {
	t.Helper()
	s := setup(t, nil)
	s.server.OnExecute(send(
		batch(t, 0, `{"id": 1, "city_name": "Oslo"}, {"id": 2, "city_name": null}`, cityColumns...),
		batch(t, 2, `{"id": 3, "city_name": "Köln"}`, cityColumns...),
	))
	return s, s.frame(t)
}

func TestBatches(t *testing.T) {
	t.Parallel()
	s, df := cities(t)
	all := dataflow.Batches(t.Context(), df)
	require.Zero(t, s.trips(), "nothing runs before the range")
	for range 2 {
		var ids []int64
		for record, err := range all {
			require.NoError(t, err)
			require.Equal(t, "city_name", record.ColumnName(1))
			ids = append(ids, record.Column(0).(*array.Int64).Int64Values()...)
		}
		require.Equal(t, []int64{1, 2, 3}, ids)
	}
	require.Len(t, s.executed(t), 2, "every range runs the query")
}

func TestBatchesKeptLonger(t *testing.T) {
	t.Parallel()
	_, df := cities(t)
	var kept []arrow.Record
	for record, err := range dataflow.Batches(t.Context(), df) {
		require.NoError(t, err)
		record.Retain()
		kept = append(kept, record)
	}
	require.Equal(t, int64(3), kept[1].Column(0).(*array.Int64).Value(0))
	require.Equal(t, int64(1), kept[0].Column(0).(*array.Int64).Value(0))
	for _, record := range kept {
		record.Release()
	}
}

func TestRowsAs(t *testing.T) {
	t.Parallel()
	_, df := cities(t)
	got, err := dataflow.Collect[cityRow](t.Context(), df)
	require.NoError(t, err)
	require.Equal(t, []cityRow{{1, ptr("Oslo")}, {2, nil}, {3, ptr("Köln")}}, got)

	var texts []string
	for row, err := range dataflow.Rows(t.Context(), df) {
		require.NoError(t, err)
		texts = append(texts, row.String())
	}
	require.Equal(t, []string{"{id: 1, city_name: Oslo}", "{id: 2, city_name: <nil>}", "{id: 3, city_name: Köln}"}, texts)
}

func TestRowsOfAQueryWithoutAny(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]fakeconnect.Script{"an empty batch": send(batch(t, 0, "", cityColumns...)), "no batch": send()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, nil)
			s.server.OnExecute(script)
			got, err := dataflow.Collect[cityRow](t.Context(), s.frame(t))
			require.NoError(t, err)
			require.NotNil(t, got)
			require.Empty(t, got)
			_, err = dataflow.One[cityRow](t.Context(), s.frame(t))
			require.ErrorIs(t, err, dataflow.ErrNoRows)
		})
	}
}

func TestRowsThatDoNotFit(t *testing.T) {
	t.Parallel()
	s, df := cities(t)
	fails := func(err error, want string) {
		t.Helper()
		require.ErrorContains(t, err, want)
	}
	_, err := dataflow.Collect[struct{ Name string }](t.Context(), df)
	fails(err, "there is no column for the field Name of struct { Name string } (Name); the columns are id, city_name")
	_, err = dataflow.Collect[struct{ ID string }](t.Context(), df)
	fails(err, `read rows into struct { ID string }: the field ID of struct { ID string }: column "id": BIGINT cannot be read into string; use an integer type`)
	_, err = dataflow.Collect[string](t.Context(), df)
	fails(err, "string takes one column and the result has 2 (id, city_name)")

	var good []int64
	for row, err := range dataflow.RowsAs[struct {
		ID       int64
		CityName string
	}](t.Context(), df) {
		if err != nil {
			require.EqualError(t, err, `read rows into struct { ID int64; CityName string }: `+
				`column "city_name", row 2: a NULL cannot be read into string; use a *string or sql.Null[string], or coalesce it in the query`)
			require.Zero(t, row)
			continue // the loop ends by itself
		}
		good = append(good, row.ID)
	}
	require.Equal(t, []int64{1}, good)
	require.Zero(t, s.server.Running())
}

func TestOneAndValue(t *testing.T) {
	t.Parallel()
	s := setup(t, nil)
	one := batch(t, 0, `{"id": 1, "city_name": "Oslo"}`, cityColumns...)
	s.server.OnExecute(send(one))
	row, err := dataflow.One[cityRow](t.Context(), s.frame(t))
	require.NoError(t, err)
	require.Equal(t, cityRow{1, ptr("Oslo")}, row)
	require.JSONEq(t, "2", string(at(t, s.lastPlan(t), "root", "limit", "limit")), "it asks for no more than two rows")
	_, err = dataflow.Value[int64](t.Context(), s.frame(t))
	require.ErrorContains(t, err, "int64 takes one column and the result has 2")

	s.server.OnExecute(send(batch(t, 0, `{"id": 7}`, cityColumns[0])))
	n, err := dataflow.Value[int64](t.Context(), s.frame(t))
	require.NoError(t, err)
	require.Equal(t, int64(7), n)
	anything, err := dataflow.Value[any](t.Context(), s.frame(t))
	require.NoError(t, err)
	require.Equal(t, int64(7), anything)

	point := arrow.Field{Name: "p", Type: arrow.StructOf(cityColumns...)}
	s.server.OnExecute(send(batch(t, 0, `{"p": {"id": 1, "city_name": "Oslo"}}`, point)))
	row, err = dataflow.Value[cityRow](t.Context(), s.frame(t))
	require.NoError(t, err)
	require.Equal(t, int64(1), row.ID, "the struct is the value")

	s.server.OnExecute(send(batch(t, 0, `{"city_name": null}`, cityColumns[1])))
	_, err = dataflow.Value[string](t.Context(), s.frame(t))
	require.ErrorContains(t, err, `column "city_name", row 1: a NULL cannot be read into string; use a *string`)
	null, err := dataflow.Value[*string](t.Context(), s.frame(t))
	require.NoError(t, err)
	require.Nil(t, null)

	_, df := cities(t)
	_, err = dataflow.One[cityRow](t.Context(), df)
	require.ErrorIs(t, err, dataflow.ErrTooManyRows)
}

func TestBatchesThatAreLost(t *testing.T) {
	t.Parallel()
	two := `{"id": 1}, {"id": 2}`
	id := cityColumns[0]
	wrong := func(rows int64) *wire.ExecutePlanResponse_ArrowBatch {
		b := batch(t, 0, two, id)
		b.RowCount = rows
		return b
	}
	damaged := batch(t, 0, two, id)
	damaged.Data = damaged.Data[:len(damaged.Data)-60]
	tests := map[string]struct {
		script fakeconnect.Script
		want   string
	}{
		"a gap":            {send(batch(t, 0, two, id), batch(t, 4, two, id)), "read the result: a batch begins with row 5 and 2 rows have come; a part was lost on the way"},
		"the first":        {send(batch(t, 2, two, id)), "begins with row 3 and 0 rows have come"},
		"twice":            {send(batch(t, 0, two, id), batch(t, 0, two, id)), "begins with row 1 and 2 rows have come"},
		"too few rows":     {send(wrong(3)), "read the result after row 0: a batch of 3 rows holds 2"},
		"too many rows":    {send(wrong(1)), "a batch of 1 rows holds more"},
		"damaged":          {send(damaged), "the Arrow data is damaged"},
		"another schema":   {send(batch(t, 0, two, id), batch(t, 2, `{"city_name": "x"}`, cityColumns[1])), "the columns change from"},
		"of Arrow's alone": {send(batch(t, 0, `{"id": 1}`, arrow.Field{Name: "id", Type: arrow.PrimitiveTypes.Uint64})), "cast it in the query"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, nil)
			s.server.OnExecute(tt.script)
			errs := 0
			for record, err := range dataflow.Batches(t.Context(), s.frame(t)) {
				if err != nil {
					require.Nil(t, record)
					require.ErrorContains(t, err, tt.want)
					errs++
				}
			}
			require.Equal(t, 1, errs)
		})
	}
}

// endlessRows answers with batches until it is interrupted, and counts who was.
func endlessRows(t testing.TB, s bundle) *atomic.Int32 {
	t.Helper()
	first := batch(t, 0, `{"id": 1, "city_name": "Oslo"}, {"id": 2, "city_name": "Oslo"}`, cityColumns...)
	var interrupted atomic.Int32
	s.server.OnExecute(func(op *fakeconnect.Operation) error {
		if err := send(first)(op); err != nil {
			return err
		}
		err := op.Wait()
		interrupted.Add(1)
		return err
	})
	return &interrupted
}

func TestLoopsThatAreLeft(t *testing.T) {
	t.Parallel()
	ways := map[string]func(ctx context.Context, df sql.DataFrame){
		"break": func(ctx context.Context, df sql.DataFrame) {
			for _, err := range dataflow.RowsAs[cityRow](ctx, df) {
				require.NoError(t, err)
				break
			}
		},
		"break of the batches": func(ctx context.Context, df sql.DataFrame) {
			for _, err := range dataflow.Batches(ctx, df) {
				require.NoError(t, err)
				break
			}
		},
		"panic": func(ctx context.Context, df sql.DataFrame) {
			require.PanicsWithValue(t, "mine", func() {
				for range dataflow.Rows(ctx, df) {
					panic("mine")
				}
			})
		},
		"the end of the goroutine": func(ctx context.Context, df sql.DataFrame) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				for range dataflow.Rows(ctx, df) {
					runtime.Goexit() // as a failed require does
				}
			}()
			<-done
		},
		"a fault": func(ctx context.Context, df sql.DataFrame) {
			_, err := dataflow.Collect[struct{ None int }](ctx, df)
			require.ErrorContains(t, err, "there is no column for the field None")
		},
	}
	for name, leave := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, nil)
			interrupted := endlessRows(t, s)
			leave(t.Context(), s.frame(t))
			require.Equal(t, int32(1), interrupted.Load(), "the query has ended on the server")
		})
	}
}

func TestRowsAndTheirContext(t *testing.T) {
	t.Parallel()
	s := setup(t, nil)
	interrupted := endlessRows(t, s)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	seen, last := 0, error(nil)
	for _, err := range dataflow.RowsAs[cityRow](ctx, s.frame(t)) {
		if last = err; err == nil {
			seen++
			cancel(errReason)
		}
	}
	require.Equal(t, 2, seen)
	require.ErrorIs(t, last, errReason)
	require.Equal(t, int32(1), interrupted.Load())

	for _, err := range dataflow.Batches(ctx, s.frame(t)) {
		require.ErrorIs(t, err, errReason)
	}
}

func TestRowsWithAServerThatFails(t *testing.T) {
	t.Parallel()
	s := setup(t, nil)
	s.server.OnExecute(func(op *fakeconnect.Operation) error {
		_ = send(batch(t, 0, `{"id": 1}`, cityColumns[0]))(op)
		return fakeconnect.Failure{Class: "DIVIDE_BY_ZERO", State: "22012", Message: "Division by zero."}.Error()
	})
	var ids []int64
	var last error
	for id, err := range dataflow.RowsAs[int64](t.Context(), s.frame(t)) {
		if last = err; err == nil {
			ids = append(ids, id)
		}
	}
	require.Equal(t, []int64{1}, ids)
	var failed *component.SparkError
	require.ErrorAs(t, last, &failed)
	require.Equal(t, "DIVIDE_BY_ZERO", failed.Class)
}

func TestRowsOfNoFrameOfOurs(t *testing.T) {
	t.Parallel()
	for _, err := range dataflow.Batches(t.Context(), nil) {
		require.ErrorContains(t, err, "the DataFrame is nil")
	}
	_, err := dataflow.One[int](t.Context(), nil)
	require.ErrorContains(t, err, "the DataFrame is nil")
	s, df := cities(t)
	require.NoError(t, s.spark.Close(t.Context()))
	_, err = dataflow.Collect[cityRow](t.Context(), df)
	require.ErrorIs(t, err, dataflow.ErrClosed)
}

func TestQueriesWithinALoop(t *testing.T) {
	t.Parallel()
	_, df := cities(t)
	inner := 0
	for _, err := range dataflow.RowsAs[cityRow](t.Context(), df) {
		require.NoError(t, err)
		got, err := dataflow.Collect[cityRow](t.Context(), df)
		require.NoError(t, err)
		inner += len(got)
	}
	require.Equal(t, 9, inner)
}
