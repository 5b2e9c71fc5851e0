// Package localspark runs a Spark Connect server on this machine for the
// length of one run.
//
// [Start] chooses where the server comes from, in this order:
//
//  1. the environment variable SPARK_REMOTE: a server that somebody else
//     runs, which is used and never stopped;
//  2. the environment variable SPARK_HOME: a Spark distribution;
//  3. an installed pyspark package that carries the Connect server;
//  4. Maven: the jars are fetched once into a cache folder.
//
// A SPARK_HOME or a pyspark that cannot serve what is asked for (no Connect
// jar, Spark before 4.0, another version than [Options.Version], a connector
// that is not in its jars folder) is passed over; the reason goes to
// [Options.Progress] and into the error if nothing else works either.
//
// The server listens on 127.0.0.1 at a port that the system chooses. Its
// warehouse, metastore, scratch files and log are in a private folder that
// [Server.Stop] removes. Relative paths of a job are relative to the working
// folder of this process, as they are for the rest of the program.
//
//	server, err := localspark.Start(ctx, &localspark.Options{Connectors: []string{"delta"}})
//	if err != nil {
//		return err
//	}
//	defer server.Stop(context.WithoutCancel(ctx))
//	session, err := dataflow.Connect(ctx, server.Remote(), nil)
//
// # Lifecycle
//
// Java runs below a small shell that holds the read end of a pipe. When the
// pipe closes, by Stop or because this process has ended in whatever way, the
// shell ends Java and removes the folder. So nothing is left behind even when
// this process is killed with SIGKILL. Ctrl-C in a terminal reaches this
// process only, which can then end its work on the server in order.
//
// # Errors
//
// A missing tool is [ErrNoJava] or [ErrNoMaven], each with the commands that
// install it. Maven's own failures are a [*FetchError], a server that did not
// come up is a [*StartError] with the last lines of its log; that log stays on
// disk.
//
// # Concurrency
//
// All functions and methods are safe for concurrent use. Several processes may
// share one cache folder: a lock lets one of them fetch and the others wait.
package localspark
