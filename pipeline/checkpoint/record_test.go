package checkpoint_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/checkpointtest"
)

const minimal = `{"version":1,"run_id":"r","pipeline":"p","status":"running","revision":1,` +
	`"created":"2026-03-01T02:00:00Z","updated":"2026-03-01T02:00:00Z","components":[{"name":"a","state":"pending","attempts":0}]}`

func TestParse(t *testing.T) {
	t.Parallel()
	r, err := checkpoint.Parse([]byte(minimal))
	require.NoError(t, err)
	require.Equal(t, "r", r.RunID)
	require.Equal(t, checkpoint.StatePending, r.Component("a").State)
	require.Nil(t, r.Component("b"))
}

func TestParse_refuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ old, new, want string }{
		"missing version":   {`"version":1,`, ``, "version: it is missing"},
		"version 0":         {`"version":1`, `"version":0`, "there is no version 0"},
		"version as text":   {`"version":1`, `"version":"1"`, "version"},
		"unknown key":       {`"status"`, `"more":1,"status"`, `unknown field "more"`},
		"unknown key below": {`"attempts"`, `"more":1,"attempts"`, `unknown field "more"`},
		"doubled key":       {`"status":"running"`, `"status":"running","status":"failed"`, `the key "status" is there twice`},
		"doubled below":     {`"attempts":0`, `"attempts":0,"attempts":1`, `the key "attempts" is there twice`},
		"status":            {`"running"`, `"great"`, `status: "great" is none; known are running, succeeded, failed, partly_failed and interrupted`},
		"state":             {`"pending"`, `"disabled"`, `components[0] "a": state: "disabled" is none; known are pending, running,`},
		"no state":          {`"state":"pending",`, ``, "state"},
		"no run id":         {`"run_id":"r"`, `"run_id":""`, "it is empty"},
		"no pipeline":       {`"pipeline":"p",`, ``, "pipeline: a name is required"},
		"no name":           {`"name":"a"`, `"name":""`, "a name is required"},
		"two of a name":     {`"components":[`, `"components":[{"name":"a","state":"pending","attempts":0},`, `there are two with the name "a"`},
		"attempts":          {`"attempts":0`, `"attempts":-1`, "-1 is below 0"},
		"revision":          {`"revision":1`, `"revision":-1`, "-1 is below 0"},
		"huge revision":     {`"revision":1`, `"revision":9223372036854775808`, "9223372036854775808"},
		"no time":           {`"created":"2026-03-01T02:00:00Z",`, ``, "created"},
		"bad time":          {`"2026-03-01T02:00:00Z"`, `"yesterday"`, "yesterday"},
		"output":            {`"attempts":0`, `"attempts":0,"outputs":[{"kind":"x","name":""}]`, `outputs[0].kind: "x" is none`},
		"null":              {minimal, `null`, "version"},
		"array":             {minimal, `[]`, "array"},
		"nothing":           {minimal, "  \n", "it is empty"},
		"torn":              {minimal[20:], ``, "unexpected end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, minimal, test.old)
			_, err := checkpoint.Parse([]byte(strings.Replace(minimal, test.old, test.new, 1)))
			require.ErrorIs(t, err, checkpoint.ErrCorrupt)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestParse_newerVersion(t *testing.T) {
	t.Parallel()
	var newer *checkpoint.VersionError
	_, err := checkpoint.Parse([]byte(`{"version": 7, "everything": "else"}`))
	require.ErrorIs(t, err, checkpoint.ErrNewer)
	require.NotErrorIs(t, err, checkpoint.ErrCorrupt)
	require.ErrorAs(t, err, &newer)
	require.Equal(t, 7, newer.Version)
	require.EqualError(t, err, "checkpoint record has version 7 and this program knows versions up to 1; "+
		"resume the run with the program that wrote it or a newer one")
}

func TestRecord_Format(t *testing.T) {
	t.Parallel()
	r, err := checkpoint.New("r", "p", "", nil)
	require.NoError(t, err)
	r.Created = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	r.Updated = r.Created
	data, err := r.Format()
	require.NoError(t, err)
	require.Contains(t, string(data), `"components": []`)
	require.True(t, strings.HasSuffix(string(data), "}\n"))

	r.Components = []checkpoint.Component{{Name: "a\xff", State: checkpoint.StatePending}}
	_, err = r.Format()
	require.ErrorContains(t, err, "not valid UTF-8")
}

func TestRecord_Clone(t *testing.T) {
	t.Parallel()
	r := checkpointtest.Record("r")
	c := r.Clone()
	require.Equal(t, r, c)
	c.Components[0].Outputs[0].Name, c.Components[0].Operations[0], c.Components[1].Name = "x", "x", "x"
	c.Breakers["warehouse"][0], c.Breakers["more"] = ' ', json.RawMessage("1")
	require.Equal(t, checkpointtest.Record("r"), r)
}

func TestErrors_text(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	for want, err := range map[string]error{
		`run "r" is locked by process 4711 on etl-1 since 2026-03-01T02:00:00Z`: &checkpoint.LockedError{
			RunID: "r", Holder: checkpoint.Holder{Host: "etl-1", PID: 4711, Since: at}},
		`run "r" is locked by another process`: &checkpoint.LockedError{RunID: "r"},
		`checkpoint of run "r": revision 3 is not the stored one (5); somebody else saved meanwhile`: &checkpoint.StaleError{
			RunID: "r", Revision: 3, Stored: 5},
		`checkpoint of run "r": revision 3 was deleted meanwhile`: &checkpoint.StaleError{RunID: "r", Revision: 3},
		`checkpoint of run "r": there is one already (revision 5); load it to resume the run, or delete it to start again`: &checkpoint.StaleError{
			RunID: "r", Stored: 5},
	} {
		require.EqualError(t, err, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	full := checkpointtest.Record("r")
	full.Created = time.Date(2026, 3, 1, 0, 0, 0, 1000, time.UTC)
	full.Updated = full.Created
	data, err := full.Format()
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(strings.Replace(minimal, `"status"`, `"breakers":{"a":null,"b":[{}]},"status"`, 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := checkpoint.Parse(data)
		if err != nil {
			require.Nil(t, r)
			return
		}
		first, err := r.Format()
		require.NoError(t, err)
		again, err := checkpoint.Parse(first)
		require.NoError(t, err)
		second, err := again.Format()
		require.NoError(t, err)
		require.Equal(t, string(first), string(second))
	})
}
