// Package main is the program inside. It answers how long things take within one
// process. It reads one request a line and answers each with a number of seconds
// on a line, or with "error: " and text:
//
//	runner SHAPE SIZE LOGGING   one run of SIZE components that do nothing;
//	                            SHAPE is independent or chain, LOGGING on or off
//	parallel KIND WIDTH SIZE    one run of ten independent components, WIDTH at a
//	                            time, that each wait SIZE ms on the server (wait)
//	                            or calculate over SIZE rows there (cpu), or of
//	                            SIZE components that do nothing (nothing)
//	query CLIENT COUNT          the median of COUNT times SELECT 1 with its row;
//	                            CLIENT is ours, stock, or a gRPC stub with
//	                            nothing around it: bare, or reattachable
//	stream WAY COUNT            the median of COUNT streaming queries; WAY is to
//	                            the end of the call that starts it (call), to the
//	                            first batch with rows by polling (poll), that and
//	                            its stop (stop), or as the listener is told
//	                            (listener), to the first batch of the source rate,
//	                            which is empty (rate), or to the end of one over a
//	                            small file (files)
//	rows WAY COUNT              COUNT rows of four columns, read; WAY is bare,
//	                            reattachable,
//	                            Batches, RowsAs, Rows, ToArrow or Collect, the
//	                            last two of the stock client
//	upload WAY COUNT            COUNT rows made into a DataFrame and counted by
//	                            Spark; WAY is auto, inline, cached, staged, or
//	                            seq, which is auto for rows that are never all
//	                            in memory
//	export COUNT, import COUNT  one of COUNT plans out of or into a DataFrame
//
// A request may also be given as arguments; then it is the only one.
//
// All but runner and parallel nothing need a server, that of SPARK_REMOTE. Sessions are opened
// with the first request that needs them and kept.
package main
