package dataflow

import (
	"errors"

	"github.com/sparkpipe/sparkpipe/internal/connect"
)

// ErrNoSession is returned when a component needs Spark and its Runtime
// carries no session.
var ErrNoSession = errors.New("this component needs a Spark session and the run has none")

// ErrForeignSession is returned for a DataFrame that belongs to another session
// than the one it is used with.
var ErrForeignSession = connect.ErrForeignSession

// ErrClosed is returned by calls on a [Session] after [Session.Close].
var ErrClosed = connect.ErrClosed

// ErrSessionLost is returned by calls on a session that the server has no more:
// it was restarted, gave up a session that was idle for too long, or somebody
// released it; or a server that was started for the session has ended. Views,
// properties and cached data of the session are gone; open a new one.
var ErrSessionLost = connect.ErrSessionLost

// ErrOutcomeUnknown is returned for a command, such as a write, of which nobody
// can tell whether it has taken effect: the connection or the server was lost
// while it ran, or the context ended and the server did not answer to that. It is
// never sent a second time.
var ErrOutcomeUnknown = connect.ErrOutcomeUnknown
