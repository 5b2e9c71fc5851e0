package streaming

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// endless is a retry without a limit, unless it has one.
func endless(c resilience.RetryConfig) resilience.RetryConfig {
	if c.MaxAttempts == 0 && c.MaxRetries == nil {
		c.MaxAttempts = math.MaxInt
	}
	return c
}

// checkRetry returns the faults of what says when to start again.
func checkRetry(prefix string, c resilience.RetryConfig, limits map[string]int) (faults []error) {
	if err := c.Validate(); err != nil {
		faults = append(faults, fmt.Errorf("%sRetry: %w", prefix, err))
	}
	for _, word := range slices.Sorted(maps.Keys(limits)) {
		if err := (resilience.RetryConfig{RetryOn: []string{word}}).Validate(); err != nil {
			faults = append(faults, fmt.Errorf("%sRestartLimits: %w", prefix, err))
		}
		if limits[word] < 0 {
			faults = append(faults, fmt.Errorf("%sRestartLimits: %s: %d is below 0", prefix, word, limits[word]))
		}
	}
	return faults
}

// LimitError says that a query failed once more than RestartLimits allows.
type LimitError struct {
	// Word is the key of the limit, and Limit its number.
	Word  string
	Limit int
	// Err is the last error.
	Err error
}

// Error implements error.
func (e *LimitError) Error() string {
	return fmt.Sprintf("gave up after %d restarts for %s: %v", e.Limit, e.Word, e.Err)
}

// Unwrap returns the last error.
func (e *LimitError) Unwrap() error { return e.Err }

// Retryable implements what [resilience.Retryable] looks for: it is false.
func (e *LimitError) Retryable() bool { return false }

// streak starts something again and again. What failed long after it has begun is
// no failure in a row: attempts, waits and limits begin anew.
type streak struct {
	retry   resilience.RetryConfig
	limits  map[string]int
	healthy time.Duration
	// again is told before each wait; nil is not.
	again func(ctx context.Context, attempt int, delay time.Duration, err error)
}

// keep calls once until it returns no error, or one that ends the streak. once says
// how long that ran which then failed.
func (k streak) keep(ctx context.Context, once func(ctx context.Context) (ran time.Duration, err error)) error {
	var pending error // what ended the streak before
	for {
		counts := map[string]int{}
		policy := resilience.Policy{Retry: &k.retry, RetryUnsafe: true, OnRetry: func(ctx context.Context, a resilience.Attempt) {
			if k.again != nil {
				k.again(ctx, a.Number, a.Delay, a.Err)
			}
		}}
		_, err := resilience.Do(ctx, policy, func(ctx context.Context) (struct{}, error) {
			if err := pending; err != nil {
				pending = nil
				return struct{}{}, k.limit(ctx, counts, err)
			}
			ran, err := once(ctx)
			if err != nil && ran >= k.healthy && ctx.Err() == nil {
				pending = err
				return struct{}{}, nil
			}
			return struct{}{}, k.limit(ctx, counts, err)
		})
		if pending == nil || err != nil {
			return err
		}
	}
}

// limit counts an error, and makes it the last when it came too often.
func (k streak) limit(ctx context.Context, counts map[string]int, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	if len(k.retry.RetryOn) == 0 { // which says itself what is worth a restart
		err = judged(ctx, err)
	}
	for _, word := range slices.Sorted(maps.Keys(k.limits)) {
		config := resilience.RetryConfig{RetryOn: []string{word}, MaxAttempts: 2}
		if !(resilience.Policy{Retry: &config, RetryUnsafe: true}).Retryable(err) {
			continue
		}
		if counts[word]++; counts[word] > k.limits[word] {
			return &LimitError{Word: word, Limit: k.limits[word], Err: err}
		}
	}
	return err
}

// hopeless are the Java classes of what no restart mends: jars that are missing or
// do not fit together, and checkpoints of another query, for which Spark has
// assertions and what comes of reading them.
var hopeless = []string{
	"java.lang.ClassNotFoundException", "java.lang.NoClassDefFoundError", "java.lang.NoSuchMethodError",
	"java.lang.AbstractMethodError", "java.lang.IncompatibleClassChangeError", "java.lang.AssertionError",
	"java.lang.IllegalArgumentException", "org.json4s.MappingException",
}

// changed are the error classes of queries that do not fit the state in their
// checkpoint, whose SQLSTATE says nothing.
var changed = []string{
	"STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE", "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE",
	"STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA", "STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY",
	"CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS",
}

// judged marks an error as permanent if a cause of it says so.
func judged(ctx context.Context, err error) error {
	var spark *component.SparkError
	if !errors.As(err, &spark) {
		return err
	}
	if slices.Contains(hopeless, spark.JavaClass) || slices.Contains(changed, spark.Class) {
		return resilience.Permanent(err)
	}
	ctx, cancel := context.WithTimeout(ctx, causesTimeout)
	defer cancel()
	causes, _ := spark.Causes(ctx) // what cannot be had says nothing
	for _, cause := range causes {
		known := &component.SparkError{Class: cause.ErrorClass, SQLState: cause.SQLState}
		if slices.Contains(hopeless, cause.Class) || slices.Contains(changed, cause.ErrorClass) || !resilience.Retryable(known) {
			return resilience.Permanent(err)
		}
	}
	return err
}
