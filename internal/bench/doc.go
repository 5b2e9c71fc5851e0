// Package main is the program bench, which measures whole programs beside what
// they replace: the sparkpipe binary, its predecessor pyspark-pipeline-framework,
// and a bare program on the stock Go client. It prints tables in Markdown. Run it
// from the root of the repository; the server is warmed up before it counts:
//
//	make build
//	build/sparkpipe local -- go run ./internal/bench
//
// What is compared runs in turns: every round runs each program once, in an
// order that turns with the round. A ratio is taken within each round. So what
// else the machine does falls on all alike, and ratios hold where seconds do
// not. Every figure is a median with [min..max].
//
// This program itself uses the standard library alone. On Linux the peak memory
// of a child is never below that of the process which started it, so everything
// heavy lives in the children: inside, a worker that measures within one
// process, overhead.py, data.py, streams.py and sequences.py, its counterparts in Python, and
// stock.
//
// The predecessor is installed once into build/bench-venv. Without Python, or
// when pip cannot install it, its rows are left out with a line that says why.
package main
