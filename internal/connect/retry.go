package connect

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The delays between two tries to reach the server; the first comes at once. The
// shortest is that of the Spark clients; the longest is less than theirs (a
// minute), since a try costs next to nothing.
const (
	minDelay = 50 * time.Millisecond
	maxDelay = 5 * time.Second
)

// retry is a series of tries to reach the server, over when one has gone well.
type retry struct {
	ctx   context.Context
	link  *link
	first time.Time // zero while all is well
	cause error     // what broke first
	tries int
	delay time.Duration
}

func (l *link) newRetry(ctx context.Context) *retry { return &retry{ctx: ctx, link: l} }

// progress ends a series: the server has answered.
func (r *retry) progress() {
	if r.tries > 0 {
		r.link.opts.Logger.Info("connection to Spark is back",
			zap.Int("tries", r.tries), zap.Duration("after", time.Since(r.first)))
	}
	r.first, r.cause, r.tries, r.delay = time.Time{}, nil, 0, 0
}

// call makes a unary call, again while the connection is broken. The calls that
// are made this way may arrive twice without harm.
func (r *retry) call(method string, call func() error) error {
	refreshed := false
	for {
		err := call()
		switch code := status.Code(err); {
		case err == nil:
			r.progress()
			return nil
		case code == codes.Unauthenticated && !refreshed && r.link.refreshToken(r.ctx):
			refreshed = true
		case code != codes.Unavailable || r.ctx.Value(noRetryKey{}) != nil || !r.wait(err, method):
			return err
		}
	}
}

// wait blocks until the next try is due. It returns false when there is none:
// the time is over, the context has ended, or the server is gone for good.
func (r *retry) wait(err error, what string) bool {
	if r.link.serverEnded() {
		return false
	}
	limit := r.link.opts.ReconnectTimeout
	if r.tries == 0 {
		r.first, r.cause = time.Now(), r.link.callError(context.WithoutCancel(r.ctx), err)
		if limit > 0 {
			r.link.opts.Logger.Warn("connection to Spark broke, trying again", zap.String("call", what), zap.Error(r.cause))
		}
	}
	pause := r.delay/2 + rand.N(max(r.delay, 1)) //nolint:gosec // spreads tries, keeps no secret
	r.delay = min(max(2*r.delay, minDelay), maxDelay)
	if limit < 0 || time.Since(r.first)+pause > limit {
		return false
	}
	r.tries++
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.ctx.Done():
	case <-r.link.opts.ServerDone:
	}
	r.tries-- // it was not made
	return false
}

// serverEnded reports whether the server has ended for good, as far as we are told.
func (l *link) serverEnded() bool {
	select {
	case <-l.opts.ServerDone:
		return true
	default:
		return false
	}
}

// failure completes the error of a series that was given up with what broke
// first and how often it was tried again.
func (r *retry) failure(last error) error {
	if r.tries == 0 {
		return last
	}
	tried := fmt.Sprintf("(tried again %d times in %s)", r.tries, time.Since(r.first).Round(100*time.Millisecond))
	var rpc *rpcError
	if !errors.As(last, &rpc) {
		return fmt.Errorf("%w %s", last, tried)
	}
	full := *rpc
	if full.cause.Error() == r.cause.Error() {
		full.cause = fmt.Errorf("%w %s", rpc.cause, tried)
	} else {
		full.cause = fmt.Errorf("%w %s; first it was: %w", rpc.cause, tried, r.cause)
	}
	return &full
}
