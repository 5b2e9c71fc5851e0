package quality_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/quality"
)

// ticking is a clock that goes on by a second with each question.
func ticking() func() time.Time {
	var mu sync.Mutex
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(time.Second)
		return at
	}
}

func TestFileHistory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "history")
	h, err := quality.NewFileHistory(dir, &quality.FileHistoryOptions{Runs: 3, Now: ticking()})
	require.NoError(t, err)
	pipeline := aReport("").Pipeline
	last, err := h.Last(t.Context(), pipeline, "s")
	require.NoError(t, err)
	require.Nil(t, last)
	for i := range 5 {
		for _, subject := range []string{"s", "t"} {
			report := aReport(fmt.Sprintf("../run %d", i))
			report.Subject, report.Dropped = subject, int64(i)
			require.NoError(t, h.Add(t.Context(), report))
		}
	}
	last, err = h.Last(t.Context(), pipeline, "s")
	require.NoError(t, err)
	require.Equal(t, int64(4), last.Dropped)
	all, err := h.Reports(t.Context(), pipeline, "t", 0)
	require.NoError(t, err)
	require.Len(t, all, 3, "three runs are kept")
	require.Equal(t, int64(2), all[2].Dropped)
	last, err = h.Last(t.Context(), "another", "s")
	require.NoError(t, err)
	require.Nil(t, last)
	require.Len(t, entries(t, dir), 1, "no name leaves the folder")

	// A line that is torn is passed over.
	files := entries(t, filepath.Join(dir, entries(t, dir)[0]))
	newest := filepath.Join(dir, entries(t, dir)[0], files[len(files)-1])
	text, err := os.ReadFile(newest)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(newest, text[:len(text)-20], 0o600))
	last, err = h.Last(t.Context(), pipeline, "s")
	require.NoError(t, err)
	require.Equal(t, int64(4), last.Dropped)
	last, err = h.Last(t.Context(), pipeline, "t")
	require.NoError(t, err)
	require.Equal(t, int64(3), last.Dropped)

	_, err = quality.NewFileHistory("", nil)
	require.Error(t, err)
	_, err = quality.NewFileHistory("s3://bucket/x", nil)
	require.Error(t, err)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, h.Add(ended, aReport("r")), context.Canceled)
}

func TestFileHistoryOfManyRunners(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all sync.WaitGroup
	for i := range 6 {
		h, err := quality.NewFileHistory(dir, &quality.FileHistoryOptions{Runs: 1})
		require.NoError(t, err)
		all.Go(func() {
			for run := range 10 {
				report := aReport(fmt.Sprintf("%d-%d", i, run))
				if err := h.Add(t.Context(), report); err != nil {
					t.Error(err)
				}
				if last, err := h.Last(t.Context(), report.Pipeline, "s"); err != nil || last == nil {
					t.Error(last, err)
				}
			}
		})
	}
	all.Wait()
}

func TestTrend(t *testing.T) {
	t.Parallel()
	var reports []*quality.Report
	for i, bad := range []int64{0, 1, 100, 50} {
		report := aReport("r")
		report.Started = report.Started.Add(time.Duration(-i) * time.Hour) // the newest first
		report.Results[1].Bad = bad
		reports = append(reports, report)
	}
	points := quality.Trend(reports, "r2")
	require.Len(t, points, 4)
	require.Equal(t, int64(50), points[0].Bad)
	require.Equal(t, int64(0), points[3].Bad)
	require.Empty(t, quality.Trend(reports, "none"))
	require.Contains(t, quality.TrendMarkdown(reports), "| r2 | 4 | ▄█▂▁ | 0 | failed |")
}
