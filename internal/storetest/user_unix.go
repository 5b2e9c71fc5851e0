//go:build unix

package storetest

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// notRoot returns what makes a command run as a user that is not root, since
// PostgreSQL refuses root, and gives the paths to that user.
func notRoot(tb testing.TB, paths ...string) func(*exec.Cmd) {
	tb.Helper()
	if os.Getuid() != 0 {
		return func(*exec.Cmd) {}
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		tb.Fatal(err)
	}
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		tb.Fatal(err)
	}
	gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
	if err != nil {
		tb.Fatal(err)
	}
	for _, path := range paths {
		if err := os.Chown(path, int(uid), int(gid)); err != nil {
			tb.Fatal(err)
		}
	}
	// The folder above is the test's, for its owner only in some versions of Go.
	if err := os.Chmod(filepath.Dir(paths[0]), 0o711); err != nil {
		tb.Fatal(err)
	}
	return func(cmd *exec.Cmd) {
		cmd.Dir = paths[0]
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
}
