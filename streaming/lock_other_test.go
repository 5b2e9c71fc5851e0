//go:build !linux

package streaming_test

import "testing"

func onHost(*testing.T, string) {}

func (c *child) pause(t *testing.T) { t.Skip("NOT RUN: it stops a process, as Linux can") }
func (c *child) resume(*testing.T)  {}
