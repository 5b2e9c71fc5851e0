package quality_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sparkpipe/sparkpipe/quality"
)

const hostile = "a|b\n<c> `d` [e](f) \"g\" 'h' & \x00\x1b[31m \u2028 %s ../"

func aReport(run string) *quality.Report {
	return &quality.Report{
		Pipeline: "p " + hostile, RunID: run, Component: "c " + hostile, Attempt: 2, Subject: "s", Moment: quality.MomentAfterComponent,
		Started: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), Duration: 1500 * time.Millisecond, Passes: 1,
		Published: true, Dropped: 3, Quarantined: 4, Notes: []string{"a note " + hostile},
		Results: []quality.Result{
			{Rule: "r1 " + hostile, Kind: "not_null", Check: "not_null(a)", Action: quality.ActionFail, Status: quality.StatusPassed, Rows: 10},
			{Rule: "r2", Kind: "sum", Check: "sum(a)", Status: quality.StatusFailed, Rows: 10, Bad: 2, Message: "bad " + hostile,
				Values: map[string]any{"sum": 1.5, "n": int64(1) << 60, "nan": math.NaN(), "inf": math.Inf(-1), "list": []any{float32(1), nil}, "text": "t"}},
			{Rule: "r3", Kind: "range", Check: "range(a)", Action: quality.ActionExpect, Status: quality.StatusFailed, Rows: 10, Bad: 1, Message: "expected"},
			{Rule: "r4", Kind: "range", Check: "range(b)", Action: quality.ActionDrop, Status: quality.StatusError, Message: "unknown"},
		},
	}
}

func TestReportJSON(t *testing.T) {
	t.Parallel()
	report := aReport("r")
	text, err := json.Marshal(report)
	require.NoError(t, err)
	require.NotContains(t, string(text), "\n")
	var back quality.Report
	require.NoError(t, json.Unmarshal(text, &back))
	want := *report
	want.Results = append([]quality.Result{}, report.Results...)
	want.Results[1].Action = quality.ActionFail
	want.Results[1].Values = map[string]any{"sum": 1.5, "n": int64(1) << 60, "nan": "NaN", "inf": "-Infinity", "list": []any{int64(1), nil}, "text": "t"}
	require.Equal(t, want, back)
	require.Equal(t, quality.StatusError, back.Status())

	for _, bad := range []string{`{}`, `{"kind":"x","schema_version":1}`, `{"kind":"quality_report","schema_version":2}`, `[]`} {
		require.Error(t, json.Unmarshal([]byte(bad), &back), bad)
	}
}

// TestTheSchemaOfReportsNamesEveryKey reads the schema as far as ours use it.
func TestTheSchemaOfReportsNamesEveryKey(t *testing.T) {
	t.Parallel()
	var schema struct {
		Required   []string                   `json:"required"`
		Properties map[string]json.RawMessage `json:"properties"`
		Defs       struct {
			Result struct {
				Required   []string                   `json:"required"`
				Properties map[string]json.RawMessage `json:"properties"`
			} `json:"result"`
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(quality.ReportSchema(), &schema))
	text, err := json.Marshal(aReport("r"))
	require.NoError(t, err)
	var document map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &document))
	for key := range document {
		require.Contains(t, schema.Properties, key)
	}
	for _, key := range schema.Required {
		require.Contains(t, document, key)
	}
	var results []map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(document["results"], &results))
	for key := range results[1] {
		require.Contains(t, schema.Defs.Result.Properties, key)
	}
	for _, key := range schema.Defs.Result.Required {
		require.Contains(t, results[0], key)
	}
}

func TestJSONLinesOfManyWriters(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new", "reports.jsonl")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(`{"torn`), 0o600))
	var all sync.WaitGroup
	for range 8 {
		reporter, err := quality.NewJSONLReporter(file)
		require.NoError(t, err)
		all.Go(func() {
			for range 20 {
				if err := reporter.Report(t.Context(), aReport("r")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	whole := 0
	for line := range strings.Lines(string(text)) {
		if json.Valid([]byte(line)) {
			whole++
		}
	}
	require.Equal(t, 160, whole)
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "junit.xml")
	reporter, err := quality.NewJUnitReporter(file)
	require.NoError(t, err)
	first := aReport("r")
	first.Attempt = 1
	require.NoError(t, reporter.Report(t.Context(), first))
	require.NoError(t, reporter.Report(t.Context(), aReport("r")), "the second attempt takes the place of the first")
	after := aReport("r")
	after.Component, after.Moment = "", quality.MomentAfterPipeline
	require.NoError(t, reporter.Report(t.Context(), after))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	type fault struct {
		Message string `xml:"message,attr"`
	}
	var got struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *fault `xml:"failure"`
				Error   *fault `xml:"error"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal(text, &got))
	require.Len(t, got.Suites, 2)
	require.Equal(t, []int{8, 2, 2}, []int{got.Tests, got.Failures, got.Errors})
	require.NotNil(t, got.Suites[0].Cases[1].Failure)
	require.Nil(t, got.Suites[0].Cases[2].Failure, "expect is no failure")
	require.NotNil(t, got.Suites[0].Cases[3].Error)
	require.Equal(t, []string{"junit.xml"}, entries(t, filepath.Dir(file)), "nothing else is left")
	require.NotContains(t, string(text), "\x1b")
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new", "report.md")
	reporter, err := quality.NewMarkdownReporter(file)
	require.NoError(t, err)
	require.NoError(t, reporter.Report(t.Context(), aReport("r")))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "|") {
			require.Equal(t, 8, strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"), line)
		}
	}
	require.NotContains(t, string(text), "<c>")
	require.NotContains(t, string(text), "\x1b")
	require.Contains(t, string(text), "3 dropped, 4 quarantined")
}

func TestLogReporter(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.InfoLevel)
	require.NoError(t, quality.LogReporter(zap.New(core)).Report(t.Context(), aReport("r")))
	levels := []string{}
	for _, entry := range logs.All() {
		levels = append(levels, entry.Level.String())
	}
	require.Equal(t, []string{"error", "warn", "error", "info"}, levels)
	require.NoError(t, quality.LogReporter(nil).Report(t.Context(), aReport("r")))
}

func TestReportersThatCannotWork(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, path := range []string{"", dir} {
		_, err := quality.NewJSONLReporter(path)
		require.Error(t, err)
		_, err = quality.NewJUnitReporter(path)
		require.Error(t, err)
		_, err = quality.NewMarkdownReporter(path)
		require.Error(t, err)
	}
	_, err := quality.NewTableReporter(nil, "t", nil)
	require.Error(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	reporter, err := quality.NewJUnitReporter(filepath.Join(dir, "file", "below.xml"))
	require.NoError(t, err)
	require.Error(t, reporter.Report(t.Context(), aReport("r")))

	told := 0
	joined := quality.JoinReporters(nil, reporter, quality.ReporterFunc(func(context.Context, *quality.Report) error {
		told++
		return errors.New("second")
	}))
	err = joined.Report(t.Context(), aReport("r"))
	require.ErrorContains(t, err, "second")
	require.ErrorContains(t, err, "JUnit")
	require.Equal(t, 1, told)
}
