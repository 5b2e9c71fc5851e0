// Package options collects the options of data sources, and the faults of the
// settings that they are made of.
//
// A [Set] leaves out what is not set, so that the data source takes its own
// default. [Faults] are reported all at once, each with the key as it stands in a
// file:
//
//	f := &options.Faults{What: "delta source"}
//	f.ExactlyOne("path", s.Path, "table", s.Table)
//	return f.Join()
package options
