package quality_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/quality"
)

const everyType = `SELECT id,
	IF(id % 4 = 0, NULL, concat('name ', id % 3)) AS ` + "`odd ``name.1`" + `,
	CASE WHEN id % 10 = 0 THEN double('NaN') WHEN id = 1 THEN NULL ELSE id / 2 END AS d,
	CAST(id AS DECIMAL(10,2)) AS dec, id % 2 = 0 AS flag, CAST(id AS FLOAT) AS f, CAST(id % 3 AS TINYINT) AS tiny,
	DATE'2024-01-01' + CAST(id AS INT) AS day, TIMESTAMP'2024-01-01 00:00:00' + make_dt_interval(0, CAST(id AS INT)) AS at,
	TIMESTAMP_NTZ'2024-01-01 00:00:00' AS ntz, make_dt_interval(CAST(id AS INT)) AS dt, make_ym_interval(1) AS ym, make_interval(1) AS cal,
	CAST('x' AS BINARY) AS bin, sequence(0, id % 5) AS list, map('k', id) AS m, named_struct('a', id) AS st,
	array(map('k', id)) AS deep, parse_json('1') AS var, NULL AS nothing, CAST(NULL AS STRING) AS none, 1 AS twice, 2 AS TWICE
	FROM range(0, ROWS, 1, 3)`

// column is a profile by name.
func columnOfProfile(t *testing.T, p *quality.Profile, name string) quality.ColumnProfile {
	t.Helper()
	i := slices.IndexFunc(p.Columns, func(c quality.ColumnProfile) bool { return c.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return p.Columns[i]
}

func TestRealProfile(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		b := setupGate(t, remote)
		df, err := b.spark.SQL(t.Context(), strings.ReplaceAll(everyType, "ROWS", "100"))
		require.NoError(t, err)
		p, err := quality.ProfileOf(t.Context(), b.spark, df, &quality.ProfileOptions{Subject: "every type"})
		require.NoError(t, err)
		require.Equal(t, int64(100), p.Rows)
		require.Len(t, p.Columns, 23)

		id := columnOfProfile(t, p, "id")
		require.Equal(t, []any{int64(0), int64(99), "BIGINT"}, []any{id.Min, id.Max, id.Type})
		require.InDelta(t, 49.5, *id.Mean, 0)
		require.InDelta(t, 29.011, *id.StdDev, 0.001)
		require.InDelta(t, 100, *id.Distinct, 10)
		require.Len(t, id.Quantiles, 5)
		require.InDelta(t, 49, id.Quantiles[2].Value, 1)

		odd := columnOfProfile(t, p, "odd `name.1")
		require.Equal(t, int64(25), odd.Nulls)
		require.Equal(t, &quality.LengthProfile{Min: 6, Max: 6, Mean: 6}, odd.Length)
		require.Equal(t, "name 0", odd.Min)
		require.Equal(t, []quality.TopValue{{"name 0", 25}, {"name 1", 25}, {"name 2", 25}}, sortedTop(odd.Top))

		d := columnOfProfile(t, p, "d")
		require.Equal(t, int64(10), *d.NaNs)
		require.Equal(t, int64(1), d.Nulls)
		require.False(t, math.IsNaN(*d.Mean))
		require.Equal(t, 49.5, d.Max)
		for _, q := range d.Quantiles {
			require.False(t, math.IsNaN(q.Value.(float64)))
		}
		require.Equal(t, &quality.LengthProfile{Min: 1, Max: 5, Mean: 3}, columnOfProfile(t, p, "list").Length)
		require.Equal(t, dataflow.Date{Year: 2024, Month: time.January, Day: 1}.String(), fmt.Sprint(columnOfProfile(t, p, "day").Min))
		for _, name := range []string{"nothing", "none"} {
			c := columnOfProfile(t, p, name)
			require.Equal(t, int64(100), c.Nulls, name)
			require.Nil(t, c.Min)
		}
		for _, name := range []string{"twice", "TWICE"} {
			require.Contains(t, columnOfProfile(t, p, name).Note, "not looked at")
		}
		data, err := json.Marshal(p)
		require.NoError(t, err)
		require.True(t, json.Valid(data))
		require.Contains(t, p.Text(), "every type: 100 rows, 23 columns\n")
		require.Contains(t, p.Markdown(), "odd \\`name.1")
	})
}

func sortedTop(top []quality.TopValue) []quality.TopValue {
	slices.SortFunc(top, func(a, b quality.TopValue) int { return strings.Compare(a.Value, b.Value) })
	return top
}

func TestRealProfileOfNothing(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		b := setupGate(t, remote)
		df, err := b.spark.SQL(t.Context(), strings.ReplaceAll(everyType, "ROWS", "0"))
		require.NoError(t, err)
		p, err := quality.ProfileOf(t.Context(), b.spark, df, nil)
		require.NoError(t, err)
		require.Zero(t, p.Rows)
		require.Nil(t, columnOfProfile(t, p, "odd `name.1").Length)
		require.Empty(t, quality.Suggest(p))
		_, err = quality.ProfileOf(t.Context(), b.spark, df, &quality.ProfileOptions{Columns: []string{"dayy"}})
		require.ErrorContains(t, err, "did you mean day?")
		_, err = quality.ProfileOf(t.Context(), b.spark, df, &quality.ProfileOptions{Quantiles: []float64{2}, Accuracy: -1, ColumnsPerPass: -1})
		require.ErrorContains(t, err, "the quantile 2")
		require.ErrorContains(t, err, "accuracy of -1")
	})
}

func TestRealProfileOfManyColumns(t *testing.T) {
	t.Parallel()
	b := setupGate(t, sparktest.Remote(t))
	columns := make([]string, size(t, "SPARKPIPE_PROFILE_COLUMNS", 60))
	for i := range columns {
		columns[i] = fmt.Sprintf("id + %d AS c%d", i, i)
	}
	df, err := b.spark.SQL(t.Context(), "SELECT "+strings.Join(columns, ", ")+" FROM range(1000)")
	require.NoError(t, err)
	began := time.Now()
	p, err := quality.ProfileOf(t.Context(), b.spark, df, &quality.ProfileOptions{TopValues: -1})
	require.NoError(t, err)
	t.Log(len(columns), "columns in", time.Since(began), p.Passes, "passes")
	require.Equal(t, (len(columns)+quality.DefaultColumnsPerPass-1)/quality.DefaultColumnsPerPass, p.Passes)
	for i := range p.Columns {
		require.Equal(t, int64(i), p.Columns[i].Min)
	}
}
