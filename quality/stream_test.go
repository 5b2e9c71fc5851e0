package quality_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/quality"
	"github.com/sparkpipe/sparkpipe/resilience"
)

func TestRulesThatAreNotOfStreams(t *testing.T) {
	t.Parallel()
	id := []string{"id"}
	notNull := quality.NotNull{Columns: id}
	one := int64(1)
	for want, rule := range map[string]quality.Rule{
		"row_count is no check of single rows":             {Check: quality.RowCount{Min: &one}},
		"a row is bad only beside others; check the table": {Check: quality.Unique{Columns: id}},
		"join the other table in the query of the stream":  {Check: quality.ForeignKey{Columns: id, References: "t"}},
		"write of: every":                                        {Check: quality.Freshness{Column: "at", MaxAge: 1e9}},
		"declare the columns at the source":                      {Check: quality.Schema{Columns: id}},
		"a query says nothing of single rows; write a condition": {Check: quality.SQL{SQL: "SELECT true AS passed"}},
		"it looks at all rows together; check the table":         {Check: quality.Mean{Column: "id", Min: 1.0}},
		"write a condition in SQL":                               {Check: quality.Func{Name: "f", Run: func(context.Context, *dataflow.Session, dfType) (quality.Result, error) { return quality.Result{}, nil }}},
		"take the bad rows from the same source":                 {Check: notNull, Action: quality.ActionQuarantine},
		"leave max_bad and max_bad_share out, or write expect":   {Check: notNull, MaxBad: 1},
		"a batch at its first bad row; leave max_bad":            {Check: notNull, MaxBadShare: 0.5, Action: quality.ActionFail},
		`action is "ignore"; write one of`:                       {Check: notNull, Action: "ignore"},
		"max_bad is -1":                                          {Check: notNull, MaxBad: -1, Action: quality.ActionExpect},
		"the check is missing":                                   {},
		`not_null: set columns`:                                  {Check: quality.NotNull{}},
	} {
		_, err := quality.NewStreamGate(quality.Suite{Rules: []quality.Rule{rule}}, nil)
		require.ErrorContains(t, err, want)
	}
	twice := quality.Rule{Check: notNull, Name: "a"}
	_, err := quality.NewStreamGate(quality.Suite{Rules: []quality.Rule{twice, twice}}, nil)
	require.ErrorContains(t, err, `two rules have the name "a"`)
	for _, rule := range []quality.Rule{
		{Check: notNull, Action: quality.ActionExpect, MaxBad: 2}, {Check: notNull, Action: quality.ActionDrop}, {Check: notNull},
		{Check: quality.SQL{Condition: "id > 0"}}, {Check: quality.Freshness{Column: "at", MaxAge: 1e9, Of: quality.FreshEvery}},
		{Check: quality.Length{Column: "id", Max: &one}}, {Check: quality.Pattern{Column: "id", Pattern: "a"}},
	} {
		_, err := quality.NewStreamGate(quality.Suite{Rules: []quality.Rule{rule}}, nil)
		require.NoError(t, err)
	}
}

// checkedStream is a gate of three rules on a stream of the texts a and b.
type checkedStream struct {
	*quality.StreamGate
	server *fakeconnect.Server
	spark  *dataflow.Session
	in     sql.DataFrame

	mu      sync.Mutex
	reports []*quality.Report
}

func dropExpectFail() []quality.Rule {
	return []quality.Rule{
		{Check: quality.NotNull{Columns: []string{"a", "b"}}, Action: quality.ActionDrop, Name: "there"},
		{Check: quality.AcceptedValues{Column: "a", Values: []any{"x"}}, Action: quality.ActionExpect, MaxBad: 1, Name: "known"},
		{Check: quality.NotNull{Columns: []string{"b"}}, Where: "a = 'x'", Name: "full"},
	}
}

func newCheckedStream(t *testing.T, rules ...quality.Rule) *checkedStream {
	t.Helper()
	s := &checkedStream{server: fakeconnect.Start(t)}
	s.server.OnAnalyze(func(_ *wire.AnalyzePlanRequest, resp *wire.AnalyzePlanResponse) error {
		resp.Result = fakeconnect.StringColumns("a", "b")
		return nil
	})
	spark, err := dataflow.Connect(t.Context(), s.server.Remote(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = spark.Close(context.WithoutCancel(t.Context())) })
	s.spark = spark
	s.in, err = dataflow.TableSource{Table: "t"}.Load(t.Context(), spark)
	require.NoError(t, err)
	s.StreamGate, err = quality.NewStreamGate(quality.Suite{Rules: rules}, &quality.StreamOptions{
		Name: "q", Component: "c", Subject: "https://user:secret@host/table", BeforeSink: true,
		Reporter: quality.ReporterFunc(func(_ context.Context, r *quality.Report) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.reports = append(s.reports, r)
			return nil
		}),
	})
	require.NoError(t, err)
	return s
}

func (s *checkedStream) start(t *testing.T) sql.DataFrame {
	t.Helper()
	df, err := s.Transform(t.Context(), s.spark, s.in)
	require.NoError(t, err)
	return df
}

// last are the reports since the last call.
func (s *checkedStream) last() []*quality.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.reports
	s.reports = nil
	return out
}

var numberOfPlan = regexp.MustCompile(`"planId":"\d+"`)

func TestPlanOfAStream(t *testing.T) {
	t.Parallel()
	s := newCheckedStream(t, dropExpectFail()...)
	data, err := s.spark.Export(t.Context(), s.start(t))
	require.NoError(t, err)
	require.True(t, s.Passed())
	op := &fakeconnect.Operation{Request: &wire.ExecutePlanRequest{Plan: &wire.Plan{OpType: &wire.Plan_Root{Root: data}}}}
	text, err := op.PlanJSON()
	require.NoError(t, err)
	n := 0
	text = numberOfPlan.ReplaceAllStringFunc(text, func(string) string { n++; return `"planId":"` + strconv.Itoa(n) + `"` })
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, []byte(text), "", " "))
	indented.WriteByte('\n')
	file := filepath.Join("testdata", "stream_plan.json")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, indented.Bytes(), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), indented.String(), "run UPDATE_GOLDEN=1 go test ./quality and review the difference")
}

// progress is the progress of a batch with the metrics of the three rules.
func progress(batch int64, drop, rest string) []byte {
	return fmt.Appendf(nil, `{"id":"query","runId":"run","batchId":%d,"timestamp":"2026-01-02T03:04:05.000Z","sink":{"numOutputRows":-1},`+
		`"observedMetrics":{"q.drop":%s,"q":%s}}`, batch, drop, rest)
}

const (
	fiveRows = `{"rows":5,"m1":2,"m2":1,"m3":1,"left_out":2}`
	threeOf  = `{"rows":3,"m1":2,"m2":1,"m3":0}`
)

func TestBatchesOfAStream(t *testing.T) {
	t.Parallel()
	s := newCheckedStream(t, dropExpectFail()...)
	require.Nil(t, s.Totals())
	s.start(t)
	s.BatchDone(t.Context(), progress(7, fiveRows, threeOf))
	report := s.last()[0]
	require.Equal(t, quality.Batch{QueryID: "query", QueryRunID: "run", ID: 7}, *report.Batch)
	require.Equal(t, "https://host/table", report.Subject)
	require.True(t, report.Published)
	require.EqualValues(t, 2, report.Dropped)
	require.Equal(t, 2026, report.Started.Year())
	require.Equal(t, quality.Result{
		Rule: "there", Kind: "not_null", Check: "not_null(a, b)", Action: quality.ActionDrop, Status: quality.StatusFailed, Rows: 5, Bad: 2,
		Values: map[string]any{"nulls": map[string]any{"a": int64(1), "b": int64(1)}}, Message: "2 of 5 rows are null",
	}, report.Results[0])
	require.Equal(t, quality.StatusFailed, report.Results[1].Status)
	require.Equal(t, "2 of 3 rows have a value that is not accepted; allowed are 1", report.Results[1].Message)
	require.Equal(t, quality.StatusPassed, report.Results[2].Status)
	require.NoError(t, report.Err(), "expect and drop stop nothing")

	one := `{"values":[3,1,1,0],"schema":{"type":"struct","fields":[{"name":"rows"},{"name":"m1"},{"name":"m2"},{"name":"m3"}]}}`
	s.BatchDone(t.Context(), progress(8, strings.ReplaceAll(fiveRows, `"m1":2`, `"m1":1`), one))
	report = s.last()[0]
	require.Equal(t, quality.StatusPassed, report.Results[1].Status, "one may be bad in each batch")
	require.EqualValues(t, 1, report.Results[1].Bad, "the form in which the server answers for a query")

	require.NoError(t, s.RunEnded(t.Context(), nil))
	totals := s.last()[0]
	require.Equal(t, quality.Batch{QueryID: "query", QueryRunID: "run", ID: 8, Sum: 2}, *totals.Batch)
	require.EqualValues(t, 4, totals.Dropped)
	require.EqualValues(t, 6, totals.Results[1].Rows)
	require.EqualValues(t, 3, totals.Results[1].Bad)
	require.Equal(t, "failed in 1 of 2 batches, at last: 2 of 3 rows have a value that is not accepted; allowed are 1", totals.Results[1].Message)
	text, err := json.Marshal(totals)
	require.NoError(t, err)
	require.Contains(t, string(text), `"batch":{"query_id":"query","query_run_id":"run","batch_id":8,"sum_of":2}`)
	var back quality.Report
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, totals.Batch, back.Batch)
}

func TestWhatIsNotKnownOfABatch(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		progress []byte
		want     string
	}{
		"nothing came":        {[]byte(`{"id":"query","batchId":0}`), "the server told no metrics"},
		"null":                {progress(0, "null", "null"), "the server told no metrics"},
		"no object":           {progress(0, `7`, `"x"`), "cannot be read"},
		"no progress":         {[]byte(`]`), "its progress cannot be read"},
		"a metric is missing": {progress(0, `{"rows":5}`, `{"rows":5}`), "did not come"},
		"no count":            {progress(0, strings.Replace(fiveRows, "2", "-2", 1), strings.Replace(threeOf, "2", `"2"`, 1)), "is no count"},
		"null is no zero":     {progress(0, strings.Replace(fiveRows, "2", "null", 1), strings.Replace(threeOf, "2", "1.5", 1)), "is no count"},
		"more left than was":  {progress(0, fiveRows, strings.Replace(threeOf, `"rows":3`, `"rows":4`, 1)), "of 3 rows that were left 4 were counted"},
		"more out than in":    {progress(0, strings.Replace(fiveRows, `"rows":5`, `"rows":1`, 1), threeOf), "2 of 1 rows were left out"},
		"the sink counts differently": {
			bytes.Replace(progress(0, fiveRows, threeOf), []byte(`"numOutputRows":-1`), []byte(`"numOutputRows":6`), 1),
			"3 rows were counted and the sink has written 6",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newCheckedStream(t, dropExpectFail()...)
			s.start(t)
			s.BatchDone(t.Context(), test.progress)
			report := s.last()[0]
			for _, r := range append(report.Results, s.Totals().Results...) {
				require.Equal(t, quality.StatusError, r.Status, r.Rule)
				require.Contains(t, r.Message, test.want)
				require.Zero(t, r.Rows)
			}
			require.True(t, report.Published)
		})
	}
	s := newCheckedStream(t, dropExpectFail()...)
	s.start(t)
	s.BatchDone(t.Context(), progress(0, fiveRows, strings.Replace(threeOf, `"m1":2`, `"m1":4`, 1)))
	report := s.last()[0]
	require.Equal(t, quality.StatusError, report.Results[1].Status, "more are bad than there are")
	require.Equal(t, quality.StatusPassed, report.Results[2].Status)
	s = newCheckedStream(t, dropExpectFail()...)
	s.BatchDone(t.Context(), progress(0, fiveRows, threeOf))
	require.Contains(t, s.last()[0].Results[0].Message, "was not started with this gate")
}

func TestBatchesThatNobodyToldOf(t *testing.T) {
	t.Parallel()
	s := newCheckedStream(t, dropExpectFail()...)
	s.start(t)
	s.BatchDone(t.Context(), progress(1, fiveRows, threeOf))
	s.BatchDone(t.Context(), progress(4, fiveRows, threeOf))
	s.BatchDone(t.Context(), progress(4, fiveRows, threeOf))
	reports := s.last()
	require.Len(t, reports, 4)
	require.EqualValues(t, 2, reports[1].Batch.ID)
	require.Contains(t, reports[1].Results[1].Message, "the batches from 2 to 3")
	require.Equal(t, quality.StatusError, reports[1].Status())
	require.Contains(t, reports[3].Notes[0], "was reported before")
	totals := s.Totals()
	require.EqualValues(t, 4, totals.Batch.Sum)
	require.Contains(t, totals.Results[1].Message, "failed in 2 of 4 batches and unknown in 2")
	require.EqualValues(t, 10, totals.Results[0].Rows)
	s.BatchDone(t.Context(), bytes.Replace(progress(9, fiveRows, threeOf), []byte(`"query"`), []byte(`"another"`), 1))
	require.Len(t, s.last(), 1, "another query counts on its own")
}

func TestARefusedBatch(t *testing.T) {
	t.Parallel()
	s := newCheckedStream(t, dropExpectFail()...)
	s.start(t)
	s.BatchDone(t.Context(), progress(3, fiveRows, threeOf))
	s.last()
	raised := &component.SparkError{Class: "USER_RAISED_EXCEPTION", SQLState: "P0001", Message: `[sparkpipe.quality q] 1: a row breaks the quality rule "full"`}
	err := s.RunEnded(t.Context(), fmt.Errorf("the streaming query: %w", raised))
	var broken *quality.StreamError
	require.ErrorAs(t, err, &broken)
	require.EqualError(t, err, "quality: nothing of the batch 4 was written to https://host/table:\n  full: some rows of the batch are null (not_null(b))")
	require.ErrorIs(t, err, raised)
	require.False(t, resilience.Retryable(err))
	var failed *quality.Error
	require.ErrorAs(t, err, &failed)
	reports := s.last()
	require.Len(t, reports, 2)
	require.False(t, reports[0].Published)
	require.Equal(t, quality.StatusError, reports[0].Results[0].Status)
	require.Equal(t, quality.StatusFailed, reports[1].Results[2].Status)
	require.EqualValues(t, 2, reports[1].Batch.Sum)

	// The plan of a query, which Spark may hang on a message, is not an error.
	for _, message := range []string{
		"[sparkpipe.quality q] , cast(_sparkpipe_fail_0 as string), : a row", "[sparkpipe.quality q] x: a", "[sparkpipe.quality q] 0: a",
		"[sparkpipe.quality other] 1: a row", "[sparkpipe.quality q] 2: a row", "[sparkpipe.quality q] 1", "1: a row",
	} {
		other := &component.SparkError{Class: "USER_RAISED_EXCEPTION", Message: message}
		require.Equal(t, error(other), s.RunEnded(t.Context(), other), message)
	}
	divided := &component.SparkError{Class: "DIVIDE_BY_ZERO", Message: raised.Message}
	require.Equal(t, error(divided), s.RunEnded(t.Context(), divided))
	divided.Fetch = func(context.Context) ([]component.SparkCause, error) {
		return []component.SparkCause{{ErrorClass: "USER_RAISED_EXCEPTION", Message: raised.Message}}, nil
	}
	require.ErrorAs(t, s.RunEnded(t.Context(), divided), &broken, "it may be further down")
}

func TestRulesThatDoNotFitAStream(t *testing.T) {
	t.Parallel()
	s := newCheckedStream(t, quality.Rule{Check: quality.NotNull{Columns: []string{"c"}}, Name: "no column"})
	_, err := s.Transform(t.Context(), s.spark, s.in)
	require.ErrorContains(t, err, `nothing was started: 1 of 1 quality rule failed`)
	require.ErrorContains(t, err, "there is no c")
	require.False(t, resilience.Retryable(err))

	s = newCheckedStream(t, quality.Rule{Check: quality.NotNull{Columns: []string{"c"}}, Action: quality.ActionExpect},
		quality.Rule{Check: quality.SQL{Condition: "nonsense"}, Action: quality.ActionExpect, Name: "nonsense"},
		quality.Rule{Check: quality.NotNull{Columns: []string{"a"}}, Name: "fine"})
	s.server.OnAnalyze(func(req *wire.AnalyzePlanRequest, resp *wire.AnalyzePlanResponse) error {
		if strings.Contains(req.String(), "nonsense") {
			return fakeconnect.Failure{Class: "UNRESOLVED_COLUMN.WITH_SUGGESTION", State: "42703", Message: "no such column"}.Error()
		}
		resp.Result = fakeconnect.StringColumns("a", "b")
		return nil
	})
	s.start(t)
	s.BatchDone(t.Context(), []byte(`{"id":"query","batchId":0,"observedMetrics":{"q":{"rows":2,"m1":0}}}`))
	report := s.last()[0]
	require.Equal(t, quality.StatusError, report.Results[0].Status)
	require.Equal(t, quality.StatusError, report.Results[1].Status)
	require.Contains(t, report.Results[1].Message, "no such column")
	require.Equal(t, quality.StatusPassed, report.Results[2].Status)

	s = newCheckedStream(t, dropExpectFail()...)
	s.server.OnAnalyze(func(_ *wire.AnalyzePlanRequest, resp *wire.AnalyzePlanResponse) error {
		resp.Result = fakeconnect.StringColumns("a", "b", "_SPARKPIPE_drop_0")
		return nil
	})
	_, err = s.Transform(t.Context(), s.spark, s.in)
	require.ErrorContains(t, err, "the stream has a column _sparkpipe_drop_0")
}

func TestManyRulesOfAStream(t *testing.T) {
	t.Parallel()
	var rules []quality.Rule
	for i := range 130 {
		rules = append(rules, quality.Rule{Check: quality.SQL{Condition: fmt.Sprint("length(a) <> ", i)}, Name: fmt.Sprint("r", i)})
	}
	s := newCheckedStream(t, rules...)
	s.start(t)
	err := s.RunEnded(t.Context(), &component.SparkError{Class: "USER_RAISED_EXCEPTION", Message: "[sparkpipe.quality q] 0,2,16: a row"})
	var broken *quality.StreamError
	require.ErrorAs(t, err, &broken)
	for i, r := range broken.Report.Results {
		require.Equal(t, i == 63 || i == 128, r.Status == quality.StatusFailed, r.Rule)
	}
	require.EqualValues(t, -1, broken.Report.Batch.ID, "nobody told of a batch before")
}

func TestAStreamWithoutRules(t *testing.T) {
	t.Parallel()
	s := newCheckedStream(t)
	require.Equal(t, s.in, s.start(t))
	s.BatchDone(t.Context(), []byte("{}"))
	failure := errors.New("oh")
	require.Equal(t, failure, s.RunEnded(t.Context(), failure))
	require.Empty(t, s.last())
}

func TestDocumentsKeepTheSumOfAStream(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "quality.xml")
	junit, err := quality.NewJUnitReporter(file)
	require.NoError(t, err)
	require.NoError(t, junit.Report(t.Context(), &quality.Report{Subject: "s", Batch: &quality.Batch{ID: 1}}))
	require.NoFileExists(t, file)
	require.NoError(t, junit.Report(t.Context(), &quality.Report{Subject: "s", Batch: &quality.Batch{ID: 1, Sum: 2}}))
	require.FileExists(t, file)
}
