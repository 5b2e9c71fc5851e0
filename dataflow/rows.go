package dataflow

import (
	"context"
	"iter"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

// Rows runs df and returns its rows, in order, as they arrive: [Batches] says
// how it runs. A row stays valid. Where the columns are known, [RowsAs] is
// faster and checks them.
//
// The values have one Go type for each type of Spark; a NULL is nil.
//
//	| Spark                    | Go                                              |
//	| BOOLEAN                  | bool                                            |
//	| TINYINT, SMALLINT        | int8, int16                                     |
//	| INT, BIGINT              | int32, int64                                    |
//	| FLOAT, DOUBLE            | float32, float64                                |
//	| DECIMAL                  | [Decimal], with all decimals of the type        |
//	| STRING, CHAR, VARCHAR    | string                                          |
//	| BINARY                   | []byte                                          |
//	| DATE                     | [Date]                                          |
//	| TIMESTAMP                | [time.Time], the instant, in UTC                |
//	| TIMESTAMP_NTZ            | [time.Time], the time of the clock, as if UTC   |
//	| INTERVAL DAY TO SECOND   | [time.Duration]; an error beyond 292 years      |
//	| INTERVAL YEAR TO MONTH   | [value.YearMonthInterval]                       |
//	| INTERVAL                 | [value.CalendarInterval]                        |
//	| VARIANT                  | [value.Variant]                                 |
//	| ARRAY                    | []any                                           |
//	| MAP                      | map[string]any for texts as keys, else          |
//	|                          | map[any]any, with BINARY keys as string         |
//	| STRUCT                   | [Row]                                           |
//	| VOID                     | nil                                             |
func Rows(ctx context.Context, df sql.DataFrame) iter.Seq2[Row, error] {
	return RowsAs[Row](ctx, df)
}
