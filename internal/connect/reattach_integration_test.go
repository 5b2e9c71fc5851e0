package connect_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/faultproxy"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// behindProxy opens a session on a real server with a proxy in between.
func behindProxy(t *testing.T, remote string, opts *connect.Options) (*connect.Conn, *faultproxy.Proxy) {
	t.Helper()
	addr, err := connect.ParseAddress(remote)
	require.NoError(t, err)
	proxy := faultproxy.Start(t, addr.Endpoint())
	return openAt(t, proxy.Addr(), opts), proxy
}

// rowsOf runs a query and returns how many rows and bytes of Arrow data came.
func rowsOf(t *testing.T, conn *connect.Conn, query string) (rows, bytes int64) {
	t.Helper()
	err := conn.Query(t.Context(), relationOf(t, query), func(resp *wire.ExecutePlanResponse) error {
		if batch := resp.GetArrowBatch(); batch != nil {
			if batch.StartOffset != nil {
				require.Equal(t, rows, batch.GetStartOffset(), "a batch is missing or came twice")
			}
			rows += batch.GetRowCount()
			bytes += int64(len(batch.GetData()))
		}
		return nil
	})
	require.NoError(t, err)
	return rows, bytes
}

// number runs a query for one number, in text.
func number(t *testing.T, conn *connect.Conn, query string) string {
	t.Helper()
	var rel wire.Relation
	require.NoError(t, proto.Unmarshal(relationOf(t, query), &rel))
	df, err := conn.Relation(&rel)
	require.NoError(t, err)
	rows, err := df.Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, 1)
	return fmt.Sprint(rows[0].At(0))
}

// sleeping is a query that takes so many seconds and then answers with their
// number.
func sleeping(seconds int) string {
	return fmt.Sprintf("SELECT count(x) FROM "+
		"(SELECT java_method('java.lang.Thread', 'sleep', 1000L) AS x FROM range(0, %d, 1, 1))", seconds)
}

// cutting cuts the proxy's connections at random moments until stop is called,
// which returns how often.
func cutting(proxy *faultproxy.Proxy, atMost time.Duration) (stop func() int) {
	done, cuts := make(chan struct{}), 0
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(rand.N(atMost)): //nolint:gosec // a test
				proxy.Cut()
				cuts++
			}
		}
	})
	return func() int {
		close(done)
		wg.Wait()
		return cuts
	}
}

// TestCutsOnSpark breaks the connection at least a hundred times, while large
// results come and while rows are written.
func TestCutsOnSpark(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		conn, proxy := behindProxy(t, remote, nil)
		table := "cuts_" + strings.ReplaceAll(conn.SessionID(), "-", "")
		_, err := conn.Execute(t.Context(), sqlCommand(t, "CREATE TABLE "+table+" (id BIGINT) USING parquet"))
		require.NoError(t, err)
		t.Cleanup(func() {
			_, err := conn.Execute(context.WithoutCancel(t.Context()), sqlCommand(t, "DROP TABLE "+table))
			require.NoError(t, err)
		})
		_, whole := rowsOf(t, conn, "SELECT id, cast(id AS STRING) s FROM range(300000)")

		stop, writes, total := cutting(proxy, 200*time.Millisecond), 0, 0
		for started := time.Now(); proxy.Accepted() < 110; {
			require.Less(t, time.Since(started), 5*time.Minute)
			rows, bytes := rowsOf(t, conn, "SELECT id, cast(id AS STRING) s FROM range(300000)")
			require.EqualValues(t, 300000, rows)
			require.Equal(t, whole, bytes)
			_, err := conn.Execute(t.Context(), sqlCommand(t, fmt.Sprintf("INSERT INTO %s SELECT id + %d FROM range(100)", table, 100*writes)))
			require.NoError(t, err)
			writes++
		}
		total = stop()
		t.Logf("%d cuts, %d connections, %d writes", total, proxy.Accepted(), writes)
		require.GreaterOrEqual(t, total, 100)
		n := 100 * writes
		require.Equal(t, fmt.Sprint(n), number(t, conn, "SELECT count(*) FROM "+table), "a write ran twice or not at all")
		require.Equal(t, fmt.Sprint(n*(n-1)/2), number(t, conn, "SELECT sum(id) FROM "+table))
	})
}

// TestSilenceOnSpark lets the connection fall silent in the middle of a job.
func TestSilenceOnSpark(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		conn, proxy := behindProxy(t, remote, &connect.Options{SilenceTimeout: time.Second, ConnectTimeout: 2 * time.Second})
		timer := time.AfterFunc(500*time.Millisecond, proxy.Silence)
		defer timer.Stop()
		require.Equal(t, "3", number(t, conn, sleeping(3)))
		require.GreaterOrEqual(t, proxy.Accepted(), 2)
	})
}

func TestLatencyOnSpark(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		conn, proxy := behindProxy(t, remote, nil)
		proxy.Delay(20 * time.Millisecond)
		rows, _ := rowsOf(t, conn, "SELECT id FROM range(100000)")
		require.EqualValues(t, 100000, rows)
	})
}
