// Package sqltext reads Spark SQL just far enough to say which names a query
// mentions and with which keyword it begins. It is a lexer, not a parser: a name
// is mentioned when it stands anywhere as an identifier or as a whole string
// literal, so the answer errs on the side of "mentioned" (a column called like a
// view counts), and never misses a name that is written out.
//
// No input is an error: an unclosed quote or comment ends with the text.
//
// # Concurrency
//
// All functions are pure and safe for concurrent use.
package sqltext
