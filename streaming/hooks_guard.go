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
	defer func() {
		if value := recover(); value != nil {
			err := &component.PanicError{Value: value, Stack: debug.Stack()}
			g.logger.Error("stream hook panicked", zap.String("hook", fmt.Sprintf("%T", hook)), zap.String("moment", moment),
				zap.Error(err), zap.ByteString("panic_stack", err.Stack))
		}
	}()
	call(hook)
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
