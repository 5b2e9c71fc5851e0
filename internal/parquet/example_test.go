package parquet_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sparkpipe/sparkpipe/internal/parquet"
)

func Example() {
	schema := arrow.NewSchema([]arrow.Field{{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[{"name":"Ann"},{"name":null}]`))
	if err != nil {
		fmt.Println(err)
		return
	}
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
	fmt.Println(w.Rows(), "rows in a file that begins and ends with", string(file.Bytes()[:4]))
	// Output: 2 rows in a file that begins and ends with PAR1
}
