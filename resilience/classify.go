package resilience

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"syscall"

	"github.com/sparkpipe/sparkpipe/component"
)

// verdict says what is known of an error. Greater values win where an error
// joins several.
type verdict int

const (
	unknown verdict = iota
	transient
	// permanent is what the tables of this package say; a retry_on overrules it.
	permanent
	// never is what the error says of itself.
	never
)

// Retryable reports whether another attempt may succeed: err is not nil, its
// outcome is not unknown, and it is not known to be permanent. Permanent are
//
//   - errors marked with [Permanent], errors with a method Retryable() bool that
//     says false, and panics;
//   - errors of Spark about the statement, the data or the rights of the user
//     (SQLSTATE classes 0A, 21, 22, 23, 28, 3D, 3F, 42 and 54), operations that
//     were cancelled, and the gRPC codes InvalidArgument, NotFound,
//     AlreadyExists, PermissionDenied, Unauthenticated, FailedPrecondition,
//     OutOfRange, Unimplemented and Canceled where the class and the SQLSTATE say
//     nothing;
//   - faults of the configuration ([*component.ConfigError] and what
//     package component says about types), [errors.ErrUnsupported],
//     [context.Canceled], names that DNS does not know, and certificates that are
//     not trusted.
//
// An error of which nothing is known is retryable.
func Retryable(err error) bool {
	return err != nil && !outcomeUnknown(err) && classify(err) < permanent
}

// Transient reports whether err is known to pass with time:
//
//   - errors with a method Retryable() bool that says true, [*OpenError] included;
//   - errors of Spark of the SQLSTATE classes 08 (connection), 40 (transaction
//     rolled back), 53 (resources) and 57 (operator intervention), SQLSTATE 2D521
//     (concurrent change of a table), and the gRPC codes Unavailable,
//     ResourceExhausted, DeadlineExceeded and Aborted;
//   - connections that were refused, reset or cut, timeouts,
//     [context.DeadlineExceeded] and [io.ErrUnexpectedEOF].
//
// It is false if err also holds something permanent or its outcome is unknown.
func Transient(err error) bool {
	return err != nil && !outcomeUnknown(err) && classify(err) == transient
}

// classify asks err, and what it wraps if err itself gives no answer.
func classify(err error) verdict {
	if err == nil {
		return unknown
	}
	if v := classifyNode(err); v != unknown {
		return v
	}
	worst := unknown
	for _, inner := range unwrap(err) {
		worst = max(worst, classify(inner))
	}
	return worst
}

var (
	permanentErrors = []error{
		context.Canceled, errors.ErrUnsupported,
		component.ErrUnknownType, component.ErrDuplicateType, component.ErrNoComponent,
	}
	transientErrors = []error{
		context.DeadlineExceeded, io.ErrUnexpectedEOF,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE,
		syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ENETDOWN,
	}
)

func classifyNode(err error) verdict {
	// any keeps this to the error itself; what it wraps comes after it.
	switch e := any(err).(type) {
	case *component.PanicError:
		return never
	case interface{ Retryable() bool }:
		if e.Retryable() {
			return transient
		}
		return never
	case *component.SparkError:
		return classifySpark(e)
	case *component.ConfigError, *component.UnknownTypeError, *tls.CertificateVerificationError:
		return permanent
	case *net.DNSError:
		if e.IsNotFound {
			return permanent
		}
		return transient
	}
	switch {
	case comparableIn(permanentErrors, err):
		return permanent
	case comparableIn(transientErrors, err):
		return transient
	}
	if e, ok := any(err).(interface{ Timeout() bool }); ok && e.Timeout() {
		return transient
	}
	return unknown
}

// comparableIn is slices.Contains; every error of list has a type that can be
// compared, so err cannot make it panic.
func comparableIn(list []error, err error) bool { return slices.Contains(list, err) }

var (
	permanentClasses   = []string{"OPERATION_CANCELED", "INVALID_HANDLE.FORMAT"}
	permanentStates    = []string{"HY008", "57014"}
	transientStates    = []string{"2D521"}
	permanentStateKind = []string{"0A", "21", "22", "23", "28", "3D", "3F", "42", "54"}
	transientStateKind = []string{"08", "40", "53", "57"}
	permanentCodes     = []string{
		"canceled", "invalidargument", "notfound", "alreadyexists", "permissiondenied",
		"unauthenticated", "failedprecondition", "outofrange", "unimplemented",
	}
	transientCodes = []string{"unavailable", "resourceexhausted", "deadlineexceeded", "aborted"}
)

func classifySpark(e *component.SparkError) verdict {
	if e == nil {
		return unknown
	}
	kind := ""
	if len(e.SQLState) == 5 {
		kind = e.SQLState[:2]
	}
	code := codeKey(e.Code)
	switch {
	case slices.ContainsFunc(permanentClasses, func(class string) bool { return hasClass(e.Class, class) }),
		slices.Contains(permanentStates, e.SQLState), slices.Contains(permanentStateKind, kind):
		return permanent
	case slices.Contains(transientStates, e.SQLState), slices.Contains(transientStateKind, kind):
		return transient
	case slices.Contains(permanentCodes, code):
		return permanent
	case slices.Contains(transientCodes, code):
		return transient
	}
	return unknown
}

// outcomeUnknown reports whether err, or anything that it wraps, says that its
// work may have been done.
func outcomeUnknown(err error) bool {
	return within(err, func(node error) bool {
		e, ok := any(node).(interface{ OutcomeUnknown() bool })
		return ok && e.OutcomeUnknown()
	})
}

// within reports whether match accepts err or anything that it wraps.
func within(err error, match func(error) bool) bool {
	if err == nil {
		return false
	}
	return match(err) || slices.ContainsFunc(unwrap(err), func(inner error) bool { return within(inner, match) })
}

func unwrap(err error) []error {
	switch e := any(err).(type) {
	case interface{ Unwrap() error }:
		return []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		return e.Unwrap()
	}
	return nil
}
