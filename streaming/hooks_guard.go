package streaming

import (
	"context"
	"fmt"
	"runtime/debug"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/component"
)

// guardedHooks calls hooks in order and catches what they panic with.
type guardedHooks struct {
	list   []StreamHooks
	logger *zap.Logger
}

var _ StreamHooks = guardedHooks{}

// each calls every hook.
func (g guardedHooks) each(moment string, call func(StreamHooks)) {
	for _, hook := range g.list {
		g.one(moment, hook, call)
	}
}

func (g guardedHooks) one(moment string, hook StreamHooks, call func(StreamHooks)) {
	defer g.catch(moment, hook)
	call(hook)
}

// watching calls watchers. One that panics changes nothing for the others.
func (g guardedHooks) watching(moment string, watchers []Watcher, call func(Watcher)) {
	for _, w := range watchers {
		func() {
			defer g.catch(moment, w)
			call(w)
		}()
	}
}

// catch logs the panic of a hook or a watcher.
func (g guardedHooks) catch(moment string, who any) {
	value := recover()
	if value == nil {
		return
	}
	err := &component.PanicError{Value: value, Stack: debug.Stack()}
	g.logger.Error("stream hook panicked", zap.String("hook", fmt.Sprintf("%T", who)), zap.String("moment", moment),
		zap.Error(err), zap.ByteString("panic_stack", err.Stack))
}

func (g guardedHooks) OnQueryStart(ctx context.Context, e QueryStart) {
	g.each("query start", func(h StreamHooks) { h.OnQueryStart(ctx, e) })
}

func (g guardedHooks) OnBatchProgress(ctx context.Context, e BatchProgress) {
	g.each("batch progress", func(h StreamHooks) { h.OnBatchProgress(ctx, e) })
}

func (g guardedHooks) OnQueryIdle(ctx context.Context, e QueryIdle) {
	g.each("query idle", func(h StreamHooks) { h.OnQueryIdle(ctx, e) })
}

func (g guardedHooks) OnQueryTerminated(ctx context.Context, e QueryEnd) {
	g.each("query terminated", func(h StreamHooks) { h.OnQueryTerminated(ctx, e) })
}

func (g guardedHooks) OnQueryRestart(ctx context.Context, e QueryRestart) {
	g.each("query restart", func(h StreamHooks) { h.OnQueryRestart(ctx, e) })
}

func (g guardedHooks) OnSessionLost(ctx context.Context, e SessionLoss) {
	g.each("session lost", func(h StreamHooks) { h.OnSessionLost(ctx, e) })
}
