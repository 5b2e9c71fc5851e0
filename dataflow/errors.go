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
