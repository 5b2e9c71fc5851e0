package hooks_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/hooks"
)

type attemptKey struct{}

// trier is a hook that hears of attempts and adds its name to the context.
type trier struct {
	hooks.Base
	heard *[]string
	name  string
}

func (o trier) BeforeAttempt(ctx context.Context, e hooks.AttemptStart) context.Context {
	path, _ := ctx.Value(attemptKey{}).(string)
	*o.heard = append(*o.heard, "before "+o.name+path)
	switch o.name {
	case "bad":
		panic("no")
	case "nil":
		return nil
	}
	return context.WithValue(ctx, attemptKey{}, path+" "+e.Name+"/"+o.name)
}

func (o trier) AfterAttempt(ctx context.Context, e hooks.AttemptEnd) {
	path, _ := ctx.Value(attemptKey{}).(string)
	*o.heard = append(*o.heard, "after "+o.name+path+": "+e.Err.Error())
	if o.name == "bad" {
		panic("no")
	}
}

func TestObservesAttempts(t *testing.T) {
	t.Parallel()
	require.False(t, hooks.ObservesAttempts(nil))
	require.False(t, hooks.ObservesAttempts(hooks.Base{}))
	require.False(t, hooks.ObservesAttempts(hooks.Join(hooks.Base{}, hooks.Funcs{})))
	require.False(t, hooks.ObservesAttempts(hooks.Join()))
	require.True(t, hooks.ObservesAttempts(trier{}))
	require.True(t, hooks.ObservesAttempts(hooks.Join(hooks.Base{}, hooks.Join(trier{}))))
}

func TestAttemptsOfJoinedHooks(t *testing.T) {
	t.Parallel()
	var heard, panics []string
	all := hooks.Join(trier{heard: &heard, name: "a"}, trier{heard: &heard, name: "bad"}, hooks.Base{},
		trier{heard: &heard, name: "nil"}, trier{heard: &heard, name: "b"})
	observer, ok := all.(hooks.AttemptObserver)
	require.True(t, ok)
	ctx := hooks.WithPanicReport(t.Context(), func(err error) { panics = append(panics, err.Error()) })
	start := hooks.AttemptStart{Name: "clean", Attempt: 2}
	ctx = observer.BeforeAttempt(ctx, start)
	observer.AfterAttempt(ctx, hooks.AttemptEnd{AttemptStart: start, Err: errors.New("broken")})
	require.Equal(t, []string{
		"before a", "before bad clean/a", "before nil clean/a", "before b clean/a",
		"after b clean/a clean/b: broken", "after nil clean/a clean/b: broken",
		"after bad clean/a clean/b: broken", "after a clean/a clean/b: broken",
	}, heard)
	require.Equal(t, []string{
		`hook "hooks_test.trier": BeforeAttempt of "clean": panic: no`,
		`hook "hooks_test.trier": AfterAttempt of "clean": panic: no`,
	}, panics)
}
