package value_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow/value"
)

func TestDateAndDays(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		date value.Date
		days int32
		text string
	}{
		"epoch":         {value.Date{Year: 1970, Month: 1, Day: 1}, 0, "1970-01-01"},
		"before":        {value.Date{Year: 1969, Month: 12, Day: 31}, -1, "1969-12-31"},
		"leap day":      {value.Date{Year: 2024, Month: 2, Day: 29}, 19782, "2024-02-29"},
		"first year":    {value.Date{Year: 1, Month: 1, Day: 1}, -719162, "0001-01-01"},
		"four digits":   {value.Date{Year: 9999, Month: 12, Day: 31}, 2932896, "9999-12-31"},
		"five digits":   {value.Date{Year: 10000, Month: 1, Day: 1}, 2932897, "+10000-01-01"},
		"year 0":        {value.Date{Year: 0, Month: 12, Day: 31}, -719163, "0000-12-31"},
		"year -1":       {value.Date{Year: -1, Month: 12, Day: 31}, -719529, "-0001-12-31"},
		"year -11720":   {value.Date{Year: -11720, Month: 6, Day: 19}, -5000000, "-11720-06-19"},
		"Spark's end":   {value.Date{Year: 5881580, Month: 7, Day: 11}, math.MaxInt32, "+5881580-07-11"},
		"Spark's start": {value.Date{Year: -5877641, Month: 6, Day: 23}, math.MinInt32, "-5877641-06-23"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			days, err := tt.date.Days()
			require.NoError(t, err)
			require.Equal(t, tt.days, days)
			require.Equal(t, tt.date, value.DateOfDays(days))
			require.Equal(t, tt.text, tt.date.String())
			parsed, err := value.ParseDate(tt.text)
			require.NoError(t, err)
			require.Equal(t, tt.date, parsed)
			require.Equal(t, tt.date, value.DateOf(tt.date.Time(nil)))
		})
	}
}

func TestDateIsReadWithASignThatSparkLeavesOut(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"+2024-02-29": "2024-02-29", "10000-01-01": "+10000-01-01", "-0000-01-01": "0000-01-01", "+0012345-01-01": "+12345-01-01",
	} {
		date, err := value.ParseDate(text)
		require.NoError(t, err, text)
		require.Equal(t, want, date.String())
	}
}

func TestDateThatIsNone(t *testing.T) {
	t.Parallel()
	for _, date := range []value.Date{{}, {Year: 2023, Month: 2, Day: 29}, {Year: 2024, Month: 13, Day: 1}, {Year: 2024, Month: 1}, {Year: 2024, Month: 1, Day: -1}} {
		_, err := date.Days()
		require.ErrorContains(t, err, "there is no date", date)
	}
	_, err := value.Date{Year: 10_000_000, Month: 1, Day: 1}.Days()
	require.ErrorContains(t, err, "out of range")
	for _, text := range []string{"", "2024-02-30", "2024-2-3", "02.03.2024", "2024-02-29T00:00:00Z", "-1-01-01", "--2024-01-01", "024-01-01", "99999999-01-01", "2024-13-01", "2024-00-10", "٢٠٢٤-01-01", "2024-01-01\n"} {
		_, err := value.ParseDate(text)
		require.ErrorContains(t, err, "not a date", text)
	}
	for _, text := range []string{"+5881580-07-12", "-5877641-06-22", "9999999-12-31"} {
		_, err := value.ParseDate(text)
		require.ErrorContains(t, err, "out of range", text)
	}
}

func FuzzParseDate(f *testing.F) {
	for _, seed := range []string{"2024-02-29", "+10000-01-01", "-0044-03-15", "-5877641-06-23", "+5881580-07-11", "2023-02-29", "", "-", "+0000-00-00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		date, err := value.ParseDate(text)
		if err != nil {
			return
		}
		days, err := date.Days()
		require.NoError(t, err, "what is read can be sent")
		require.Equal(t, date, value.DateOfDays(days))
		again, err := value.ParseDate(date.String())
		require.NoError(t, err)
		require.Equal(t, date, again)
	})
}

func TestDateInALocation(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 5*3600)
	date := value.Date{Year: 2024, Month: 2, Day: 29}
	require.True(t, date.Time(east).Equal(time.Date(2024, 2, 28, 19, 0, 0, 0, time.UTC)))
	require.Equal(t, date, value.DateOf(time.Date(2024, 2, 29, 1, 0, 0, 0, east)))
}

func TestDateAsJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(map[string]value.Date{"day": {Year: 2024, Month: 2, Day: 29}})
	require.NoError(t, err)
	require.JSONEq(t, `{"day":"2024-02-29"}`, string(text))
	var back map[string]value.Date
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, value.Date{Year: 2024, Month: 2, Day: 29}, back["day"])
	require.Error(t, json.Unmarshal([]byte(`{"day":"yesterday"}`), &back))
}

func TestIntervals(t *testing.T) {
	t.Parallel()
	for months, text := range map[value.YearMonthInterval]string{
		14: "1-2", -11: "-0-11", 0: "0-0", math.MinInt32: "-178956970-8", math.MaxInt32: "178956970-7",
	} {
		require.Equal(t, text, months.String())
	}
	for micros, text := range map[value.DayTimeInterval]string{
		93784500000: "1 02:03:04.5", 0: "0 00:00:00", -1: "-0 00:00:00.000001",
		math.MinInt64: "-106751991 04:00:54.775808", math.MaxInt64: "106751991 04:00:54.775807",
	} {
		require.Equal(t, text, micros.String())
	}
	require.Equal(t, "14 months 25 days 18367500000 microseconds", value.CalendarInterval{Months: 14, Days: 25, Microseconds: 18367500000}.String())
	require.Equal(t, "0 microseconds", value.CalendarInterval{}.String())
}

func TestIntervalsLongerThanADuration(t *testing.T) {
	t.Parallel()
	most := value.DayTimeInterval(math.MaxInt64 / 1000)
	for _, fits := range []value.DayTimeInterval{0, 1, -1, most, -most} {
		got, err := fits.Duration()
		require.NoError(t, err)
		require.Equal(t, int64(fits), got.Microseconds())
	}
	for _, long := range []value.DayTimeInterval{most + 1, -most - 1, math.MaxInt64, math.MinInt64} {
		_, err := long.Duration()
		require.ErrorContains(t, err, "292 years")
	}
}
