package schema_test

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

func Example() {
	def, err := schema.Parse("id long not null, tags array<string>, `unit price` dec(10,2) comment 'net'")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(def)
	price, _ := def.Field("Unit Price")
	fmt.Println(price.Type.Kind, price.Type.Scale, price.Comment())
	// Output:
	// id BIGINT NOT NULL, tags ARRAY<STRING>, `unit price` DECIMAL(10,2) COMMENT 'net'
	// DECIMAL 2 net
}

func ExampleNew() {
	def := schema.New(
		schema.Required("id", schema.Long()),
		schema.Nullable("attributes", schema.MapOf(schema.String(), schema.Decimal(10, 2), false)),
	)
	fmt.Println(def)
	// Output: id BIGINT NOT NULL, attributes MAP<STRING, DECIMAL(10,2)>
}

func ExampleParse_error() {
	_, err := schema.Parse("id BIGINT, name TEXT")
	fmt.Println(err)
	// Output: parse the schema: column 17: Spark has no type "TEXT"; it has STRING
}

func ExampleDefinition_JSON() {
	def := schema.New(schema.Required("id", schema.Long()))
	data, err := def.JSON()
	fmt.Println(string(data), err)
	// Output: {"fields":[{"metadata":{},"name":"id","nullable":false,"type":"long"}],"type":"struct"} <nil>
}

func ExampleParseJSON() {
	def, err := schema.ParseJSON([]byte(`{"type":"struct","fields":[{"name":"id","type":"long","nullable":false}]}`))
	fmt.Println(def, err)
	// Output: id BIGINT NOT NULL <nil>
}
