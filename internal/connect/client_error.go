package connect

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sparkerrors"

	"github.com/sparkpipe/sparkpipe/component"
)

// Error returns err, which a call of the client on this session gave, with its
// [component.SparkError] in the chain. The client keeps only some fields and
// loses the context's error; the connection has seen the rest.
func (c *Conn) Error(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var done *clientError
	if errors.As(err, &done) {
		return err
	}
	var ours *rpcError
	if errors.As(err, &ours) && clientNode(err) != nil {
		return &clientError{text: replaceClientText(err, ours), errs: []error{ours, err}}
	}
	var have *component.SparkError
	if errors.As(err, &have) {
		return err
	}
	var lost *sparkerrors.SparkError
	if !errors.As(err, &lost) {
		return err
	}
	if seen := c.recent.find(lost.ErrorId); seen != nil {
		return &clientError{text: replaceClientText(err, seen), errs: []error{seen, err}}
	}
	if ctx.Err() != nil && (lost.ErrorClass == "" || lost.ErrorClass == "OPERATION_CANCELED") {
		return &clientError{text: replaceClientText(err, context.Cause(ctx)), errs: []error{context.Cause(ctx), ctx.Err(), err}}
	}
	if c.closed.Load() && lost.ErrorClass == "" {
		return &clientError{text: replaceClientText(err, ErrClosed), errs: []error{ErrClosed, err}}
	}
	spark := &component.SparkError{
		Code: lost.Code.String(), Class: lost.ErrorClass, SQLState: lost.SqlState, Message: lost.Message,
		Parameters: lost.Parameters, JavaClass: lost.Reason, ErrorID: lost.ErrorId,
	}
	spark.Message = plainMessage(spark)
	spark.Hint = c.hint(spark)
	told := named(spark)
	return &clientError{text: replaceClientText(err, told), errs: []error{told, err}}
}

// clientError is an error of the client with what was lost put back.
type clientError struct {
	text string
	errs []error
}

func (e *clientError) Error() string   { return e.text }
func (e *clientError) Unwrap() []error { return e.errs }

// replaceClientText gives the text of err with the client's part of it, which
// repeats itself, replaced by ours. What a user wrapped around it stays.
func replaceClientText(err, ours error) string {
	node := clientNode(err)
	if node == nil {
		return err.Error()
	}
	return strings.Replace(err.Error(), node.Error(), ours.Error(), 1)
}

// clientNode finds the outermost error of the client in the tree of err, or nil.
func clientNode(err error) error {
	// The type of the client's errors is not exported.
	if fmt.Sprintf("%T", err) == "*sparkerrors.wrappedError" {
		return err
	}
	switch e := err.(type) { //nolint:errorlint // this walks the tree that errors.As would walk
	case *sparkerrors.SparkError:
		return e
	case interface{ Unwrap() error }:
		return clientNode(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			if node := clientNode(part); node != nil {
				return node
			}
		}
	}
	return nil
}
