// Package columnar turns Arrow columns into Go values and back. It knows no
// server.
//
// [Read] takes the record batches out of the bytes that a server sent. A
// [Decoder] is made once for the schema of a result and a Go type, which is when
// it learns whether they go together, and then makes rows of each batch:
//
//	decoder, err := columnar.NewDecoder[Customer](record.Schema())
//	if err != nil { ... }
//	more, err := decoder.Decode(record, func(c Customer) bool { ... })
//
// It writes column by column into 256 rows that it keeps, through pointers that
// it takes once, so that a cell costs neither reflection nor boxing. What is
// handed out is a copy, and nothing in it is written again.
//
// An [Encoder] goes the other way.
//
// # Errors
//
// Data that are damaged are an error and never a panic: [Read] proves that every
// value lies within its buffers before it hands a record out, and bounds what a
// message can make it allocate by the message's length. A column that does not
// fit its Go type is an error of NewDecoder, a value that does not fit is one of
// Decode; both name the column by its path, such as items[].price or tags.key.
//
// # Concurrency
//
// Decoders and encoders are for one goroutine at a time. Functions are safe for
// concurrent use.
package columnar
