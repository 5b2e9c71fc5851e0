package component_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
)

func TestStatusText(t *testing.T) {
	t.Parallel()
	want := map[component.Status]string{
		component.StatusSucceeded: "succeeded",
		component.StatusFailed:    "failed",
		component.StatusSkipped:   "skipped",
		component.StatusDisabled:  "disabled",
		component.StatusCancelled: "cancelled",
	}
	for status, text := range want {
		require.Equal(t, text, status.String())
		got, err := status.MarshalText()
		require.NoError(t, err)
		require.Equal(t, text, string(got))
		var back component.Status
		require.NoError(t, back.UnmarshalText(got))
		require.Equal(t, status, back)
	}
}

func TestStatusRefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	for _, status := range []component.Status{0, 6, 255} {
		require.Contains(t, status.String(), "status(")
		_, err := status.MarshalText()
		require.ErrorContains(t, err, "is not a component status")
	}
	status := component.StatusFailed
	for _, text := range []string{"", "Succeeded", "ok", "status(0)"} {
		require.ErrorContains(t, status.UnmarshalText([]byte(text)), "is not a component status")
		require.Equal(t, component.StatusFailed, status, "a refused text changes nothing")
	}
}

func TestResultJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		result component.Result
		want   string
	}{
		{
			"failed",
			component.Result{
				Name: "clean", Type: "sql", Status: component.StatusFailed, Err: errors.New(`no "x"`), Attempts: 2,
				Started: time.Date(2025, 3, 1, 12, 0, 0, 500, time.UTC), Duration: 1500 * time.Microsecond,
			},
			`{"name":"clean","type":"sql","status":"failed","error":"no \"x\"","attempts":2,` +
				`"started":"2025-03-01T12:00:00.0000005Z","duration_ms":1.5}`,
		},
		{
			"skipped",
			component.Result{Name: "save", Status: component.StatusSkipped, Reason: "the run stopped"},
			`{"name":"save","status":"skipped","reason":"the run stopped","attempts":0,"duration_ms":0}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text, err := json.Marshal(test.result)
			require.NoError(t, err)
			require.Equal(t, test.want, string(text))
			var back component.Result
			require.NoError(t, json.Unmarshal(text, &back))
			require.Equal(t, test.result, back)
		})
	}
	_, err := json.Marshal(component.Result{})
	require.ErrorContains(t, err, "0 is not a component status")
	var r component.Result
	require.Error(t, json.Unmarshal([]byte(`{"status":"odd"}`), &r))
}

func TestConfigErrorText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  *component.ConfigError
		want string
	}{
		{&component.ConfigError{Component: "a", Type: "sql", Path: "components[0].config", Err: io.EOF}, `components[0].config: component "a" (sql): EOF`},
		{&component.ConfigError{Component: "a", Where: "p.yaml:7:5", Path: "x", Err: io.EOF}, `p.yaml:7:5: x: component "a": EOF`},
		{&component.ConfigError{Component: "a", Err: io.EOF}, `component "a": EOF`},
		{&component.ConfigError{Component: "a"}, `component "a": unknown fault`},
	}
	for _, test := range tests {
		require.EqualError(t, test.err, test.want)
		require.Equal(t, test.err.Err, errors.Unwrap(test.err))
	}
}

func TestPanicErrorUnwrapsErrors(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, component.NewPanicError(io.EOF), io.EOF)
	require.EqualError(t, component.NewPanicError(7), "panic: 7")
	require.NoError(t, errors.Unwrap(component.NewPanicError("boom")))
}

func TestFunc(t *testing.T) {
	t.Parallel()
	require.NoError(t, component.Func("nothing", nil).Run(t.Context(), component.Runtime{}))
	c := component.Func("eof", func(context.Context, component.Runtime) error { return io.EOF })
	require.Equal(t, "eof", c.Name())
	require.ErrorIs(t, c.Run(t.Context(), component.Runtime{}), io.EOF)
}
