package checkpointtest_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/checkpointtest"
)

// A test of a store hands its own two of them to Run.
func ExampleRun() {
	test := func(t *testing.T) {
		checkpointtest.Run(t, func(t *testing.T) (one, other checkpoint.Store) {
			dir := t.TempDir()
			return open(dir), open(dir)
		})
	}
	_ = test // go test calls it
}

func open(dir string) checkpoint.Store {
	store, err := checkpoint.NewFileStore(dir)
	if err != nil {
		panic(err)
	}
	return store
}

func ExampleRecord() {
	dir, err := os.MkdirTemp("", "checkpoints")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	record := checkpointtest.Record("nightly-1")
	fmt.Println(open(dir).Save(context.Background(), record))
	fmt.Println(record.Revision)
	// Output:
	// <nil>
	// 1
}
