package pipeline_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

func TestResultJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		result pipeline.Result
		want   string
	}{
		{
			"everything",
			pipeline.Result{
				Pipeline: "p", RunID: "r1", Status: pipeline.StatusPartlyFailed,
				Components: []component.Result{{Name: "a", Status: component.StatusFailed, Err: errors.New("broken"), Attempts: 1}},
				Started:    time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC), Duration: 2500 * time.Microsecond,
				Err: errors.New("e"), Warnings: []error{errors.New("w")}, HookErrors: []error{errors.New("h")},
			},
			`{"pipeline":"p","run_id":"r1","status":"partly_failed","started":"2025-01-02T03:04:05Z","duration_ms":2.5,` +
				`"components":[{"name":"a","status":"failed","error":"broken","attempts":1,"duration_ms":0}],` +
				`"error":"e","warnings":["w"],"hook_errors":["h"]}`,
		},
		{
			"little", pipeline.Result{Pipeline: "p", RunID: "r1", Status: pipeline.StatusSucceeded, Components: []component.Result{}},
			`{"pipeline":"p","run_id":"r1","status":"succeeded","duration_ms":0,"components":[]}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text, err := json.Marshal(&test.result)
			require.NoError(t, err)
			require.Equal(t, test.want, string(text))
			var back pipeline.Result
			require.NoError(t, json.Unmarshal(text, &back))
			require.Equal(t, test.result, back)
		})
	}
	text, err := json.Marshal(pipeline.Result{Status: pipeline.StatusFailed})
	require.NoError(t, err)
	require.Contains(t, string(text), `"components":[]`)
	_, err = json.Marshal(pipeline.Result{})
	require.ErrorContains(t, err, "0 is not a run status")
}
