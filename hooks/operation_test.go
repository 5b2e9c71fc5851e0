package hooks_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/hooks"
)

// ear is a hook that hears of operations.
type ear struct {
	hooks.Base
	heard *[]string
	name  string
}

func (e ear) OnOperationEnd(_ context.Context, end hooks.OperationEnd) {
	*e.heard = append(*e.heard, e.name+" "+end.ID)
	if e.name == "bad" {
		panic("no")
	}
}

func TestOperationObservers(t *testing.T) {
	t.Parallel()
	var heard []string
	require.False(t, hooks.ObservesOperations(nil))
	require.False(t, hooks.ObservesOperations(hooks.Base{}))
	require.False(t, hooks.ObservesOperations(hooks.Join(hooks.Base{}, hooks.Funcs{})))
	require.True(t, hooks.ObservesOperations(ear{}))
	all := hooks.Join(hooks.Base{}, ear{heard: &heard, name: "bad"}, hooks.Join(ear{heard: &heard, name: "b"}))
	require.True(t, hooks.ObservesOperations(all))

	var panics []string
	ctx := hooks.WithPanicReport(t.Context(), func(err error) { panics = append(panics, err.Error()) })
	observer, ok := all.(hooks.OperationObserver)
	require.True(t, ok)
	observer.OnOperationEnd(ctx, hooks.OperationEnd{Name: "clean", ID: "1"})
	require.Equal(t, []string{"bad 1", "b 1"}, heard)
	require.Len(t, panics, 1)
	require.Contains(t, panics[0], `OnOperationEnd of "clean"`)
}
