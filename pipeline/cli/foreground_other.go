//go:build !unix

package cli

// inForeground reports whether Ctrl-C in the terminal reaches the command too.
func inForeground() bool { return true }
