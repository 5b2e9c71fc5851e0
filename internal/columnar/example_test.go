package columnar_test

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sparkpipe/sparkpipe/internal/columnar"
)

func ExampleDecoder() {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "customer_id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
	record, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(
		`[{"customer_id": 1, "name": "Ann"}, {"customer_id": 2, "name": null}]`))
	if err != nil {
		fmt.Println(err)
		return
	}

	type customer struct {
		CustomerID int
		Name       *string
	}
	decoder, err := columnar.NewDecoder[customer](schema)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = decoder.Decode(record, func(c customer) bool {
		fmt.Println(c.CustomerID, c.Name != nil)
		return true
	})
	fmt.Println(err)
	// Output:
	// 1 true
	// 2 false
	// <nil>
}
