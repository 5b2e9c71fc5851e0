package connect_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// goroutinesOf counts the goroutines that carry a label.
func goroutinesOf(t *testing.T, label string) (n int) {
	t.Helper()
	var profile bytes.Buffer
	require.NoError(t, pprof.Lookup("goroutine").WriteTo(&profile, 1))
	for _, group := range strings.Split(profile.String(), "\n\n") {
		if !strings.Contains(group, fmt.Sprintf("%q", label)) {
			continue
		}
		var alike int
		_, group, _ = strings.Cut("\n"+group, "\n") // the first has a title above it
		for line := range strings.Lines(group) {
			if _, err := fmt.Sscanf(line, "%d @", &alike); err == nil {
				n += alike
			}
		}
	}
	return n
}

// breakOff begins to read a query and stops after the first rows. It returns the
// id of the operation.
func breakOff(t *testing.T, conn *connect.Conn) (operation string, _ error) {
	enough := errors.New("enough")
	err := conn.Query(t.Context(), relationOf(t, "SELECT id FROM range(0, 9000, 1, 3)"), func(resp *wire.ExecutePlanResponse) error {
		operation = resp.GetOperationId()
		if resp.GetArrowBatch() != nil {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		return "", fmt.Errorf("want it broken off, got %w", err)
	}
	return operation, nil
}

// TestBrokenOffReads leaves nothing running and nothing waiting behind, neither
// here nor on the server.
func TestBrokenOffReads(t *testing.T) {
	t.Parallel()
	const reads, workers = 1000, 8
	sparktest.Each(t, func(t *testing.T, remote string) {
		// What this test starts inherits the label, which tells it from other tests.
		pprof.Do(t.Context(), pprof.Labels("test", t.Name()), func(ctx context.Context) {
			b := newBare(t, remote)
			addr, sign := remote, "/;"
			if strings.Contains(remote, "/;") {
				sign = ";"
			}
			conn, err := connect.Open(ctx, addr+sign+"user_id="+b.user().GetUserId(), nil)
			require.NoError(t, err)
			defer conn.Close(ctx)
			other, err := conn.NewSession(ctx)
			require.NoError(t, err)
			defer other.Close(ctx)
			sessions := []*connect.Conn{conn, other}
			require.NoError(t, b.query(t, sqlRelation(oneRow)).err)
			for _, session := range sessions { // all have made their connections
				require.NoError(t, session.Query(ctx, relationOf(t, oneRow), func(*wire.ExecutePlanResponse) error { return nil }))
			}
			before := goroutinesOf(t, t.Name())
			require.Positive(t, before)

			began := time.Now()
			var mu sync.Mutex
			operations := map[*connect.Conn][]string{}
			var all errgroup.Group
			all.SetLimit(workers)
			for i := range reads {
				all.Go(func() error {
					session := sessions[i%len(sessions)]
					operation, err := breakOff(t, session)
					mu.Lock()
					defer mu.Unlock()
					operations[session] = append(operations[session], operation)
					return err
				})
			}
			require.NoError(t, all.Wait())
			t.Logf("%d reads in %s", reads, time.Since(began).Round(time.Second))

			for _, session := range sessions {
				require.Len(t, operations[session], reads/len(sessions))
				ids, err := session.InterruptAll(ctx)
				require.NoError(t, err)
				require.Empty(t, ids, "nothing is left to interrupt")
				b.id = session.SessionID()
				for _, operation := range operations[session] {
					require.Eventually(t, func() bool {
						return b.reattach(t, operation).class() == "INVALID_HANDLE.OPERATION_NOT_FOUND"
					}, 10*time.Second, 20*time.Millisecond, "the server still keeps %s", operation)
				}
			}
			require.Eventually(t, func() bool { return goroutinesOf(t, t.Name()) <= before }, 10*time.Second, 20*time.Millisecond,
				"there were %d goroutines", before)
		})
	})
}
