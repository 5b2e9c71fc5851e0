package checkpoint_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also is the program that the tests of crashes start.
func TestMain(m *testing.M) {
	if role := os.Getenv("CHECKPOINT_TEST_ROLE"); role != "" {
		os.Exit(play(role, os.Getenv("CHECKPOINT_TEST_DIR")))
	}
	goleak.VerifyTestMain(m)
}
