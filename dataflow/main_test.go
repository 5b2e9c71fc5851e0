package dataflow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a session on a fake server of its own.
type bundle struct {
	server *fakeconnect.Server
	spark  *dataflow.Session
}

func setup(t testing.TB, opts *dataflow.ConnectOptions) bundle {
	t.Helper()
	server := fakeconnect.Start(t)
	return bundle{server: server, spark: connectTo(t, server.Remote(), opts)}
}

// connectTo opens a session and closes it with the test.
func connectTo(t testing.TB, remote string, opts *dataflow.ConnectOptions) *dataflow.Session {
	t.Helper()
	spark, err := dataflow.Connect(t.Context(), remote, opts)
	require.NoError(t, err)
	t.Cleanup(func() { _ = spark.Close(context.WithoutCancel(t.Context())) })
	return spark
}

// frame is a DataFrame that costs no round trip.
func (b bundle) frame(t testing.TB) sql.DataFrame {
	t.Helper()
	df, err := dataflow.TableSource{Table: "t"}.Load(t.Context(), b.spark)
	require.NoError(t, err)
	return df
}

// trips returns how many calls the server has seen since the session was opened
// that somebody waits for.
func (b bundle) trips() int {
	return len(b.server.Requests()) - len(b.server.Requests("ReleaseExecute")) - 1
}

// executed returns the executions that the server has seen.
func (b bundle) executed(t testing.TB) []*fakeconnect.Operation {
	t.Helper()
	var out []*fakeconnect.Operation
	for _, r := range b.server.Requests("ExecutePlan") {
		req, ok := r.Message.(*wire.ExecutePlanRequest)
		require.True(t, ok)
		out = append(out, &fakeconnect.Operation{Request: req})
	}
	return out
}

// lastPlan is the plan of the last execution.
func (b bundle) lastPlan(t testing.TB) json.RawMessage {
	t.Helper()
	all := b.executed(t)
	require.NotEmpty(t, all)
	return planJSON(t, all[len(all)-1])
}

// planOf is the plan of a DataFrame, which the server need not see.
func (b bundle) planOf(t testing.TB, df sql.DataFrame) json.RawMessage {
	t.Helper()
	relation, err := b.spark.Export(t.Context(), df)
	require.NoError(t, err)
	return planJSON(t, &fakeconnect.Operation{Request: &wire.ExecutePlanRequest{
		Plan: &wire.Plan{OpType: &wire.Plan_Root{Root: relation}},
	}})
}

var planID = regexp.MustCompile(`"planId":\s*"\d+"`)

// planJSON gives the plan with the plan ids, which differ from run to run,
// counted from 1.
func planJSON(t testing.TB, op *fakeconnect.Operation) json.RawMessage {
	t.Helper()
	text, err := op.PlanJSON()
	require.NoError(t, err)
	ids := map[string]string{}
	text = planID.ReplaceAllStringFunc(text, func(id string) string {
		if ids[id] == "" {
			ids[id] = `"planId":"` + strconv.Itoa(len(ids)+1) + `"`
		}
		return ids[id]
	})
	var compact bytes.Buffer // protojson varies its white space on purpose
	require.NoError(t, json.Compact(&compact, []byte(text)))
	return compact.Bytes()
}

// at walks down a JSON object.
func at(t testing.TB, plan json.RawMessage, path ...string) json.RawMessage {
	t.Helper()
	for _, key := range path {
		var object map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(plan, &object), "%s in %s", key, plan)
		require.Contains(t, object, key, "in %s", plan)
		plan = object[key]
	}
	return plan
}

// golden compares plans by name with testdata/<name>.json.
func golden(t testing.TB, name string, plans map[string]json.RawMessage) {
	t.Helper()
	got, err := json.MarshalIndent(plans, "", "  ")
	require.NoError(t, err)
	got = append(got, '\n')
	file := filepath.Join("testdata", name+".json")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run go test ./dataflow -update and review the difference")
}
