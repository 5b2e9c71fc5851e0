package resilience_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/resilience"
)

var errPlain = errors.New("plain")

// own is an error that knows itself.
type own struct{ retry, unknown bool }

func (own) Error() string          { return "own" }
func (e own) Retryable() bool      { return e.retry }
func (e own) OutcomeUnknown() bool { return e.unknown }

// odd cannot be compared.
type odd []string

func (odd) Error() string { return "odd" }

func spark(class, state, code string) error {
	return &component.SparkError{Class: class, SQLState: state, Code: code, Message: "m"}
}

func TestClassification(t *testing.T) {
	t.Parallel()
	const no, maybe, yes = "permanent", "unknown", "transient"
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	tests := map[string]struct {
		err  error
		want string
	}{
		"nil":                     {nil, no},
		"plain":                   {errPlain, maybe},
		"not comparable":          {odd{"a"}, maybe},
		"EOF":                     {io.EOF, maybe},
		"syntax":                  {spark("PARSE_SYNTAX_ERROR", "42601", "Internal"), no},
		"state over code":         {spark("X", "42P01", "Unavailable"), no},
		"division":                {spark("DIVIDE_BY_ZERO", "22012", "Internal"), no},
		"cancelled":               {spark("OPERATION_CANCELED", "HY008", "Internal"), no},
		"query cancelled":         {spark("", "57014", ""), no},
		"other intervention":      {spark("", "57P01", ""), yes},
		"handle format":           {spark("INVALID_HANDLE.FORMAT", "HY000", "Internal"), no},
		"handle lost":             {spark("INVALID_HANDLE.SESSION_CLOSED", "HY000", "Internal"), maybe},
		"internal":                {spark("INTERNAL_ERROR", "XX000", "Internal"), maybe},
		"connection":              {spark("", "08006", "Internal"), yes},
		"rollback":                {spark("", "40001", ""), yes},
		"memory":                  {spark("UNABLE_TO_ACQUIRE_MEMORY", "53200", "Internal"), yes},
		"concurrent":              {spark("DELTA_CONCURRENT_APPEND", "2D521", "Internal"), yes},
		"unavailable":             {spark("", "", "Unavailable"), yes},
		"upper case code":         {spark("", "", "RESOURCE_EXHAUSTED"), yes},
		"server deadline":         {spark("", "", "DeadlineExceeded"), yes},
		"denied":                  {spark("", "", "PermissionDenied"), no},
		"code cancelled":          {spark("", "", "Canceled"), no},
		"short state":             {spark("", "4", "Aborted"), yes},
		"nil spark":               {(*component.SparkError)(nil), maybe},
		"wrapped":                 {fmt.Errorf("a: %w", fmt.Errorf("b: %w", spark("", "", "Unavailable"))), yes},
		"joined with worse":       {errors.Join(spark("", "", "Unavailable"), spark("", "42601", "")), no},
		"joined with unknown":     {errors.Join(errPlain, spark("", "", "Unavailable")), yes},
		"cancel":                  {fmt.Errorf("x: %w", context.Canceled), no},
		"deadline":                {fmt.Errorf("x: %w", context.DeadlineExceeded), yes},
		"refused":                 {refused, yes},
		"cut":                     {fmt.Errorf("read: %w", io.ErrUnexpectedEOF), yes},
		"io timeout":              {os.ErrDeadlineExceeded, yes},
		"no host":                 {&net.DNSError{Err: "no such host", IsNotFound: true}, no},
		"dns away":                {&net.OpError{Op: "dial", Err: &net.DNSError{Err: "server misbehaving", IsTemporary: true}}, yes},
		"certificate":             {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, no},
		"panic":                   {component.NewPanicError(spark("", "", "Unavailable")), no},
		"config":                  {&component.ConfigError{Component: "a", Err: errPlain}, no},
		"unknown type":            {&component.UnknownTypeError{Type: "x"}, no},
		"unsupported":             {fmt.Errorf("x: %w", errors.ErrUnsupported), no},
		"permanent":               {resilience.Permanent(spark("", "", "Unavailable")), no},
		"permanent inside":        {fmt.Errorf("x: %w", resilience.Permanent(errPlain)), no},
		"says yes":                {own{retry: true}, yes},
		"says no":                 {own{}, no},
		"outcome unknown":         {own{retry: true, unknown: true}, no},
		"outcome unknown, joined": {errors.Join(spark("", "", "Unavailable"), own{retry: true, unknown: true}), no},
		"open":                    {&resilience.OpenError{}, yes},
		"exhausted":               {&resilience.ExhaustedError{Err: spark("", "", "Unavailable")}, yes},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want != no, resilience.Retryable(tt.err))
			require.Equal(t, tt.want == yes, resilience.Transient(tt.err))
		})
	}
}

func TestPermanent(t *testing.T) {
	t.Parallel()
	require.NoError(t, resilience.Permanent(nil))
	err := resilience.Permanent(errPlain)
	require.EqualError(t, err, "plain")
	require.ErrorIs(t, err, errPlain)
}

func TestWords(t *testing.T) {
	t.Parallel()
	closed := spark("INVALID_HANDLE.SESSION_CLOSED", "HY000", "Internal")
	java := &component.SparkError{JavaClass: "java.net.SocketTimeoutException", Code: "Internal"}
	tests := []struct {
		word  string
		err   error
		match bool
	}{
		{"INVALID_HANDLE", closed, true},
		{"INVALID_HANDLE.SESSION_CLOSED", closed, true},
		{"INVALID_HANDLE.SESSION", closed, false},
		{"INVALID", closed, false},
		{" HY000 ", closed, true},
		{"HY", closed, true},
		{"08", closed, false},
		{"Internal", closed, true},
		{"INTERNAL", closed, true},
		{"Unavailable", closed, false},
		{"deadline-exceeded", spark("", "", "DeadlineExceeded"), true},
		{"CANCELLED", spark("", "", "Canceled"), true},
		{"java.net.SocketTimeoutException", java, true},
		{"SocketTimeoutException", java, true},
		{"TimeoutException", java, false},
		{"java.io.IOException", java, false},
		{"transient", errPlain, false},
		{"transient", spark("", "40001", ""), true},
		{"IOError", spark("", "", "Unavailable"), true},
		{"ConnectionError", spark("", "42601", ""), false},
		{"ValueError", spark("", "40001", ""), false},
		{"all", errPlain, true},
		{"Exception", errPlain, true},
		{"all", spark("", "42601", ""), false},
		{"42601", spark("", "42601", ""), true},
		{"42", fmt.Errorf("x: %w", errors.Join(errPlain, spark("", "42601", ""))), true},
		{"42", spark("", "4260", ""), false},
	}
	for _, tt := range tests {
		on := resilience.Policy{Retry: &resilience.RetryConfig{RetryOn: []string{tt.word}}}
		require.Equal(t, tt.match, on.Retryable(tt.err), "retry_on %q, %v", tt.word, tt.err)
		not := resilience.Policy{
			Retry:   &resilience.RetryConfig{NeverRetryOn: []string{tt.word}},
			RetryIf: func(error) bool { return true },
		}
		require.Equal(t, !tt.match, not.Retryable(tt.err), "never_retry_on %q, %v", tt.word, tt.err)
	}
	for _, word := range []string{"", " ", "x", "IOErr", "requests exceptions", "42-01", "4260a", "A", "A.", "ABC..D", "OK", "a.b.c"} {
		require.ErrorContains(t, resilience.RetryConfig{RetryOn: []string{word}}.Validate(), fmt.Sprintf("retry_on: %q matches no error", word))
	}
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	always := func(error) bool { return true }
	yes := resilience.RetryConfig{}
	tests := map[string]struct {
		policy resilience.Policy
		err    error
		want   bool
	}{
		"no retry":                  {resilience.Policy{}, errPlain, false},
		"nil":                       {resilience.Policy{Retry: &yes}, nil, false},
		"faults":                    {resilience.Policy{Retry: &resilience.RetryConfig{MaxAttempts: -1}}, errPlain, false},
		"plain":                     {resilience.Policy{Retry: &yes}, errPlain, true},
		"RetryIf over the tables":   {resilience.Policy{Retry: &yes, RetryIf: always}, spark("", "42601", ""), true},
		"never over RetryIf":        {resilience.Policy{Retry: &yes, RetryIf: always, NeverRetryIf: always}, errPlain, false},
		"mark over RetryIf":         {resilience.Policy{Retry: &yes, RetryIf: always}, resilience.Permanent(errPlain), false},
		"unsafe over RetryIf":       {resilience.Policy{Retry: &yes, RetryIf: always, Unsafe: always}, errPlain, false},
		"unsafe by method":          {resilience.Policy{Retry: &yes}, own{retry: true, unknown: true}, false},
		"unsafe, allowed":           {resilience.Policy{Retry: &yes, Unsafe: always, RetryUnsafe: true}, errPlain, true},
		"unsafe, allowed, no":       {resilience.Policy{Retry: &yes, RetryUnsafe: true}, own{unknown: true}, false},
		"list without it":           {resilience.Policy{Retry: &resilience.RetryConfig{RetryOn: []string{"08"}}}, own{retry: true}, false},
		"list and open breaker":     {resilience.Policy{Retry: &resilience.RetryConfig{RetryOn: []string{"08"}}}, &resilience.OpenError{}, true},
		"never list over retry_on":  {resilience.Policy{Retry: &resilience.RetryConfig{RetryOn: []string{"40"}, NeverRetryOn: []string{"40001"}}}, spark("", "40001", ""), false},
		"never list, another state": {resilience.Policy{Retry: &resilience.RetryConfig{RetryOn: []string{"40"}, NeverRetryOn: []string{"40001"}}}, spark("", "40003", ""), true},
	}
	for name, tt := range tests {
		require.Equal(t, tt.want, tt.policy.Retryable(tt.err), name)
	}
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	require.EqualError(t, &resilience.ExhaustedError{Attempts: 3, Elapsed: 3 * time.Second, Err: errPlain}, "gave up after 3 attempts in 3s: plain")
	require.EqualError(t, &resilience.ExhaustedError{Attempts: 1, Limit: time.Second, Err: errPlain},
		"gave up after 1 attempt in 0s, the next would begin after the limit of 1s: plain")
	require.EqualError(t, &resilience.OpenError{Name: "a", State: resilience.StateOpen, After: time.Second}, `circuit breaker "a" is open; it lets a call through in 1s`)
	require.EqualError(t, &resilience.OpenError{Name: "a", State: resilience.StateHalfOpen}, `circuit breaker "a" is half-open and waits for the calls under way`)
}

func FuzzWords(f *testing.F) {
	for _, seed := range []string{"INVALID_HANDLE.X", "40", "40001", "Unavailable", "java.io.IOException", "all", "transient", "IOError", "A..B", "\x00"} {
		f.Add(seed, "INVALID_HANDLE.X", "40001", "Internal")
	}
	f.Fuzz(func(t *testing.T, word, class, state, code string) {
		cfg := resilience.RetryConfig{RetryOn: []string{word}}
		p := resilience.Policy{Retry: &cfg}
		err := spark(class, state, code)
		matched := p.Retryable(err)
		if cfg.Validate() != nil {
			require.False(t, matched)
			return
		}
		never := resilience.Policy{Retry: &resilience.RetryConfig{RetryOn: []string{word}, NeverRetryOn: []string{word}}}
		require.False(t, never.Retryable(err), "never wins")
		if classWord := word == class && strings.Contains(word, "_"); classWord {
			require.True(t, matched)
		}
	})
}
