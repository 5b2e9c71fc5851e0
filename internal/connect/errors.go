package connect

import "errors"

// ErrForeignSession is returned for a DataFrame that belongs to another
// session than the one it is used with.
var ErrForeignSession = errors.New("the DataFrame belongs to another Spark session")

// ErrClosed is returned by calls on a closed connection.
var ErrClosed = errors.New("the Spark session is closed")

// ErrSessionLost is returned by calls on a session that the server has no more:
// it was restarted, gave up a session that was idle for too long, or somebody
// released it; or the server is known to have ended for good. Views, properties
// and cached data of the session are gone.
var ErrSessionLost = errors.New("the Spark session is lost")

// ErrOutcomeUnknown is returned for a command of which nobody can tell whether
// it has taken effect: the connection or the server was lost while it ran, or the
// context ended and the server did not answer to that. It is never sent a second
// time.
var ErrOutcomeUnknown = errors.New("the command may or may not have taken effect")
