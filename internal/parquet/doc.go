// Package parquet writes Arrow record batches as Parquet files that Spark reads.
//
// A [Writer] takes batches of one schema, keeps the encoded pages of a row group
// in memory until Flush, and ends the file at Close:
//
//	w, err := parquet.NewWriter(file, schema, nil)
//	...
//	err = w.Write(batch)
//	...
//	err = w.Close()
//
// It writes what a reader needs to get the values back and no more: plain
// encoding, no dictionaries, statistics or indexes. It is made for files that
// are read once, as a whole, and soon. Arrow's own writer would double the size
// of a program and add its start time.
//
// # Types
//
// All types in which Spark takes Arrow data, but for the null type. Intervals are
// plain numbers and a VARIANT is a group, as Spark writes them, so that a reader
// needs to be given the schema for these.
package parquet
