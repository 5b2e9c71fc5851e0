package audit_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/audittest"
)

// The environment of a child process of a test.
const (
	childRole = "AUDIT_TEST_ROLE"
	childDir  = "AUDIT_TEST_PATH"
)

// play is the child process.
func play(role, path string) int {
	if role == "limited" {
		if err := limited(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	sink, err := audit.NewFileSink(path, &audit.FileOptions{RotateBytes: 20000})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx := context.Background()
	for n := 0; role == "for ever" || n < 40; n++ {
		if err := sink.Write(ctx, audittest.Event(n)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		if role == "for ever" {
			fmt.Println(n)
		}
	}
	if err := sink.Close(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func child(t *testing.T, role, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childRole+"="+role, childDir+"="+path)
	cmd.Stderr = os.Stderr
	return cmd
}
