// Package connect is the gRPC connection to Spark Connect that sparkpipe owns.
//
// [Open] dials, makes a session of the Spark client on top of the connection
// and asks the server for its version, so that a wrong address shows at once.
// Interceptors of this package see every call, also those that a user makes on
// the client's own DataFrame. They put the user agent, headers and operation
// tags on it, interrupt the operation on the server when its context ends, and
// turn errors into [component.SparkError].
//
// Plans cross the border to the client in both directions with no round trip:
// [Conn.Export] takes the relation out of a DataFrame, [Conn.Import] makes a
// DataFrame of a relation. [Conn.Execute] runs commands that the client lacks.
//
// Who wants to know after a crash what ran has it recorded ([WithRecorder]), opens
// the session again with Options.ServerSessionID, and asks ([Conn.Outcome]).
//
// A connection is safe for concurrent use.
//
// # Errors
//
// Every error of a call has a [component.SparkError] in its chain. [Conn.Error]
// finds it also behind an error of the client, which keeps only a part of it.
package connect
