// Package wire holds the messages of the Spark Connect protocol that sparkpipe
// sends and reads itself, generated from wire.proto. They are compatible on the
// wire with Spark's own and link beside the client's generated copy, because
// their full names differ. Run make generate after a change of wire.proto.
package wire
