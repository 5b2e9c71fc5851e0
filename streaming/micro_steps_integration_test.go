package streaming_test

import (
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/storetest"
	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// sums adds each row to the table, which a second MERGE of the same rows would
// show.
func sums(dir string) streaming.StreamingPipeline {
	return streaming.StreamingPipeline{
		Source: streaming.FileSource{Path: filepath.Join(dir, "in"), Format: "json", Schema: "id BIGINT, n BIGINT", MaxFilesPerTrigger: 1},
		Sink: streaming.DeltaMergeSink{
			Path: filepath.Join(dir, "t"), StagingPath: filepath.Join(dir, "s"), Keys: []string{"id"}, DeleteWhen: "source.n = 0", Update: map[string]string{"n": "target.n + source.n"},
		},
		CheckpointLocation: filepath.Join(dir, "c"), Trigger: streaming.AvailableNow(),
	}
}

func sumsIn(t testing.TB, spark *dataflow.Session, dir string) string {
	t.Helper()
	return one[string](t, spark, "SELECT array_join(sort_array(collect_list(concat(id, ':', n))), ' ') FROM delta.`"+filepath.Join(dir, "t")+"`")
}

func testDeltaMerge(t *testing.T, c cluster) {
	w := workIn(t)
	w.put("in/a.json", `{"id":1,"n":1}`+"\n"+`{"id":2,"n":5}`)
	drain(t, c.spark, sums(w.dir))
	w.put("in/b.json", `{"id":1,"n":2}`+"\n"+`{"id":3,"n":1}`)
	drain(t, c.spark, sums(w.dir))
	require.Equal(t, "1:3 2:5 3:1", sumsIn(t, c.spark, w.dir))
	w.put("in/c.json", `{"id":3,"n":0}`)
	drain(t, c.spark, sums(w.dir))
	require.Equal(t, "1:3 2:5", sumsIn(t, c.spark, w.dir))
	p := sums(w.dir)
	p.Trigger = streaming.ProcessingTime(time.Second)
	_, err := p.Start(t.Context(), c.spark)
	require.ErrorContains(t, err, "it cannot do the trigger processing_time")

	v := workIn(t)
	v.put("in/a.json", `{"id":1,"n":1}`+"\n"+`{"id":1,"n":7}`+"\n"+`{"id":1,"n":4}`)
	p = sums(v.dir)
	p.Sink = streaming.DeltaMergeSink{Path: v.path("t"), StagingPath: v.path("s"), Keys: []string{"id"}, LatestBy: "n"}
	drain(t, c.spark, p)
	require.Equal(t, "1:7", sumsIn(t, c.spark, v.dir))

	p.Source = streaming.FileSource{Path: v.path("more"), Format: "json", Schema: "id BIGINT, n BIGINT, note STRING"}
	p.Sink = streaming.DeltaMergeSink{Path: v.path("t"), StagingPath: v.path("s2"), Keys: []string{"id"}, SchemaEvolution: true}
	p.CheckpointLocation = v.path("c2")
	v.put("more/a.json", `{"id":1,"n":8,"note":"x"}`+"\n"+`{"id":2,"n":1,"note":"y"}`)
	drain(t, c.spark, p)
	require.Equal(t, "18x 21y", one[string](t, c.spark, "SELECT array_join(sort_array(collect_list(concat(id, n, note))), ' ') FROM delta.`"+v.path("t")+"`"),
		"the column is added")
}

func testJDBC(t *testing.T, c cluster) {
	at, err := url.Parse(storetest.Postgres(t))
	require.NoError(t, err)
	jdbc := dataflow.JDBC{URL: secrets.NewValue("jdbc:postgresql://" + at.Host + at.Path), User: at.User.Username(), Password: secrets.NewValue(storetest.Password)}
	w := workIn(t)
	w.put("in/a.json", lines(0, 10))
	p := streaming.StreamingPipeline{
		Source: streaming.FileSource{Path: w.path("in"), Format: "json", Schema: columns, MaxFilesPerTrigger: 1},
		Sink:   streaming.JDBCSink{JDBC: jdbc, Table: "orders", StagingPath: w.path("s")}, CheckpointLocation: w.path("c"), Trigger: streaming.AvailableNow(),
	}
	drain(t, c.spark, p)
	w.put("in/b.json", lines(10, 10))
	drain(t, sparkAt(t, c.remote), p)
	drain(t, c.spark, p)
	df, err := dataflow.JDBCSource{JDBC: jdbc, Table: "orders"}.Load(t.Context(), c.spark)
	require.NoError(t, err)
	require.NoError(t, c.spark.CreateTempView(t.Context(), df, "orders_in_postgres"))
	require.Equal(t, idsTo(20), ids(t, c.spark, "orders_in_postgres"))
	require.Equal(t, "2 10", one[string](t, c.spark, "SELECT concat_ws(' ', count(DISTINCT _batch_id), max(_batch_row)) FROM orders_in_postgres"))
}
