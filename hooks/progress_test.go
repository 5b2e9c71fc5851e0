package hooks_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/hooks"
)

// watcher is a hook with a method of its own for progress.
type watcher struct {
	hooks.Base
	seen []hooks.ComponentProgress
}

func (w *watcher) OnProgress(_ context.Context, e hooks.ComponentProgress) {
	w.seen = append(w.seen, e)
}

func listening(f func(context.Context, hooks.ComponentProgress)) hooks.PipelineHooks {
	return hooks.Funcs{Name: "listening", OnProgressFunc: f}
}

func TestObservesProgress(t *testing.T) {
	t.Parallel()
	hear := func(context.Context, hooks.ComponentProgress) {}
	tests := map[string]struct {
		hook hooks.PipelineHooks
		want bool
	}{
		"nil":                    {nil, false},
		"the seven moments only": {hooks.Base{}, false},
		"an observer":            {&watcher{}, true},
		"no function":            {hooks.Funcs{}, false},
		"a function":             {listening(hear), true},
		"a pointer":              {&hooks.Funcs{OnProgressFunc: hear}, true},
		"a nil pointer":          {(*hooks.Funcs)(nil), false},
		"joined, none":           {hooks.Join(hooks.Base{}, hooks.Funcs{}, nil), false},
		"joined, nothing":        {hooks.Join(), false},
		"joined, one of many":    {hooks.Join(hooks.Base{}, &watcher{}), true},
		"joined twice":           {hooks.Join(hooks.Join(hooks.Base{}), hooks.Join(listening(hear))), true},
		"measurements":           {hooks.NewMetrics(nil), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, hooks.ObservesProgress(test.hook))
		})
	}
}

func TestJoinPassesProgressOn(t *testing.T) {
	t.Parallel()
	var order []string
	note := func(name string) hooks.PipelineHooks {
		return listening(func(_ context.Context, e hooks.ComponentProgress) { order = append(order, name+" "+e.Name) })
	}
	own := &watcher{}
	all, ok := hooks.Join(note("a"), hooks.Base{}, hooks.Funcs{}, own, hooks.Join(note("b"))).(hooks.ProgressObserver)
	require.True(t, ok)
	event := hooks.ComponentProgress{Name: "clean", Stages: 3, Tasks: 200}
	all.OnProgress(t.Context(), event)
	require.Equal(t, []string{"a clean", "b clean"}, order)
	require.Equal(t, []hooks.ComponentProgress{event}, own.seen)
}

func TestJoinIsolatesPanicsOfProgress(t *testing.T) {
	t.Parallel()
	var caught []error
	ctx := hooks.WithPanicReport(t.Context(), func(err error) { caught = append(caught, err) })
	own := &watcher{}
	all := hooks.Join(listening(func(context.Context, hooks.ComponentProgress) { panic("boom") }), (*watcher)(nil), own)
	all.(hooks.ProgressObserver).OnProgress(ctx, hooks.ComponentProgress{Name: "clean"})
	require.Len(t, own.seen, 1, "the others hear")
	require.Len(t, caught, 2)
	require.EqualError(t, caught[0], `hook "listening": OnProgress of "clean": panic: boom`)
	require.ErrorContains(t, caught[1], `hook "*hooks_test.watcher": OnProgress of "clean": panic: `)
}
