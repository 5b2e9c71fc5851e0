package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/resilience"
)

func ExampleDo() {
	calls := 0
	count, err := resilience.Do(context.Background(), resilience.Policy{
		Retry: &resilience.RetryConfig{InitialDelay: time.Millisecond, Jitter: resilience.JitterNone},
		OnRetry: func(_ context.Context, a resilience.Attempt) {
			fmt.Printf("attempt %d of %d: %v; again in %s\n", a.Number, a.Max, a.Err, a.Delay)
		},
	}, func(context.Context) (int, error) {
		if calls++; calls < 3 {
			return 0, &component.SparkError{Code: "Unavailable", Message: "the server restarts"}
		}
		return 42, nil
	})
	fmt.Println(count, err)
	// Output:
	// attempt 1 of 3: [Unavailable] the server restarts; again in 1ms
	// attempt 2 of 3: [Unavailable] the server restarts; again in 2ms
	// 42 <nil>
}

func ExampleDo_exhausted() {
	policy := resilience.Policy{Retry: &resilience.RetryConfig{
		MaxAttempts: 2, InitialDelay: time.Nanosecond,
		RetryOn: []string{"40001", "Unavailable"}, NeverRetryOn: []string{"INVALID_HANDLE"},
	}}
	_, err := resilience.Do(context.Background(), policy, func(context.Context) (int, error) {
		return 0, &component.SparkError{SQLState: "40001", Message: "try again"}
	})
	var exhausted *resilience.ExhaustedError
	fmt.Println(errors.As(err, &exhausted), exhausted.Attempts, exhausted.Err)
	// Output:
	// true 2 try again (SQLSTATE 40001)
}

func ExampleBreaker() {
	breaker, err := resilience.NewBreaker("warehouse", resilience.BreakerConfig{FailureThreshold: 2}, &resilience.BreakerOptions{
		OnChange: func(c resilience.Change) { fmt.Println(c.Name, "was", c.From, "and is", c.To) },
	})
	if err != nil {
		panic(err)
	}
	for range 3 {
		err := breaker.Do(context.Background(), func(context.Context) error { return errors.New("connection reset") })
		fmt.Println(err, errors.Is(err, resilience.ErrOpen))
	}
	// Output:
	// connection reset false
	// warehouse was closed and is open
	// connection reset false
	// circuit breaker "warehouse" is open; it lets a call through in 1m0s true
}

func ExampleBreakers() {
	breakers := resilience.NewBreakers(nil)
	first, _ := breakers.Breaker("warehouse", resilience.BreakerConfig{})
	second, _ := breakers.Breaker("warehouse", resilience.BreakerConfig{Preset: "default"})
	_, err := breakers.Breaker("warehouse", resilience.BreakerConfig{Preset: "sensitive"})
	fmt.Println(first == second, errors.Is(err, resilience.ErrConflict))
	for _, s := range breakers.Snapshot() {
		fmt.Println(s.Name, s.State)
	}
	// Output:
	// true true
	// warehouse closed
}

func ExamplePermanent() {
	err := resilience.Permanent(errors.New("the file has no header"))
	fmt.Println(err, resilience.Retryable(err))
	// Output: the file has no header false
}
