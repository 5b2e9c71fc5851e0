// Package kafka knows what Spark's Kafka connector takes, for batches and for
// streams alike: how it logs in ([Connection]), which records it reads ([Topics]
// and [Point]), and how columns become records and records columns ([Record] and
// [Decoding]). It reports faults that can be told without the server, by the keys
// that files have.
//
// It holds no settings of its own: the packages with the sources and sinks convert
// theirs.
package kafka
