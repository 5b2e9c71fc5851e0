package dataflow

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/columnar"
)

// LocalDataStrategy is the way in which data of this machine gets to Spark.
type LocalDataStrategy int

const (
	// LocalDataStrategyAuto goes by the size: Inline up to [InlineLimit] bytes of
	// Arrow data, above that Staged where it is possible, see
	// [LocalDataOptions.StagingDir], and else Cached.
	LocalDataStrategyAuto LocalDataStrategy = iota
	// LocalDataStrategyInline puts the data into the plan, with which it travels
	// again at every action.
	LocalDataStrategyInline
	// LocalDataStrategyCached sends the data once to the session. Data that the
	// session has already is not sent again. Spark turns it into rows at every
	// action, on the driver.
	LocalDataStrategyCached
	// LocalDataStrategyStaged writes the data as a Parquet file where Spark reads
	// it in parallel, until [Session.Close] removes the file.
	LocalDataStrategyStaged
)

// InlineLimit is the size in bytes of Arrow data up to which
// [LocalDataStrategyAuto] puts data into the plan. It was measured, see
// docs/local-data.md: about here a file begins to be faster.
const InlineLimit = 256 << 10

// LocalDataOptions are the settings of [CreateDataFrame] and the functions like
// it. Nil and the zero value are the defaults.
type LocalDataOptions struct {
	// Schema are the columns of the DataFrame, for example of
	// schema.Parse("id BIGINT NOT NULL, name STRING"); default those that follow
	// from the Go type or the Arrow schema.
	//
	// A null in a NOT NULL column is an error. The columns of the DataFrame can
	// all be null nevertheless, as in all that Spark reads from files. CHAR and
	// VARCHAR columns are such where the session keeps them, which is with
	// spark.sql.preserveCharVarcharTypeInfo, and STRING elsewhere.
	//
	// Two columns may have the same name when rows are [Row] or []any. VOID and
	// INTERVAL, which no file can carry, are never staged.
	Schema schema.Definition
	// Strategy is the way to Spark; default [LocalDataStrategyAuto].
	Strategy LocalDataStrategy
	// StagingDir is the folder for staged data: a path or URI that the server
	// and its executors see. A file system other than the local one must be the
	// server's default one (fs.defaultFS), since Spark sends files nowhere else.
	//
	// The default is a private folder in [os.TempDir], for a server on this
	// machine that runs its tasks in itself; for other servers there is none, and
	// nothing is staged. The logger of the session is told why.
	StagingDir string

	_ struct{}
}

// CreateDataFrame makes a DataFrame of Go values, one a row. T is a struct, with
// a column for each exported field, or a type of single values, which become a
// column "value". With a schema, [Row], []any and map[string]any are row types
// too.
//
// It blocks until the data is where Spark reads it; small data needs no round
// trip. It holds a few batches of the rows in memory a second time, never all of
// them. rows can be changed when it has returned.
//
//	| Go                                            | Spark                    |
//	| bool                                          | BOOLEAN                  |
//	| int8; int16, uint8; int32, uint16             | TINYINT; SMALLINT; INT   |
//	| int, int64, uint32, uint, uint64 (if it fits) | BIGINT                   |
//	| float32; float64                              | FLOAT; DOUBLE            |
//	| [Decimal], big.Rat; big.Int                   | DECIMAL(38,18); (38,0)   |
//	| string, structs and arrays with MarshalText   | STRING                   |
//	| []byte, [N]byte                               | BINARY                   |
//	| [Date]                                        | DATE                     |
//	| [time.Time]                                   | TIMESTAMP                |
//	| [time.Duration], [value.DayTimeInterval]      | INTERVAL DAY TO SECOND   |
//	| [value.YearMonthInterval]                     | INTERVAL YEAR TO MONTH   |
//	| [value.CalendarInterval]                      | INTERVAL                 |
//	| [value.Variant]                               | VARIANT                  |
//	| slices and arrays; maps; structs              | ARRAY; MAP; STRUCT       |
//	| pointers, sql.Null[T], sql.NullString, ...    | that of the value        |
//
// Null are nil pointers, slices, maps and interfaces, and sql.Null that is not
// valid. A tag spark:"name" names the column, spark:"-" leaves the field out,
// spark:"name,decimal(10,2)" makes it a DECIMAL(10,2). Embedded structs are
// flattened.
//
// Values are never bent: an integer that is too large, a number with more
// decimals than its column, a null where none may be are errors that name the
// row, counted from 0, and the column. Only fractions of a microsecond are cut
// off, and a FLOAT column rounds.
func CreateDataFrame[T any](ctx context.Context, s *Session, rows []T, opts *LocalDataOptions) (sql.DataFrame, error) {
	return CreateDataFrameFromSeq(ctx, s, func(yield func(T, error) bool) {
		for i := range rows {
			if !yield(rows[i], nil) {
				return
			}
		}
	}, opts)
}

// CreateDataFrameFromSeq is [CreateDataFrame] for rows that come one by one, for
// example from [RowsAs] of another session. The first error that rows yields
// ends it. rows is ranged over once.
func CreateDataFrameFromSeq[T any](ctx context.Context, s *Session, rows iter.Seq2[T, error], opts *LocalDataOptions) (sql.DataFrame, error) {
	df, err := createFromSeq(ctx, s, rows, opts)
	if err != nil {
		return nil, fmt.Errorf("create a DataFrame: %w", err)
	}
	return df, nil
}

func createFromSeq[T any](ctx context.Context, s *Session, rows iter.Seq2[T, error], opts *LocalDataOptions) (sql.DataFrame, error) {
	if rows == nil {
		return nil, errors.New("the rows are nil")
	}
	enc, err := columnar.NewEncoder(reflect.TypeFor[T](), opts.schema())
	if err != nil {
		return nil, err
	}
	defer enc.Release()
	return s.load(ctx, localData{
		schema: enc.Schema(), def: enc.Definition(), batches: encodeRows(ctx, enc, rows),
	}, opts)
}

// schema gives the wanted schema, nil when there is none.
func (o *LocalDataOptions) schema() *schema.Definition {
	if o == nil || len(o.Schema.Fields) == 0 {
		return nil
	}
	return &o.Schema
}

// Batches of rows are made so large that their overhead does not count and so
// small that a few of them in memory do not.
const (
	batchRows  = 32 << 10
	batchBytes = 4 << 20
)

// encodeRows gives the rows in batches, each valid until the next step.
func encodeRows[T any](ctx context.Context, enc *columnar.Encoder, rows iter.Seq2[T, error]) iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) {
		var row T
		slot := reflect.ValueOf(&row).Elem()
		emit := func() bool {
			batch := enc.Record()
			defer batch.Release()
			return yield(batch, nil)
		}
		for next, err := range rows {
			if err == nil {
				row = next
				err = enc.Append(slot)
			}
			if err == nil && enc.Rows()%1024 == 0 {
				err = context.Cause(ctx)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if (enc.Rows() >= batchRows || enc.Size() >= batchBytes) && !emit() {
				return
			}
		}
		if enc.Rows() > 0 {
			emit()
		}
	}
}

// CreateDataFrameFromRecords makes a DataFrame of Arrow record batches, which it
// takes one at a time and releases none of. All batches have the schema. It
// blocks as [CreateDataFrame] does.
//
// Spark takes these Arrow types: null, bool, signed integers, float32, float64,
// string and binary, also large ones, decimal128, date32, timestamps and
// durations in microseconds, month and month-day-nano intervals, list, map,
// struct. Others are an error that names the column.
//
// A schema in the options must have the columns of the batches, in their order,
// and the same types but for what Arrow does not know, such as a collation or
// the fields of an interval. Values are not held against these: Spark's cast
// cuts off what INTERVAL DAY has no room for.
func (s *Session) CreateDataFrameFromRecords(ctx context.Context, arrowSchema *arrow.Schema, records iter.Seq2[arrow.Record, error], opts *LocalDataOptions) (sql.DataFrame, error) {
	df, err := s.createFromRecords(ctx, arrowSchema, records, opts)
	if err != nil {
		return nil, fmt.Errorf("create a DataFrame: %w", err)
	}
	return df, nil
}

func (s *Session) createFromRecords(ctx context.Context, arrowSchema *arrow.Schema, records iter.Seq2[arrow.Record, error], opts *LocalDataOptions) (sql.DataFrame, error) {
	if arrowSchema == nil || records == nil {
		return nil, errors.New("the Arrow schema or the batches are nil")
	}
	def, err := columnar.DefinitionOfArrow(arrowSchema)
	if err != nil {
		return nil, err
	}
	if wanted := opts.schema(); wanted != nil {
		if err := columnar.CheckArrow(*wanted, arrowSchema); err != nil {
			return nil, err
		}
		def = *wanted
	}
	return s.load(ctx, localData{
		schema: arrowSchema, def: def, batches: boundBatches(ctx, arrowSchema, def, records),
	}, opts)
}

// CreateDataFrameFromReader is [Session.CreateDataFrameFromRecords] for a reader,
// which it does not release.
func (s *Session) CreateDataFrameFromReader(ctx context.Context, reader array.RecordReader, opts *LocalDataOptions) (sql.DataFrame, error) {
	if reader == nil {
		return nil, errors.New("create a DataFrame: the reader is nil")
	}
	return s.CreateDataFrameFromRecords(ctx, reader.Schema(), func(yield func(arrow.Record, error) bool) {
		for reader.Next() {
			if !yield(reader.Record(), nil) {
				return
			}
		}
		if err := reader.Err(); err != nil {
			yield(nil, err)
		}
	}, opts)
}

// CreateDataFrameFromArrow makes a DataFrame of an Arrow table, with the default
// options of [Session.CreateDataFrameFromRecords]. It stands in place of the
// client's method of this name, which servers without the fix of SPARK-53342
// answer with a part of the rows.
func (s *Session) CreateDataFrameFromArrow(ctx context.Context, table arrow.Table) (sql.DataFrame, error) {
	if table == nil {
		return nil, errors.New("create a DataFrame: the table is nil")
	}
	reader := array.NewTableReader(table, batchRows)
	defer reader.Release()
	return s.CreateDataFrameFromReader(ctx, reader, nil)
}
