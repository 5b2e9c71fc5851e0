package pipeline

import (
	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// SourceFactory returns the factory of the component type read_<format>, which
// registers a source as a view: in files under "components", and as "type:
// <format>" under "sources". The keys of its config block are the fields of S with
// a tag "koanf", as package config decodes them, and those that all readers have:
// output_view, filter_condition and cache. When S has a method Validate, what it
// says is told with the place in the file.
func SourceFactory[S dataflow.Source](format, summary string) component.Factory {
	return reader[S](format, summary)
}

// SinkFactory returns the factory of the component type write_<format>, which
// writes a view or a query to a sink: in files under "components", and as "type:
// <format>" of a sequence's target. The keys of its config block are the fields of
// S with a tag "koanf" and those that all writers have: input_view, query, args,
// output_view and cache.
func SinkFactory[S dataflow.Sink](format, summary string) component.Factory {
	return writer[S](format, summary)
}
