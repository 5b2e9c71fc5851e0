package streaming_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/streaming"
)

func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "progress", name))
	require.NoError(t, err)
	return data
}

func TestProgressOfServers(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"4.0.1.json", "4.2.0.json"} {
		p, err := streaming.ParseProgress(sample(t, file))
		require.NoError(t, err)
		require.Empty(t, p.More, "%s", file)
		require.Empty(t, p.StateOperators[0].More)
		require.Empty(t, p.Sources[0].More)
		require.Empty(t, p.Sink.More)
	}
	p, err := streaming.ParseProgress(sample(t, "4.2.0.json"))
	require.NoError(t, err)
	require.Equal(t, "0c425cd1-db2f-464b-a525-22d544165e96", p.ID)
	require.Equal(t, "probe_6bda27247b75", p.Name)
	require.EqualValues(t, 1, p.BatchID)
	require.EqualValues(t, 2, p.NumInputRows)
	require.InDelta(t, 9.2, p.ProcessedRowsPerSecond, 0)
	require.Equal(t, 218*time.Millisecond, p.BatchDuration)
	require.Equal(t, 149*time.Millisecond, p.Durations["addBatch"])
	require.Equal(t, time.Date(2026, 11, 21, 19, 10, 18, 405e6, time.UTC), p.EventTime.Avg)
	require.Equal(t, time.Unix(0, 0).UTC(), p.EventTime.Watermark)
	state := p.StateOperators[0]
	require.Equal(t, "dedupeWithinWatermark", state.Operator)
	require.EqualValues(t, 1304, state.MemoryUsedBytes)
	require.Equal(t, 99*time.Millisecond, state.CommitTime)
	require.EqualValues(t, 2, state.CustomMetrics["loadedMapCacheHitCount"])
	require.JSONEq(t, "0", string(p.Sources[0].StartOffset))
	lag, known := p.Sources[0].Lag()
	require.True(t, known)
	require.Zero(t, lag)
	require.EqualValues(t, 2, p.Sink.NumOutputRows)
}

func TestProgressKeepsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	p, err := streaming.ParseProgress([]byte(`{"runId":"r","new":[1],"inputRowsPerSecond":"NaN","observedMetrics":{"m":{"n":1}},"sink":{"x":2},
		"sources":[{"startOffset":{"t":{"0":1}},"metrics":{"avgOffsetsBehindLatest":"1.5","maxOffsetsBehindLatest":"3","minOffsetsBehindLatest":"0"},"y":1}]}`))
	require.NoError(t, err)
	require.JSONEq(t, "[1]", string(p.More["new"]))
	require.JSONEq(t, "2", string(p.Sink.More["x"]))
	require.EqualValues(t, -1, p.Sink.NumOutputRows)
	require.JSONEq(t, `{"n":1}`, string(p.ObservedMetrics["m"]))
	require.JSONEq(t, `{"t":{"0":1}}`, string(p.Sources[0].StartOffset))
	require.Contains(t, p.Sources[0].More, "y")
	lag, known := p.Sources[0].Lag()
	require.True(t, known)
	require.Equal(t, streaming.Lag{Max: 3, Min: 0, Avg: 1.5}, lag)
	_, known = streaming.SourceProgress{EndOffset: json.RawMessage(`{"a":1}`), LatestOffset: json.RawMessage(`1`)}.Lag()
	require.False(t, known)
}

func TestProgressAddsUpItsSources(t *testing.T) {
	t.Parallel()
	sources := `"sources":[{"numInputRows":10,"inputRowsPerSecond":2.5,"processedRowsPerSecond":3},{"numInputRows":1,"inputRowsPerSecond":"NaN"}]`
	for text, want := range map[string]streaming.Progress{
		`{` + sources + `}`:                                                      {NumInputRows: 11, InputRowsPerSecond: 2.5, ProcessedRowsPerSecond: 3},
		`{"numInputRows":null,` + sources + `}`:                                  {NumInputRows: 11, InputRowsPerSecond: 2.5, ProcessedRowsPerSecond: 3},
		`{"numInputRows":7,"inputRowsPerSecond":0,` + sources + `}`:              {NumInputRows: 7, ProcessedRowsPerSecond: 3},
		`{"numInputRows":0,"processedRowsPerSecond":"Infinity",` + sources + `}`: {InputRowsPerSecond: 2.5},
	} {
		p, err := streaming.ParseProgress([]byte(text))
		require.NoError(t, err)
		require.Equal(t, want.NumInputRows, p.NumInputRows, text)
		require.InDelta(t, want.InputRowsPerSecond, p.InputRowsPerSecond, 0, text)
		require.InDelta(t, want.ProcessedRowsPerSecond, p.ProcessedRowsPerSecond, 0, text)
	}
}

func TestProgressThatIsBroken(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``: "progress", `null`: "no JSON object", `[]`: "progress", `{"batchId":"x"}`: "batchId", `{"timestamp":"noon"}`: "timestamp",
		`{"sources":[{"numInputRows":{}}]}`: "sources[0].numInputRows", `{"durationMs":{"a":1e30}}`: "durationMs.a",
		`{"durationMs":{"a":9223372036854775807}}`: "too long",
	} {
		_, err := streaming.ParseProgress([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
}

func FuzzParseProgress(f *testing.F) {
	for _, file := range []string{"4.0.1.json", "4.2.0.json"} {
		f.Add(sample(f, file))
	}
	f.Add([]byte(`{"sources":[{"metrics":{"maxOffsetsBehindLatest":"3"}}],"sink":null,"eventTime":{"max":""}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := streaming.ParseProgress(data)
		if err != nil {
			return
		}
		require.True(t, json.Valid(p.JSON))
		again, err := streaming.ParseProgress(p.JSON)
		require.NoError(t, err)
		require.Equal(t, p, again)
		for _, s := range p.Sources {
			lag, _ := s.Lag()
			_ = lag
		}
	})
}
