package parquet_test

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sparkpipe/sparkpipe/internal/parquet"
)

func Example() {
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int64}}, nil)
	rows := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer rows.Release()
	rows.Field(0).(*array.Int64Builder).AppendValues([]int64{1, 2, 3}, nil)
	batch := rows.NewRecord()
	defer batch.Release()

	var file bytes.Buffer
	w, err := parquet.NewWriter(&file, schema, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Write(batch); err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s %s\n", file.Bytes()[:4], file.Bytes()[file.Len()-4:])
	// Output: PAR1 PAR1
}
