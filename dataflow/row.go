package dataflow

import "github.com/sparkpipe/sparkpipe/dataflow/value"

// Row is a row of a query, or a STRUCT in one: values with names, in the order
// of the query. [Rows] says which Go types the values have.
type Row = value.Row
