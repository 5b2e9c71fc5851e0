package component

import "github.com/sparkpipe/sparkpipe/component/schema"

// SchemaContract is implemented by components that say what data they read and
// make, so that it can be held against what there is before they run, and against
// what other components say. Both methods touch nothing, may be called at any time,
// and give the same every time.
//
// Components of package dataflow implement it on their flow; a runner asks through
// dataflow.ContractsOf.
type SchemaContract interface {
	// InputSchema returns the contracts of views and tables that the component reads,
	// by their names. What is not named has no contract.
	InputSchema() map[string]schema.Contract
	// OutputSchema returns the contract of the rows that the component makes, nil when
	// there is none.
	OutputSchema() *schema.Contract
}
