package connect

import (
	"context"
	"strings"
)

type tagsKey struct{}

// WithTags returns a context under which every execution carries the tags on
// the server, beside those that ctx has already. A tag is a non-empty text
// without commas; commas become underscores and empty tags are left out.
func WithTags(ctx context.Context, tags ...string) context.Context {
	have := TagsOf(ctx)
	all := make([]string, len(have), len(have)+len(tags))
	copy(all, have)
	for _, tag := range tags {
		if tag != "" {
			all = append(all, plainTag(tag))
		}
	}
	return context.WithValue(ctx, tagsKey{}, all)
}

// plainTag is a tag as it is sent.
func plainTag(tag string) string { return strings.ReplaceAll(tag, ",", "_") }

// TagsOf returns the tags of ctx. The slice must not be changed.
func TagsOf(ctx context.Context) []string {
	tags, _ := ctx.Value(tagsKey{}).([]string)
	return tags
}
