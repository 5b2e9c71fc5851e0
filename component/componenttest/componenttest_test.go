package componenttest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
)

func TestRunAcceptsAGoodComponent(t *testing.T) {
	t.Parallel()
	Run(t, func() component.PipelineComponent {
		return component.Func("wait", func(ctx context.Context, _ component.Runtime) error {
			<-ctx.Done()
			return context.Cause(ctx)
		})
	})
}

// fake breaks the contract in the ways that its fields say.
type fake struct {
	name     func(runs int) string
	validate func(runs int) error
	run      func(ctx context.Context, runs int) error
	runs     int
}

func (f *fake) Name() string {
	if f.name == nil {
		return "fake"
	}
	return f.name(f.runs)
}

func (f *fake) Validate() error {
	if f.validate == nil {
		return nil
	}
	return f.validate(f.runs)
}

func (f *fake) Run(ctx context.Context, _ component.Runtime) error {
	f.runs++
	if f.run == nil {
		return nil
	}
	return f.run(ctx, f.runs)
}

func TestChecksFindBreaches(t *testing.T) {
	t.Parallel()
	odd := errors.New("odd")
	tests := []struct {
		name, check string
		component   *fake
		want        string
	}{
		{"an empty name", "the name is stable", &fake{name: func(int) string { return "" }}, "Name is empty"},
		{
			"a name that changes", "the name is stable",
			&fake{name: func(runs int) string { return string(rune('a' + runs)) }},
			`Name was "a" and is "b" after a run`,
		},
		{
			"an invalid value", "validate touches nothing",
			&fake{validate: func(int) error { return odd }},
			"Validate refuses the component, which must be valid: odd",
		},
		{
			"a value that a run makes invalid", "validate touches nothing",
			&fake{validate: func(runs int) error {
				if runs > 0 {
					return odd
				}
				return nil
			}},
			"Validate refuses the component after a run: odd",
		},
		{
			"an error that hides the cancel", "a cancelled run returns promptly",
			&fake{run: func(context.Context, int) error { return odd }},
			"Run with a cancelled context returned an error that does not wrap context.Canceled: odd",
		},
		{
			"a panic", "a cancelled run returns promptly",
			&fake{run: func(context.Context, int) error { panic("boom") }}, "Run panicked: panic: boom",
		},
		{
			"a value for one use", "the value can be used twice",
			&fake{run: func(ctx context.Context, runs int) error {
				if runs > 1 {
					return ctx.Err()
				}
				return nil
			}},
			"one of two runs of the same value failed and the other did not: context canceled",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, check := range checks {
				if check.name == test.check {
					require.ErrorContains(t, check.run(t.Context(), test.component, component.Runtime{}), test.want)
					return
				}
			}
			t.Fatalf("no check %q", test.check)
		})
	}
}
