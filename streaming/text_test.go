package streaming_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/streaming"
)

func TestParseTrigger(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, interval string
		want           streaming.Trigger
	}{
		{"", "", streaming.Trigger{}},
		{"", "10s", streaming.ProcessingTime(10 * time.Second)},
		{"processing_time", "0 seconds", streaming.ProcessingTime(0)},
		{"ProcessingTime", "1 minute 30 seconds", streaming.ProcessingTime(90 * time.Second)},
		{"once", "", streaming.Once()},
		{"available-now", "", streaming.AvailableNow()},
		{"Continuous", "interval 1 hour", streaming.Continuous(time.Hour)},
	} {
		got, err := streaming.ParseTrigger(c.kind, c.interval)
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
	for _, c := range []struct{ kind, interval, want string }{
		{"hourly", "", `unknown trigger "hourly"; write processing_time`},
		{"processing_time", "", "the interval is missing"},
		{"continuous", "0s", "checkpoint interval is zero"},
		{"once", "1s", "it has no interval"},
		{"", "-1s", "negative"},
		{"", "1500us", "whole number of milliseconds"},
		{"", "1 month", "no fixed length"},
		{"", "10", `write one such as "10s"`},
		{"", "ten seconds", `"ten" is no whole number`},
		{"", "10 parsecs", "unknown unit"},
		{"", "9223372036854775807 weeks", "too long"},
		{"", "106751 days 106751 days", "too long"},
	} {
		_, err := streaming.ParseTrigger(c.kind, c.interval)
		require.ErrorContains(t, err, c.want)
	}
}

func TestTriggerInWords(t *testing.T) {
	t.Parallel()
	require.Equal(t, "default", streaming.Trigger{}.String())
	require.Equal(t, "continuous(1s)", streaming.Continuous(time.Second).String())
	require.Equal(t, streaming.TriggerDefault, streaming.Trigger{}.Kind())
	require.Equal(t, time.Second, streaming.ProcessingTime(time.Second).Interval())
	require.True(t, streaming.AvailableNow().Ends())
	require.False(t, streaming.ProcessingTime(0).Ends())
}

func TestOutputModeAsText(t *testing.T) {
	t.Parallel()
	var mode streaming.OutputMode
	require.NoError(t, mode.UnmarshalText([]byte("Complete")))
	require.Equal(t, streaming.OutputModeComplete, mode)
	require.ErrorContains(t, mode.UnmarshalText([]byte("all")), `unknown output mode "all"; write append, complete or update`)
	require.Equal(t, streaming.OutputModeComplete, mode, "a fault changes nothing")
	text, err := streaming.OutputMode("UPDATE").MarshalText()
	require.NoError(t, err)
	require.Equal(t, "update", string(text))
	_, err = streaming.OutputMode("x").MarshalText()
	require.Error(t, err)
}

func FuzzParseInterval(f *testing.F) {
	for _, text := range []string{"10s", "1 minute 30 seconds", "interval 2 weeks", "-1s", "1 month", "9223372036854775807 days", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := streaming.ParseInterval(text)
		if err != nil {
			require.Zero(t, d)
			return
		}
		require.GreaterOrEqual(t, d, time.Duration(0))
		again, err := streaming.ParseInterval(d.String())
		require.NoError(t, err)
		require.Equal(t, d, again)
	})
}
