//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package localspark

import (
	"context"
	"os/exec"
)

const supported = false

func lock(context.Context, string, func()) (func(), error) { return nil, ErrUnsupported }

func ownGroup(*exec.Cmd) {}

func killWithGroup(*exec.Cmd) {}

func killGroup(int) {}
