package dataflow_test

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// The columns of a Go type are a contract that data can be held against, with no
// server.
func ExampleContractFor() {
	type customer struct {
		CustomerID int64    `spark:"customer_id"`
		Country    string   `spark:"country,char(2)"`
		Tags       []string `spark:"tags,optional"`
	}
	contract, err := dataflow.ContractFor[customer]()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(contract.Columns)
	got, err := schema.Parse("customer_id INT NOT NULL, country CHAR(3) NOT NULL, since DATE")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(schema.Describe(contract.Compare(got)))
	// Output:
	// customer_id BIGINT NOT NULL, country CHAR(2) NOT NULL, tags ARRAY<STRING>
	// country: is CHAR(3), wanted CHAR(2)
}

func ExampleComparePipeline() {
	promised, wanted := schema.New(schema.Nullable("id", schema.Long())), schema.New(schema.Required("id", schema.Long()))
	findings := dataflow.ComparePipeline([]dataflow.ContractStep{
		{Name: "orders", Output: &schema.Contract{Columns: promised}, Makes: []dataflow.Dataset{{Kind: dataflow.DatasetView, Name: "orders"}}},
		{Name: "report", Inputs: map[string]schema.Contract{"orders": {Columns: wanted}}},
	}, dataflow.SchemaValidation{})
	for _, f := range findings {
		fmt.Println(f.Severity, f)
	}
	// Output:
	// error orders, which component "orders" makes and component "report" reads: id: can be null, and must not be
}
