package connect

import "errors"

// ErrForeignSession is returned for a DataFrame that belongs to another
// session than the one it is used with.
var ErrForeignSession = errors.New("the DataFrame belongs to another Spark session")

// ErrClosed is returned by calls on a closed connection.
var ErrClosed = errors.New("the Spark session is closed")
