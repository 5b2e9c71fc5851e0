package dataflow_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

func TestRealJoinAndMetrics(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		run := func(f dataflow.DataFlow, rt component.Runtime) {
			t.Helper()
			require.NoError(t, f.Run(t.Context(), spark, rt))
		}
		view := func(name, query string) {
			run(dataflow.SQLView{SQL: query, View: name}, component.Runtime{})
		}
		view("orders", "SELECT * FROM VALUES (1, 10, 5.0), (2, 20, 7.5), (3, 99, NULL) AS t(`the id`, `select`, price)")
		view("people", "SELECT * FROM VALUES (10, 'Ann'), (20, 'Bo') AS t(`select`, `na``me`)")
		view("sizes", "SELECT * FROM VALUES (0, 6, 'small'), (6, 100, 'large') AS t(lo, hi, size)")

		run(dataflow.JoinView{
			Left: "orders", Alias: "o", View: "joined", Cache: dataflow.StorageLevelMemoryAndDisk,
			Joins: []dataflow.Join{
				{View: "people", How: "left", On: []string{"select"}, Broadcast: true},
				{View: "sizes", How: "left", Condition: "o.price >= sizes.lo AND o.price < sizes.hi -- a comment"},
			},
			Select: []string{"o.`the id` AS id", "coalesce(people.`na``me`, '?') AS who", "size", "price"},
			Where:  "o.`the id` > 0 -- all",
		}, component.Runtime{})
		require.Equal(t, []string{"1 Ann small", "2 Bo large", "3 ? "}, rows(t, spark,
			"SELECT concat_ws(' ', id, who, coalesce(size, '')) FROM joined ORDER BY id"))

		core, logs := observer.New(zap.InfoLevel)
		measure := dataflow.MetricsView{
			Input:   dataflow.Input{Query: "SELECT * FROM joined WHERE id < :most", Args: map[string]any{"most": 3}},
			Metrics: map[string]string{"revenue": "sum(price)"}, Columns: []string{"price"},
		}
		run(measure, component.Runtime{}.WithLogger(zap.New(core)))
		got := map[string]any{}
		for _, entry := range logs.FilterMessage("metric").All() {
			fields := entry.ContextMap()
			got[fields["metric"].(string)] = fields["value"]
		}
		require.Len(t, got, 6)
		require.EqualValues(t, 2, got["rows"])
		require.EqualValues(t, 0, got["price_nulls"])
		require.EqualValues(t, 2, got["price_distinct"])

		var out bytes.Buffer
		measure.Input, measure.GroupBy, measure.View, measure.Print = dataflow.Input{View: "joined"}, []string{"size"}, "measured", true
		run(measure, component.Runtime{}.WithOutput(&out))
		require.Contains(t, out.String(), "revenue|price_nulls|price_min|price_max|price_distinct|")
		require.Equal(t, []string{"- 1 1", "large 1 0", "small 1 0"}, rows(t, spark,
			"SELECT concat_ws(' ', coalesce(size, '-'), rows, price_nulls) FROM measured ORDER BY 1"))
	})
}

func TestRealCachedViews(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		for _, level := range []dataflow.StorageLevel{"", dataflow.StorageLevelDiskOnly} {
			file := filepath.Join(t.TempDir(), "drawn.txt")
			require.NoError(t, os.WriteFile(file, []byte("a\nb\nc\n"), 0o600))
			run := dataflow.SQLView{SQL: "SELECT value AS u FROM text.`" + file + "`", View: "drawn", Cache: level}
			require.NoError(t, run.Run(t.Context(), spark, component.Runtime{}))
			require.Equal(t, []string{"a", "b", "c"}, rows(t, spark, "SELECT u FROM drawn ORDER BY u"))
			require.NoError(t, os.WriteFile(file, []byte("d\ne\nf\n"), 0o600))
			kept := rows(t, spark, "SELECT min(u) FROM drawn")[0] == "a"
			require.Equal(t, level != "", kept, "the rows are kept when they are cached")
		}
		hostile := dataflow.Input{Query: "SELECT * FROM IDENTIFIER(:t) WHERE u = :u", Args: map[string]any{"t": "drawn", "u": "'; DROP VIEW drawn --"}}
		df, err := hostile.Load(t.Context(), spark)
		require.NoError(t, err)
		n, err := df.Count(t.Context())
		require.NoError(t, err)
		require.Zero(t, n)
		for _, name := range []string{"drawn; DROP VIEW drawn", "drawn WHERE 1=1"} {
			hostile.Args = map[string]any{"t": name, "u": ""}
			df, err := hostile.Load(t.Context(), spark)
			if err == nil {
				_, err = df.Count(t.Context())
			}
			require.Error(t, err, name)
		}
		require.Len(t, rows(t, spark, "SELECT u FROM drawn"), 3)
	})
}
