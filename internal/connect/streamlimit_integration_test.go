package connect_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// numbersOf runs a query of one column of numbers and returns them as they came.
func numbersOf(t *testing.T, conn *connect.Conn, query string) (numbers []int64) {
	t.Helper()
	require.NoError(t, conn.Query(t.Context(), relationOf(t, query), func(resp *wire.ExecutePlanResponse) error {
		batch := resp.GetArrowBatch()
		if batch == nil {
			return nil
		}
		reader, err := ipc.NewReader(bytes.NewReader(batch.GetData()))
		if err != nil {
			return err
		}
		defer reader.Release()
		for reader.Next() {
			numbers = append(numbers, reader.Record().Column(0).(*array.Int64).Int64Values()...)
		}
		return reader.Err()
	}))
	return numbers
}

// TestRealStreamLimit has a server that ends every stream after three seconds,
// where two minutes are usual. One execution has rows all the time, the other says
// nothing until it is over.
func TestRealStreamLimit(t *testing.T) {
	t.Parallel()
	server := ownServer(t, "local[3]", map[string]string{
		"spark.connect.execute.reattachable.senderMaxStreamDuration": "3s",
		"spark.connect.progress.reportInterval":                      "1h",
	})
	path := t.TempDir() + "/rows"
	spoken, silent := startRelay(t, server.Remote(), nil), startRelay(t, server.Remote(), nil)
	// The limit is no broken connection: it does not count as a try to connect.
	var both errgroup.Group
	both.Go(func() error { // 15 s
		conn := openAt(t, silent.addr, &connect.Options{SilenceTimeout: -1, ReconnectTimeout: 4 * time.Second})
		_, err := conn.Execute(t.Context(), sqlCommand(t, "INSERT OVERWRITE DIRECTORY '"+path+"' USING parquet "+
			"SELECT id, java_method('java.lang.Thread', 'sleep', 100L) AS s FROM range(0, 150, 1, 1)"))
		return err
	})
	conn := openAt(t, spoken.addr, &connect.Options{ReconnectTimeout: -1})
	began := time.Now()
	got := numbersOf(t, conn, "SELECT id FROM range(0, 900, 1, 90) WHERE java_method('java.lang.Thread', 'sleep', 100L) IS NULL OR id >= 0")
	took := time.Since(began)
	require.NoError(t, both.Wait())

	require.Len(t, got, 900)
	for i, id := range got {
		require.EqualValues(t, i, id, "a row is missing, came twice or in another order")
	}
	t.Logf("%s: %d and %d ReattachExecute", took.Round(time.Second), spoken.count("ReattachExecute"), silent.count("ReattachExecute"))
	require.GreaterOrEqual(t, spoken.count("ReattachExecute"), 9)
	require.Equal(t, 1, spoken.count("ExecutePlan"))
	require.GreaterOrEqual(t, silent.count("ReattachExecute"), 4)
	require.Equal(t, 1, silent.count("ExecutePlan"))
	require.Equal(t, "150", number(t, conn, "SELECT count(DISTINCT id) FROM parquet.`"+path+"`"))
}
