// Package fakeconnect is a Spark Connect server in this process with scripted
// answers, for tests in milliseconds.
//
// [Start] listens on a free port of the loopback interface and stops with the
// test. Out of the box it answers as an idle server would: it knows its version,
// keeps session properties, accepts every command, and answers every query with
// one row. [Server.OnExecute] puts a script in front of that; [Server.Requests]
// tells what arrived.
//
// It checks nothing that Spark checks: a plan that this server accepts may be
// refused by a real one. Only a query of the one word "sparkpipe_…" is the syntax
// error that it is.
package fakeconnect
