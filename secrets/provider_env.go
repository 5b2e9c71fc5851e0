package secrets

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// Env is the [Provider] of environment variables: the path is the name of one.
// With a key the variable holds a JSON object, see [Member]. A variable that is
// set and empty is an empty secret. The zero value is ready to use. It is safe
// for concurrent use.
type Env struct{}

// Fetch implements [Provider].
func (Env) Fetch(ctx context.Context, ref Ref) (Secret, error) {
	value, err := fetchEnv(ctx, ref)
	return Secret{Value: value}, asError(ref, err)
}

func fetchEnv(ctx context.Context, ref Ref) (Value, error) {
	if err := ctx.Err(); err != nil {
		return Value{}, context.Cause(ctx)
	}
	if err := currentOnly(ref, KindEnv); err != nil {
		return Value{}, err
	}
	if ref.Path == "" || strings.ContainsAny(ref.Path, "=\x00") {
		return Value{}, fmt.Errorf("%w: the path is no name of an environment variable", ErrInvalid)
	}
	text, ok := os.LookupEnv(ref.Path)
	if !ok {
		return Value{}, fmt.Errorf("%w: the environment variable is not set", ErrNotFound)
	}
	return Member(NewValue(text), ref.Key)
}
