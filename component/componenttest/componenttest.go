package componenttest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
)

// Patience is how long the suite waits for a run whose context has ended.
const Patience = 10 * time.Second

// Run checks the components that newComponent returns, with the zero Runtime.
// newComponent is called once a subtest and must return a fresh, valid value
// each time.
func Run(t *testing.T, newComponent func() component.PipelineComponent) {
	t.Helper()
	RunWith(t, component.Runtime{}, newComponent)
}

// RunWith is [Run] with the Runtime that the components are run with.
func RunWith(t *testing.T, rt component.Runtime, newComponent func() component.PipelineComponent) {
	t.Helper()
	for _, check := range checks {
		t.Run(check.name, func(t *testing.T) {
			t.Parallel()
			c := newComponent()
			if c == nil {
				t.Fatal("newComponent returned nil")
			}
			if err := check.run(t.Context(), c, rt); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// checks are functions that return an error, so that the suite itself can be
// tested with components that break the contract.
var checks = []struct {
	name string
	run  func(ctx context.Context, c component.PipelineComponent, rt component.Runtime) error
}{
	{"the name is stable", checkName},
	{"validate touches nothing", checkValidate},
	{"a cancelled run returns promptly", checkCancel},
	{"the value can be used twice", checkTwice},
}

func checkName(ctx context.Context, c component.PipelineComponent, rt component.Runtime) error {
	name := c.Name()
	if name == "" {
		return errors.New("Name is empty")
	}
	if _, err := runCancelled(ctx, c, rt); err != nil {
		return err
	}
	if after := c.Name(); after != name {
		return fmt.Errorf("Name was %q and is %q after a run", name, after)
	}
	return nil
}

func checkValidate(ctx context.Context, c component.PipelineComponent, rt component.Runtime) error {
	v, ok := c.(component.Validator)
	if !ok {
		return nil
	}
	if err := v.Validate(); err != nil {
		return fmt.Errorf("Validate refuses the component, which must be valid: %w", err)
	}
	if _, err := runCancelled(ctx, c, rt); err != nil {
		return err
	}
	if err := v.Validate(); err != nil {
		return fmt.Errorf("Validate refuses the component after a run: %w", err)
	}
	return nil
}

func checkCancel(ctx context.Context, c component.PipelineComponent, rt component.Runtime) error {
	_, err := runCancelled(ctx, c, rt)
	return err
}

func checkTwice(ctx context.Context, c component.PipelineComponent, rt component.Runtime) error {
	first, err := runCancelled(ctx, c, rt)
	if err != nil {
		return err
	}
	second, err := runCancelled(ctx, c, rt)
	if err != nil {
		return fmt.Errorf("second run of the same value: %w", err)
	}
	if (first == nil) != (second == nil) {
		return fmt.Errorf("one of two runs of the same value failed and the other did not: %w", errors.Join(first, second))
	}
	return nil
}

// runCancelled runs c with a context that has ended. It returns what Run
// returned, and a breach when Run broke the contract: it hung, panicked, or
// returned an error that does not tell that the context ended.
func runCancelled(ctx context.Context, c component.PipelineComponent, rt component.Runtime) (result, breach error) {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if value := recover(); value != nil {
				done <- component.NewPanicError(value)
			}
		}()
		done <- c.Run(ctx, rt)
	}()
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	select {
	case err := <-done:
		return err, judge(err)
	case <-timeout.C:
		return nil, fmt.Errorf("Run has not returned %s after its context ended", Patience)
	}
}

func judge(err error) error {
	var panicked *component.PanicError
	switch {
	case errors.As(err, &panicked):
		return fmt.Errorf("Run panicked: %w\n%s", err, panicked.Stack)
	case err == nil, errors.Is(err, context.Canceled):
		return nil
	}
	return fmt.Errorf("Run with a cancelled context returned an error that does not wrap context.Canceled: %w", err)
}
