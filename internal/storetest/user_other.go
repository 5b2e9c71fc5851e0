//go:build !unix

package storetest

import (
	"os/exec"
	"testing"
)

func notRoot(testing.TB, ...string) func(*exec.Cmd) { return func(*exec.Cmd) {} }
