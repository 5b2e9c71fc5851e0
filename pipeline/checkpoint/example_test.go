package checkpoint_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

// A run fails at its second component and is resumed.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "checkpoints")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	store, err := checkpoint.NewFileStore(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	lock, err := store.Lock(ctx, "nightly-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer lock.Release(ctx)
	_, err = store.Lock(ctx, "nightly-1")
	fmt.Println(errors.Is(err, checkpoint.ErrLocked))

	steps := []checkpoint.Step{{Name: "read"}, {Name: "save", DependsOn: []string{"read"}}}
	record, err := checkpoint.New("nightly-1", "orders", "", steps)
	if err != nil {
		fmt.Println(err)
		return
	}
	record.Status = checkpoint.StatusFailed
	record.Component("read").State = checkpoint.StateSucceeded
	record.Component("save").State = checkpoint.StateFailed
	if err := store.Save(ctx, record); err != nil {
		fmt.Println(err)
		return
	}

	record, err = store.Load(ctx, "nightly-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	decisions, err := record.Resume(steps, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range decisions {
		fmt.Printf("%s: %s, because %s\n", d.Name, d.Action, d.Reason)
	}
	// Output:
	// true
	// read: skip, because it succeeded
	// save: run, because it failed
}

func ExampleFingerprint() {
	one, _ := checkpoint.Fingerprint("clean", map[string]any{"query": "SELECT 1", "limit": 10})
	other, _ := checkpoint.Fingerprint("clean", map[string]any{"limit": 10, "query": "SELECT 1"})
	changed, _ := checkpoint.Fingerprint("clean", map[string]any{"query": "SELECT 2", "limit": 10})
	fmt.Println(one == other, one == changed)
	// Output: true false
}
