// Package sqltext reads Spark SQL without a server.
//
// [Parse] says whether a text is provably one query and nothing else, and which
// tables and views a statement reads and writes:
//
//	st := sqltext.Parse("INSERT INTO totals SELECT sum(x) FROM orders")
//	st.Query  // false
//	st.Reason // it is an INSERT statement
//	st.Reads  // orders
//
// It is strict where a mistake would cost something. What is a query is decided
// on a list of what queries can begin with and go on with, and the tokens are
// those of Spark down to comments that end with a carriage return and hints that
// look like comments, so that nothing hides from it. Expressions are passed over:
// a text that Spark refuses can be a query here.
//
// [Words] and [FirstKeyword] are a lexer only. A name is mentioned when it stands
// anywhere as an identifier or as a whole string literal, so the answer errs on
// the side of "mentioned" (a column called like a view counts), and never misses
// a name that is written out.
//
// No input is an error.
//
// # Concurrency
//
// All functions are pure and safe for concurrent use.
package sqltext
