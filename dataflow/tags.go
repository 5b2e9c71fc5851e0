package dataflow

import (
	"context"

	"github.com/sparkpipe/sparkpipe/internal/connect"
)

// WithOperationTags returns a context under which every Spark operation of the
// session carries the tags on the server, beside those that ctx has already.
// Spark's listings show them and operations can be interrupted by them. Commas,
// which Spark refuses, become underscores.
func WithOperationTags(ctx context.Context, tags ...string) context.Context {
	return connect.WithTags(ctx, tags...)
}
