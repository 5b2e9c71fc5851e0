package storetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Moto starts a moto, which speaks the protocol of AWS services, Secrets Manager
// among them, and is empty. It returns the URL.
func Moto(tb testing.TB) string {
	tb.Helper()
	program := built(tb, "moto", filepath.Join("moto", "bin", "moto_server"))
	port := freePort(tb)
	cmd := exec.Command(program, "-H", "127.0.0.1", "-p", fmt.Sprint(port))
	start(tb, cmd, func() bool { return open(port) })
	return fmt.Sprintf("http://127.0.0.1:%d", port)
}

// built returns a program of the folder build of the tree.
func built(tb testing.TB, name, path string) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		program := filepath.Join(dir, "build", path)
		if info, err := os.Stat(program); err == nil && info.Mode().IsRegular() {
			return program
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	program, err := exec.LookPath(filepath.Base(path))
	if err != nil {
		missing(tb, name)
	}
	return program
}
