package checkpoint_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

// The steps of the tests: read -> clean -> save, read -> count, and mail.
func steps() []checkpoint.Step {
	return []checkpoint.Step{
		{Name: "read", Fingerprint: "r"},
		{Name: "clean", Fingerprint: "c", DependsOn: []string{"read"}},
		{Name: "save", Fingerprint: "s", DependsOn: []string{"clean"}},
		{Name: "count", Fingerprint: "n", DependsOn: []string{"read"}},
		{Name: "mail", Fingerprint: "m"},
	}
}

// record has the steps with the states, and a view of read and of clean if they
// succeeded.
func record(t *testing.T, states string) *checkpoint.Record {
	t.Helper()
	r, err := checkpoint.New("run", "orders", "f", steps())
	require.NoError(t, err)
	for i, state := range strings.Fields(states) {
		c := &r.Components[i]
		c.State = checkpoint.State(state)
		if c.State == checkpoint.StateSucceeded && i < 2 {
			c.Outputs = []checkpoint.Output{{Kind: checkpoint.OutputView, Name: c.Name + "_view"}}
		}
		if c.State == checkpoint.StateRunning {
			c.Operations = []string{"op-1", "op-2"}
		}
	}
	require.NoError(t, r.Validate())
	return r
}

func actions(decisions []checkpoint.Decision) string {
	var texts []string
	for _, d := range decisions {
		text := string(d.Action)
		if d.Unknown {
			text += "?"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " ")
}

func TestRecord_Resume(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ states, want string }{
		"not begun":                   {"pending pending pending pending pending", "run run run run run"},
		"done":                        {"succeeded succeeded succeeded succeeded succeeded", "skip skip skip skip skip"},
		"the first failed":            {"failed pending pending pending pending", "run run run run run"},
		"the one in the middle":       {"succeeded failed skipped succeeded succeeded", "rebuild run run skip skip"},
		"the last of a chain":         {"succeeded succeeded failed succeeded succeeded", "rebuild rebuild run skip skip"},
		"one that needs nothing":      {"succeeded succeeded succeeded succeeded failed", "skip skip skip skip run"},
		"killed":                      {"succeeded succeeded running pending pending", "rebuild rebuild run? run run"},
		"good, bad, good, not begun":  {"succeeded failed skipped succeeded pending", "rebuild run run skip run"},
		"skipped because of disabled": {"succeeded skipped skipped succeeded succeeded", "rebuild run run skip skip"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := record(t, test.states)
			before := r.Clone()
			decisions, err := r.Resume(steps(), nil)
			require.NoError(t, err)
			require.Equal(t, test.want, actions(decisions))
			require.Equal(t, before, r, "it changes nothing")
			for i, d := range decisions {
				require.Equal(t, steps()[i].Name, d.Name)
				require.NotEmpty(t, d.Reason)
			}
		})
	}
}

func TestRecord_Resume_onlyViewsAreRebuilt(t *testing.T) {
	t.Parallel()
	r := record(t, "succeeded succeeded failed succeeded succeeded")
	r.Component("clean").Outputs = []checkpoint.Output{{Kind: checkpoint.OutputTable, Name: "db.clean"}}
	decisions, err := r.Resume(steps(), nil)
	require.NoError(t, err)
	require.Equal(t, "skip skip run skip skip", actions(decisions))

	r = record(t, "succeeded succeeded running pending pending")
	decisions, err = r.Resume(steps(), nil)
	require.NoError(t, err)
	require.Equal(t, `"save" needs its view "clean_view", which is gone with its session`, decisions[1].Reason)
	require.Equal(t, "it was running when the run ended; its operations were op-1, op-2", decisions[2].Reason)
}

func TestRecord_Resume_orderDoesNotMatter(t *testing.T) {
	t.Parallel()
	now := steps()
	now[0], now[4] = now[4], now[0]
	decisions, err := record(t, "succeeded failed skipped succeeded succeeded").Resume(now, nil)
	require.NoError(t, err)
	require.Equal(t, "skip run run skip rebuild", actions(decisions))
}

func TestRecord_Resume_changedPipeline(t *testing.T) {
	t.Parallel()
	r := record(t, "succeeded succeeded succeeded succeeded failed")
	now := steps()
	now[1].Fingerprint = "another query"
	now[3].Name = "sum" // as many components as before
	_, err := r.Resume(now, nil)
	require.ErrorIs(t, err, checkpoint.ErrChanged)
	require.EqualError(t, err, `resume run "run": the pipeline is not the one that the run began with `+
		`(changed: ["clean"], added: ["sum"], removed: ["count"]); put it back, allow changes, or start a new run`)

	decisions, err := r.Resume(now, &checkpoint.ResumeOptions{AllowChanges: true})
	require.NoError(t, err)
	require.Equal(t, "rebuild run run run run", actions(decisions))
	require.Equal(t, `"clean", which it depends on, has changed`, decisions[2].Reason)
}

// A run that is killed between a changed component and what depends on it must
// not forget the latter.
func TestRecord_Restart_remembersWhatIsToRun(t *testing.T) {
	t.Parallel()
	r := record(t, "running succeeded succeeded succeeded failed")
	now := steps()
	now[1].Fingerprint = "another query"
	now = append(now[:3:3], now[4]) // count is gone
	decisions, err := r.Resume(now, &checkpoint.ResumeOptions{AllowChanges: true})
	require.NoError(t, err)
	r.Restart(now, decisions)
	require.NoError(t, r.Validate())
	require.Len(t, r.Components, 4)
	require.Equal(t, checkpoint.StatusRunning, r.Status)
	require.Equal(t, checkpoint.StateRunning, r.Component("read").State, "what is unknown stays so")
	require.Equal(t, []string{"op-1", "op-2"}, r.Component("read").Operations)
	require.Equal(t, checkpoint.StatePending, r.Component("clean").State)
	require.Empty(t, r.Component("clean").Outputs)

	r.Component("read").State, r.Component("clean").State = checkpoint.StateSucceeded, checkpoint.StateSucceeded
	decisions, err = r.Resume(now, nil)
	require.NoError(t, err, "the changes are accepted")
	require.Equal(t, "skip skip run run", actions(decisions))
}

func TestRecord_Resume_refusesBadSteps(t *testing.T) {
	t.Parallel()
	for want, bad := range map[string][]checkpoint.Step{
		"empty or there twice":                 {{Name: "a"}, {Name: "a"}},
		`step 1`:                               {{}},
		`depends on "x", which does not exist`: {{Name: "a", DependsOn: []string{"x"}}},
	} {
		_, err := record(t, "").Resume(bad, nil)
		require.ErrorContains(t, err, want)
	}
	_, err := checkpoint.New("run", "p", "", []checkpoint.Step{{Name: "a"}, {Name: "a"}})
	require.ErrorContains(t, err, "two with the name")
	_, err = checkpoint.New("", "p", "", nil)
	require.ErrorIs(t, err, checkpoint.ErrRunID)
}

func TestRecord_Resume_endsOnCycles(t *testing.T) {
	t.Parallel()
	loop := []checkpoint.Step{{Name: "a", DependsOn: []string{"b"}}, {Name: "b", DependsOn: []string{"a"}}}
	r, err := checkpoint.New("run", "p", "", loop)
	require.NoError(t, err)
	loop[0].Fingerprint = "x"
	decisions, err := r.Resume(loop, &checkpoint.ResumeOptions{AllowChanges: true})
	require.NoError(t, err)
	require.Equal(t, "run run", actions(decisions))
}
