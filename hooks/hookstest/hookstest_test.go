package hookstest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/hooks"
)

func TestContractAcceptsGoodHooks(t *testing.T) {
	t.Parallel()
	for name, newHooks := range map[string]func() hooks.PipelineHooks{
		"base":     func() hooks.PipelineHooks { return hooks.Base{} },
		"funcs":    func() hooks.PipelineHooks { return hooks.Funcs{} },
		"recorder": func() hooks.PipelineHooks { return &Recorder{} },
		"logging":  func() hooks.PipelineHooks { return hooks.NewLogging(nil, nil) },
		"join":     func() hooks.PipelineHooks { return hooks.Join(&Recorder{}, nil, hooks.Base{}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Run(t, newHooks)
		})
	}
}

func TestContractFindsBreaches(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		hook hooks.Funcs
		want string
	}{
		{
			"a veto of a valid run",
			hooks.Funcs{BeforePipelineFunc: func(ctx context.Context, _ hooks.PipelineStart) (context.Context, error) {
				return ctx, errors.New("no")
			}},
			"BeforePipeline vetoed a valid run: no",
		},
		{
			"a context of its own",
			hooks.Funcs{BeforeComponentFunc: func(context.Context, hooks.ComponentStart) (context.Context, error) {
				return context.Background(), nil
			}},
			"BeforeComponent returned a context that is not derived from the one it was given",
		},
		{
			"a panic",
			hooks.Funcs{AfterPipelineFunc: func(context.Context, hooks.PipelineEnd) { panic("boom") }},
			"the hook panicked: panic: boom",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, attempt(t.Context(), test.hook, checkSuccess), test.want)
		})
	}
}

func TestRecorder(t *testing.T) {
	t.Parallel()
	var recorder Recorder
	require.NoError(t, checkFailure(t.Context(), &recorder))
	require.Equal(t, []string{
		"BeforePipeline contract",
		"BeforeComponent read", "OnRetryAttempt read", "OnCircuitBreakerStateChange read", "AfterComponent read",
		"BeforeComponent clean", "OnRetryAttempt clean", "OnCircuitBreakerStateChange clean", "OnComponentFailure clean",
		"AfterPipeline contract",
	}, recorder.Lines())
	failures := Events[hooks.ComponentFailure](&recorder)
	require.Len(t, failures, 1)
	require.EqualError(t, failures[0].Err, "table or view not found")
	recorder.Reset()
	require.Empty(t, recorder.String())
}

func TestRecorderVetoes(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop")
	recorder := Recorder{Veto: func(m Moment) error {
		if m.String() == "BeforeComponent clean" {
			return stop
		}
		return nil
	}}
	_, err := recorder.BeforeComponent(t.Context(), hooks.ComponentStart{Name: "read"})
	require.NoError(t, err)
	_, err = recorder.BeforeComponent(t.Context(), hooks.ComponentStart{Name: "clean"})
	require.ErrorIs(t, err, stop)
}
