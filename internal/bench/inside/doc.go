// Package main is the program inside. It answers how long things take within one
// process. It reads one request a line and answers each with a number of seconds
// on a line, or with "error: " and text:
//
//	runner SHAPE SIZE LOGGING   one run of SIZE components that do nothing;
//	                            SHAPE is independent or chain, LOGGING on or off
//	query CLIENT COUNT          the median of COUNT times SELECT 1 with its row;
//	                            CLIENT is ours or stock
//	export COUNT, import COUNT  one of COUNT plans out of or into a DataFrame
//
// All but the first need a server, that of SPARK_REMOTE. Sessions are opened
// with the first request that needs them and kept.
package main
