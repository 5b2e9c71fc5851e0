package streaming_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// updating reports whether golden files are rewritten: with -update where the
// package has that flag, or with UPDATE_GOLDEN in the environment.
func updating() bool {
	f := flag.Lookup("update")
	return os.Getenv("UPDATE_GOLDEN") != "" || f != nil && f.Value.String() == "true"
}

// readPlan is the plan of a stream that is read, which the server need not see.
func (b bundle) readPlan(t testing.TB, df sql.DataFrame) json.RawMessage {
	t.Helper()
	relation, err := b.spark.Export(t.Context(), df)
	require.NoError(t, err)
	return planText(t, &wire.Plan{OpType: &wire.Plan_Root{Root: relation}})
}

// writePlan is the plan that a sink sends for the table t.
func (b bundle) writePlan(t testing.TB, sink streaming.StreamingSink, w streaming.Writer) json.RawMessage {
	t.Helper()
	df, err := dataflow.TableSource{Table: "t"}.Load(t.Context(), b.spark)
	require.NoError(t, err)
	_, _ = sink.WriteStream(t.Context(), b.spark, df, w) // the fake starts no query
	requests := b.server.Requests("ExecutePlan")
	for i := len(requests) - 1; i >= 0; i-- {
		req, ok := requests[i].Message.(*wire.ExecutePlanRequest)
		require.True(t, ok)
		if req.GetPlan().GetCommand().GetWriteStreamOperationStart() != nil {
			return planText(t, req.GetPlan())
		}
	}
	require.FailNow(t, "the sink has sent nothing")
	return nil
}

var planIDs = regexp.MustCompile(`"planId":\s*"\d+"`)

// planText gives the plan with its ids counted from 1.
func planText(t testing.TB, plan *wire.Plan) json.RawMessage {
	t.Helper()
	op := &fakeconnect.Operation{Request: &wire.ExecutePlanRequest{Plan: plan}}
	text, err := op.PlanJSON()
	require.NoError(t, err)
	ids := map[string]string{}
	text = planIDs.ReplaceAllStringFunc(text, func(id string) string {
		if ids[id] == "" {
			ids[id] = `"planId":"` + strconv.Itoa(len(ids)+1) + `"`
		}
		return ids[id]
	})
	var compact bytes.Buffer
	require.NoError(t, json.Compact(&compact, []byte(text)))
	return compact.Bytes()
}

// golden compares with testdata/<name>.json.
func golden[T any](t testing.TB, name string, values map[string]T) {
	t.Helper()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(values))
	file := filepath.Join("testdata", name+".json")
	if updating() {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, text.Bytes(), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), text.String(), "run UPDATE_GOLDEN=1 go test ./streaming and review the difference")
}
