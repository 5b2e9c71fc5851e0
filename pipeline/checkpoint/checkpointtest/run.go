package checkpointtest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

// Run runs the checks as parallel subtests. For each of them it calls setup,
// which returns two stores that share one empty storage, as two processes would.
func Run(t *testing.T, setup func(t *testing.T) (one, other checkpoint.Store)) {
	t.Helper()
	checks := map[string]func(t *testing.T, one, other checkpoint.Store){
		"what is saved is loaded, whole":               roundTrip,
		"a run without a record is not found":          missing,
		"a stale record is refused and nothing lost":   stale,
		"a resumed run keeps what was done":            secondFailure,
		"a record that cannot be written changes none": unwritable,
		"of concurrent savers one wins each time":      concurrentSaves,
		"list: newest first, by pipeline and status":   list,
		"delete":                                remove,
		"ids that are hostile stay apart":       hostileIDs,
		"ids that are none are refused":         badIDs,
		"one of two runners gets the lock":      lock,
		"of many runners one gets the lock":     manyLockers,
		"a locked run is not deleted by others": deleteLocked,
		"an ended context ends every call":      endedContext,
	}
	for name, check := range checks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, other := setup(t)
			check(t, one, other)
		})
	}
}

// Record returns a record that fills every field, as one that was never saved.
func Record(runID string) *checkpoint.Record {
	at := time.Date(2026, 3, 1, 2, 0, 0, 123456000, time.UTC)
	return &checkpoint.Record{
		RunID: runID, Pipeline: "orders", Fingerprint: "sha256:00", Status: checkpoint.StatusFailed,
		Components: []checkpoint.Component{
			{
				Name: "read", Fingerprint: "sha256:01", State: checkpoint.StateSucceeded, Attempts: 2, Started: at, Ended: at.Add(time.Minute),
				Operations: []string{"5d0e-1", "5d0e-2"},
				Outputs: []checkpoint.Output{
					{Kind: checkpoint.OutputView, Name: "orders"}, {Kind: checkpoint.OutputPath, Name: "/data/<x>&y"}, {Kind: checkpoint.OutputTable, Name: "db.`t 1`"},
				},
			},
			{Name: "clean \"}{][", State: checkpoint.StateFailed, Attempts: 1, Started: at, Ended: at, Error: "unbalanced } ] \" \\ \n\x00 ü 🚰 brace {"},
			{Name: "save", State: checkpoint.StateSkipped, Reason: `"clean" failed`},
			{Name: "send", State: checkpoint.StateRunning, Attempts: 1, Started: at},
			{Name: "last", State: checkpoint.StatePending},
		},
		Breakers: map[string]json.RawMessage{"warehouse": json.RawMessage(`{"state":"open","failures":[1,2.50,1e400]}`)},
	}
}

func save(t *testing.T, s checkpoint.Store, r *checkpoint.Record) {
	t.Helper()
	require.NoError(t, s.Save(t.Context(), r))
}

func load(t *testing.T, s checkpoint.Store, runID string) *checkpoint.Record {
	t.Helper()
	r, err := s.Load(t.Context(), runID)
	require.NoError(t, err)
	require.Equal(t, runID, r.RunID)
	return r
}

// same compares two records as they are written.
func same(t *testing.T, want, got *checkpoint.Record) {
	t.Helper()
	wantJSON, err := want.Format()
	require.NoError(t, err)
	gotJSON, err := got.Format()
	require.NoError(t, err)
	require.Equal(t, string(wantJSON), string(gotJSON))
}

func roundTrip(t *testing.T, one, other checkpoint.Store) {
	r := Record("a")
	before := time.Now().Add(-time.Second)
	save(t, one, r)
	require.Equal(t, checkpoint.Version, r.Version)
	require.EqualValues(t, 1, r.Revision)
	require.Equal(t, r.Created, r.Updated)
	require.True(t, r.Created.After(before))
	same(t, r, load(t, other, "a"))

	created := r.Created
	r.Component("save").State = checkpoint.StateSucceeded
	r.Status = checkpoint.StatusSucceeded
	save(t, one, r)
	require.EqualValues(t, 2, r.Revision)
	require.Equal(t, created, r.Created)
	require.False(t, r.Updated.Before(created))
	same(t, r, load(t, other, "a"))
}

func missing(t *testing.T, one, _ checkpoint.Store) {
	_, err := one.Load(t.Context(), "a")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
	require.ErrorContains(t, err, `"a"`)
	require.ErrorIs(t, one.Delete(t.Context(), "a"), checkpoint.ErrNotFound)
	records, err := one.List(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, records)
}

func stale(t *testing.T, one, other checkpoint.Store) {
	save(t, one, Record("a"))
	mine, theirs := load(t, one, "a"), load(t, other, "a")
	theirs.Component("save").State = checkpoint.StateSucceeded
	save(t, other, theirs)

	var refused *checkpoint.StaleError
	err := one.Save(t.Context(), mine)
	require.ErrorIs(t, err, checkpoint.ErrStale)
	require.ErrorAs(t, err, &refused)
	require.EqualValues(t, 1, refused.Revision)
	require.EqualValues(t, 2, refused.Stored)
	require.EqualValues(t, 1, mine.Revision, "a refused save leaves the record as it was")
	same(t, theirs, load(t, one, "a"))

	require.NoError(t, other.Delete(t.Context(), "a"))
	require.ErrorIs(t, other.Save(t.Context(), theirs), checkpoint.ErrStale, "a record that was deleted does not come back")
	_, err = one.Load(t.Context(), "a")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
}

// secondFailure is a run that is begun anew under its old id, which must not wipe
// out the record, and then resumed and failing again.
func secondFailure(t *testing.T, one, other checkpoint.Store) {
	steps := []checkpoint.Step{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	r, err := checkpoint.New("run", "orders", "", steps)
	require.NoError(t, err)
	r.Component("a").State = checkpoint.StateSucceeded
	r.Component("b").State, r.Status = checkpoint.StateFailed, checkpoint.StatusFailed
	save(t, one, r)

	anew, err := checkpoint.New("run", "orders", "", steps)
	require.NoError(t, err)
	require.ErrorIs(t, other.Save(t.Context(), anew), checkpoint.ErrStale)

	again := load(t, other, "run")
	decisions, err := again.Resume(steps, nil)
	require.NoError(t, err)
	again.Restart(steps, decisions)
	save(t, other, again)
	again.Component("b").State, again.Status = checkpoint.StateFailed, checkpoint.StatusFailed
	save(t, other, again)
	require.Equal(t, checkpoint.StateSucceeded, load(t, one, "run").Component("a").State)

	// When it succeeds at last, no failed record is left that would be resumed
	// the next time.
	again.Status = checkpoint.StatusSucceeded
	save(t, other, again)
	failed, err := one.List(t.Context(), &checkpoint.Filter{Statuses: []checkpoint.Status{checkpoint.StatusFailed}})
	require.NoError(t, err)
	require.Empty(t, failed)
}

func unwritable(t *testing.T, one, _ checkpoint.Store) {
	r := Record("a")
	save(t, one, r)
	want := load(t, one, "a")
	for name, spoil := range map[string]func(*checkpoint.Record){
		"status":         func(r *checkpoint.Record) { r.Status = "great" },
		"two of a name":  func(r *checkpoint.Record) { r.Components[1].Name = r.Components[0].Name },
		"no pipeline":    func(r *checkpoint.Record) { r.Pipeline = "" },
		"broken breaker": func(r *checkpoint.Record) { r.Breakers["warehouse"] = json.RawMessage(`{"a"`) },
		"doubled key":    func(r *checkpoint.Record) { r.Breakers["warehouse"] = json.RawMessage(`{"a":1,"a":2}`) },
		"a year":         func(r *checkpoint.Record) { r.Components[0].Started = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		bad := r.Clone()
		spoil(bad)
		require.Error(t, one.Save(t.Context(), bad), name)
		require.EqualValues(t, 1, bad.Revision, name)
		same(t, want, load(t, one, "a"))
	}
}

func concurrentSaves(t *testing.T, one, other checkpoint.Store) {
	const savers, saves = 6, 5
	save(t, one, Record("a"))
	var wg sync.WaitGroup
	faults := make(chan error, savers)
	for i := range savers {
		store := one
		if i%2 == 1 {
			store = other
		}
		wg.Go(func() { faults <- countUp(t.Context(), store, saves) })
	}
	wg.Wait()
	for range savers {
		require.NoError(t, <-faults)
	}
	last := load(t, one, "a")
	require.EqualValues(t, 1+savers*saves, last.Revision)
	require.Equal(t, 2+savers*saves, last.Component("read").Attempts, "no count is lost")
}

// countUp adds to a number in the record, and loads it again whenever somebody
// was faster.
func countUp(ctx context.Context, store checkpoint.Store, times int) error {
	for done := 0; done < times; {
		r, err := store.Load(ctx, "a")
		if err != nil {
			return err
		}
		r.Component("read").Attempts++
		err = store.Save(ctx, r)
		if err != nil && !errors.Is(err, checkpoint.ErrStale) {
			return err
		}
		if err == nil {
			done++
		}
	}
	return nil
}

func list(t *testing.T, one, other checkpoint.Store) {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i, id := range []string{"d", "b", "a", "c"} {
		r := Record(id)
		r.Created = day.Add(time.Duration(i/2) * time.Microsecond) // d = b < a = c
		if id == "a" {
			r.Pipeline, r.Status = "it's; DROP TABLE x", checkpoint.StatusRunning
		}
		save(t, one, r)
	}
	for name, test := range map[string]struct {
		filter *checkpoint.Filter
		want   string
	}{
		"all":      {nil, "c a d b"},
		"zero":     {&checkpoint.Filter{}, "c a d b"},
		"pipeline": {&checkpoint.Filter{Pipeline: "it's; DROP TABLE x"}, "a"},
		"status":   {&checkpoint.Filter{Statuses: []checkpoint.Status{checkpoint.StatusFailed}}, "c d b"},
		"statuses": {&checkpoint.Filter{Statuses: []checkpoint.Status{checkpoint.StatusFailed, checkpoint.StatusRunning}, Limit: 2}, "c a"},
		"both":     {&checkpoint.Filter{Pipeline: "orders", Statuses: []checkpoint.Status{checkpoint.StatusRunning}}, ""},
		"limit":    {&checkpoint.Filter{Pipeline: "orders", Limit: 2}, "c d"},
	} {
		records, err := other.List(t.Context(), test.filter)
		require.NoError(t, err, name)
		var ids []string
		for _, r := range records {
			ids = append(ids, r.RunID)
		}
		require.Equal(t, test.want, strings.Join(ids, " "), name)
	}
	records, err := other.List(t.Context(), &checkpoint.Filter{Pipeline: "it's; DROP TABLE x"})
	require.NoError(t, err)
	same(t, load(t, one, "a"), records[0])
}

func remove(t *testing.T, one, other checkpoint.Store) {
	save(t, one, Record("a"))
	save(t, one, Record("b"))
	require.NoError(t, other.Delete(t.Context(), "a"))
	_, err := one.Load(t.Context(), "a")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
	load(t, one, "b")
	save(t, one, Record("a"))
	require.EqualValues(t, 1, load(t, other, "a").Revision)
}

// HostileIDs are run ids that are allowed and must stay apart and in their place.
func HostileIDs() []string {
	return []string{
		"run", "Run", "RUN", "rün", "../run", "..", ".", "/etc/passwd", `..\run`, `C:\run`, "con", "CON", "nul.json", "com1", "aux ",
		"run.", "run ", " run", "-rf", "--", "~", "run~", "%41", "A", "a%2fb", "a/b", ".lock", ".guard", ".saving", "run.json", "run.lock",
		"*", "?", "<>|:\"", "';--", "$(x)", "{}", "[", "🚰", "\u202e", strings.Repeat("x", checkpoint.MaxRunID),
		strings.Repeat("x", checkpoint.MaxRunID-1) + "y", strings.Repeat("/", checkpoint.MaxRunID), strings.Repeat("../", 85),
	}
}

func hostileIDs(t *testing.T, one, other checkpoint.Store) {
	for _, id := range HostileIDs() {
		held, err := one.Lock(t.Context(), id)
		require.NoError(t, err, "%q", id)
		r := Record(id)
		r.Fingerprint = "of " + id
		save(t, one, r)
		require.NoError(t, held.Release(t.Context()))
	}
	for _, id := range HostileIDs() {
		require.Equal(t, "of "+id, load(t, other, id).Fingerprint)
	}
	records, err := other.List(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, records, len(HostileIDs()))
	for _, id := range HostileIDs() {
		require.NoError(t, other.Delete(t.Context(), id), "%q", id)
	}
}

func badIDs(t *testing.T, one, _ checkpoint.Store) {
	for _, id := range []string{"", "a\x00b", "\x00", "a\nb", "\x7f", "a\x1b[31m", "\xff", strings.Repeat("x", checkpoint.MaxRunID+1), strings.Repeat("../", 3414)} {
		_, err := one.Load(t.Context(), id)
		require.ErrorIs(t, err, checkpoint.ErrRunID, "%q", id)
		require.ErrorIs(t, one.Save(t.Context(), Record(id)), checkpoint.ErrRunID, "%q", id)
		require.ErrorIs(t, one.Delete(t.Context(), id), checkpoint.ErrRunID, "%q", id)
		_, err = one.Lock(t.Context(), id)
		require.ErrorIs(t, err, checkpoint.ErrRunID, "%q", id)
	}
}

func endedContext(t *testing.T, one, _ checkpoint.Store) {
	save(t, one, Record("a"))
	stopped := errors.New("the operator stopped it")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stopped)
	_, err := one.Load(ctx, "a")
	require.ErrorIs(t, err, stopped)
	require.ErrorIs(t, one.Save(ctx, load(t, one, "a")), stopped)
	require.ErrorIs(t, one.Delete(ctx, "a"), stopped)
	_, err = one.Lock(ctx, "a")
	require.ErrorIs(t, err, stopped)
	_, err = one.List(ctx, nil)
	require.ErrorIs(t, err, stopped)
}
