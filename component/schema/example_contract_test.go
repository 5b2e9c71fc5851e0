package schema_test

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

func ExampleCompare() {
	want, err := schema.ParseContract("id BIGINT NOT NULL, address STRUCT<zip: STRING>, tags ARRAY")
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := schema.Parse("id INT, address STRUCT<zip: INT, city: STRING>, tags ARRAY<STRING>")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range schema.Compare(want, got, schema.CompatibleRules()) {
		fmt.Println(d.Severity, d)
	}
	// Output:
	// error id: can be null, and must not be
	// error address.zip: is INT, wanted STRING
	// warning address.city: is not wanted, found STRING
}

func ExampleDecodeContract() {
	def, err := schema.DecodeContract("output", []any{
		map[string]any{"name": "id", "type": "long", "nullable": false},
		map[string]any{"name": "tags", "type": "array<string>"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(def)
	// Output: id BIGINT NOT NULL, tags ARRAY<STRING>
}
