package resilience

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
	"go.uber.org/zap"
)

// State is the state of a [Breaker].
type State string

// The states.
const (
	StateClosed   State = "closed"
	StateOpen     State = "open"
	StateHalfOpen State = "half-open"
)

// BreakerOptions are what code passes to a [Breaker]. nil is the defaults.
type BreakerOptions struct {
	// IsFailure says which errors are failures of the service; the others count
	// neither as failure nor as success. It must be safe for concurrent use.
	// Default: those that are not known to be permanent, see [Retryable]. It is
	// not asked about nil, nor when the caller cancelled the call.
	IsFailure func(error) bool
	// OnChange is the first listener, see [Breaker.OnChange].
	OnChange func(Change)
	// Logger hears of listeners that panic. nil is silent.
	Logger *zap.Logger

	_ struct{}
}

// Breaker is a circuit breaker; the doc of the package says what it does. Make one
// with [NewBreaker]. It is safe for concurrent use.
//
// A breaker that is open becomes half-open when somebody looks after the timeout:
// with a call, or with [Breaker.State].
type Breaker struct {
	name      string
	config    BreakerConfig
	isFailure func(error) bool
	logger    *zap.Logger

	mu sync.Mutex
	// inner counts and decides; its timeout is 1 ns, since openUntil is what
	// keeps the breaker open. It is used under mu only, and so calls moved.
	inner     *gobreaker.TwoStepCircuitBreaker[struct{}]
	state     State
	openUntil time.Time
	// epoch counts the changes; results of calls of an older one are ignored.
	epoch uint64
	// probes are the calls under way of this half-open epoch.
	probes int

	pending    []Change
	delivering bool
	listeners  []*func(Change)
}

// What inner is told about a call.
var (
	errFailure = errors.New("failure")
	errNeither = errors.New("neither failure nor success")
)

// NewBreaker returns a breaker that is closed.
func NewBreaker(name string, config BreakerConfig, opts *BreakerOptions) (*Breaker, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("circuit breaker %q: %w", name, err)
	}
	if opts == nil {
		opts = &BreakerOptions{}
	}
	b := &Breaker{name: name, config: config.WithDefaults(), isFailure: opts.IsFailure, logger: opts.Logger, state: StateClosed}
	if b.isFailure == nil {
		b.isFailure = func(err error) bool { return classify(err) < permanent }
	}
	if b.logger == nil {
		b.logger = zap.NewNop()
	}
	if opts.OnChange != nil {
		b.OnChange(opts.OnChange)
	}
	b.inner = b.counter(0)
	return b, nil
}

// counter returns an inner breaker that has seen some failures.
func (b *Breaker) counter(failures int) *gobreaker.TwoStepCircuitBreaker[struct{}] {
	quiet := true
	inner := gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		// Enough for the successes and the calls under way: we count those ourselves.
		MaxRequests:  uint32(b.config.SuccessThreshold + b.config.HalfOpenMaxCalls),
		Timeout:      1,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return int(c.ConsecutiveFailures) >= b.config.FailureThreshold },
		IsExcluded:   func(err error) bool { return errors.Is(err, errNeither) },
		IsSuccessful: func(err error) bool { return err == nil },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if !quiet {
				b.moved(State(to.String()), b.config.Timeout)
			}
		},
	})
	for range failures {
		if done, err := inner.Allow(); err == nil {
			done(errFailure)
		}
	}
	quiet = false
	return inner
}

// Name returns the name.
func (b *Breaker) Name() string { return b.name }

// Config returns the settings, with every default.
func (b *Breaker) Config() BreakerConfig { return b.config }

// State returns the state. It makes an open breaker half-open whose time is over.
func (b *Breaker) State() State {
	b.mu.Lock()
	b.advance(time.Now())
	state := b.state
	b.mu.Unlock()
	b.deliver()
	return state
}

// Reset closes the breaker and forgets its failures. The results of calls under way
// are ignored.
func (b *Breaker) Reset() {
	b.mu.Lock()
	b.replace(StateClosed, 0, 0)
	b.mu.Unlock()
	b.deliver()
}

// Do calls fn once, or returns an [*OpenError]. Use the function [Do] for retries
// and for values.
func (b *Breaker) Do(ctx context.Context, fn func(ctx context.Context) error) error {
	if fn == nil {
		return errNoFunction
	}
	_, err := Do(ctx, Policy{Breaker: b}, func(ctx context.Context) (struct{}, error) { return struct{}{}, fn(ctx) })
	return err
}

// enter takes a place for one call, and returns what gives it back.
func (b *Breaker) enter() (func(result error), error) {
	b.mu.Lock()
	done, err := b.admit(time.Now())
	epoch := b.epoch
	b.mu.Unlock()
	b.deliver()
	if err != nil {
		return nil, err
	}
	return func(result error) {
		b.mu.Lock()
		if b.epoch == epoch {
			b.settle(done, result)
		}
		b.mu.Unlock()
		b.deliver()
	}, nil
}

func (b *Breaker) admit(now time.Time) (func(error), error) {
	b.advance(now)
	if b.state == StateOpen {
		// The clock of the machine may be too coarse to have moved.
		return nil, &OpenError{Name: b.name, State: StateOpen, After: max(b.openUntil.Sub(now), 1)}
	}
	if b.state == StateHalfOpen && b.probes >= b.config.HalfOpenMaxCalls {
		return nil, &OpenError{Name: b.name, State: StateHalfOpen}
	}
	done, err := b.inner.Allow()
	if err != nil {
		return nil, &OpenError{Name: b.name, State: b.state, After: 1}
	}
	if b.state == StateHalfOpen {
		b.probes++
	}
	return done, nil
}

func (b *Breaker) settle(done func(error), result error) {
	if b.state != StateHalfOpen {
		done(result)
		return
	}
	b.probes--
	done(result)
	if b.state == StateHalfOpen && int(b.inner.Counts().ConsecutiveSuccesses) >= b.config.SuccessThreshold {
		b.replace(StateClosed, 0, 0)
	}
}

// advance makes an open breaker half-open if its time is over.
func (b *Breaker) advance(now time.Time) {
	if b.state == StateOpen && !now.Before(b.openUntil) {
		b.inner.State()
	}
}

// replace starts over in a state: closed with some failures, or open for a time.
func (b *Breaker) replace(state State, failures int, open time.Duration) {
	b.inner = b.counter(failures)
	b.moved(state, open)
}

// moved notes a change of the state and begins a new epoch.
func (b *Breaker) moved(to State, open time.Duration) {
	now := time.Now()
	if to != b.state {
		b.pending = append(b.pending, Change{Name: b.name, From: b.state, To: to, At: now})
	}
	b.state, b.probes = to, 0
	b.epoch++
	if to == StateOpen {
		b.openUntil = now.Add(open)
	}
}

// judge says what a call that ended means for the service.
func (b *Breaker) judge(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled), !b.isFailure(err):
		return errNeither
	}
	return errFailure
}

// wait is the time until the breaker lets a call through; 0 if it is not open, or
// nil.
func (b *Breaker) wait() time.Duration {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state != StateOpen {
		return 0
	}
	return max(time.Until(b.openUntil), 0)
}
