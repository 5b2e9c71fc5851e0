package pipeline

import (
	"context"
	"strings"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// withTags marks the Spark operations of a component, so that they can be found
// and interrupted on the server. Spark refuses commas in tags.
func withTags(ctx context.Context, runID, name string) context.Context {
	return dataflow.WithOperationTags(ctx, runTag(runID), "component="+tag(name))
}

func tag(text string) string { return strings.ReplaceAll(text, ",", "_") }
