package connect_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/faultproxy"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// copies is a session behind two proxies: one that cuts the connection, then one
// that meddles with single calls.
type copies struct {
	conn  *connect.Conn
	relay *relay
	table string
	late  chan *planCopy // what the network has kept
	// answered are the server's answers to copies that the client never saw.
	answered chan answers
	rows     func() int64
}

func newCopies(t *testing.T, remote string, script func(c *copies, cut func(), plan *planCopy, forward func() error) error) *copies {
	t.Helper()
	b := newBare(t, remote)
	c := &copies{table: b.table(t), late: make(chan *planCopy, 1), answered: make(chan answers, 1)}
	c.rows = func() int64 { return b.query(t, sqlRelation("SELECT a FROM "+c.table)).rows() }
	var proxy atomic.Pointer[faultproxy.Proxy]
	c.relay = startRelay(t, remote, func(plan *planCopy, forward func() error) error {
		return script(c, proxy.Load().Cut, plan, forward)
	})
	proxy.Store(faultproxy.Start(t, c.relay.addr))
	addr, err := connect.ParseAddress(remote)
	require.NoError(t, err)
	param := ""
	if token := addr.Token.Reveal(); token != "" {
		param = "/;use_ssl=false;token=" + token
	}
	c.conn = openAt(t, proxy.Load().Addr()+param, &connect.Options{SilenceTimeout: time.Second, InterruptTimeout: 30 * time.Second})
	return c
}

// write appends the row of a query.
func (c *copies) write(ctx context.Context, t *testing.T, query string) error {
	t.Helper()
	return c.conn.Run(ctx, appendPlan(t, query, c.table), func(*wire.ExecutePlanResponse) error { return nil })
}

// settle waits until the session has released what it will, which is a query that
// it runs for this purpose and as many commands as are said.
func (c *copies) settle(t *testing.T, commands int) {
	t.Helper()
	require.NoError(t, c.conn.Query(within(t), relationOf(t, oneRow), func(*wire.ExecutePlanResponse) error { return nil }))
	require.Eventually(t, func() bool { return c.relay.count("ReleaseExecute") > commands }, 10*time.Second, time.Millisecond)
}

// within is a time that is enough for any answer.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// holdFirst keeps the first ExecutePlan back and breaks the connection, so that
// the client does not know whether it has arrived. The server never sees it
// before it is sent late.
func holdFirst(c *copies, cut func(), plan *planCopy, forward func() error) error {
	if plan.number > 1 {
		return forward()
	}
	c.late <- plan
	cut()
	<-plan.call.Done()
	return status.Error(codes.Unavailable, "cut")
}

// sendTwice sends the first ExecutePlan twice at once; one of the answers goes to
// the client.
func sendTwice(c *copies, _ func(), plan *planCopy, forward func() error) error {
	if plan.number == 1 {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(plan.call), 20*time.Second)
		go func() {
			defer cancel()
			c.answered <- plan.send(ctx)
		}()
	}
	return forward()
}

// keepCopy forwards everything and keeps a copy of the first.
func keepCopy(c *copies, _ func(), plan *planCopy, forward func() error) error {
	if plan.number == 1 {
		c.late <- plan
	}
	return forward()
}

// TestRealLateAndDoubledExecutions lets requests to append one row arrive late
// and twice. Whatever happens, there is one row, or none and an error.
func TestRealLateAndDoubledExecutions(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		t.Run("late, after the end", func(t *testing.T) {
			t.Parallel()
			c := newCopies(t, remote, holdFirst)
			require.NoError(t, c.write(within(t), t, oneRow))
			require.EqualValues(t, 1, c.rows())
			require.Equal(t, 1, c.relay.count("ReattachExecute"), "it is asked for before it is sent again")
			require.Equal(t, 2, c.relay.count("ExecutePlan"))
			c.settle(t, 0)
			late := (<-c.late).send(within(t))
			require.NoError(t, late.err)
			require.NotEmpty(t, late.all, "the old answer comes again")
			require.EqualValues(t, 1, c.rows())
		})
		t.Run("late, after the session's end", func(t *testing.T) {
			t.Parallel()
			c := newCopies(t, remote, holdFirst)
			require.NoError(t, c.write(within(t), t, oneRow))
			require.NoError(t, c.conn.Close(within(t)))
			require.Equal(t, "INVALID_HANDLE.SESSION_CLOSED", (<-c.late).send(within(t)).class())
			require.EqualValues(t, 1, c.rows())
		})
		t.Run("late, while the second runs", func(t *testing.T) {
			t.Parallel()
			c := newCopies(t, remote, func(c *copies, cut func(), plan *planCopy, forward func() error) error {
				if plan.number == 2 {
					ctx := context.WithoutCancel(plan.call)
					time.AfterFunc(500*time.Millisecond, func() { c.answered <- (<-c.late).send(ctx) })
				}
				return holdFirst(c, cut, plan, forward)
			})
			require.NoError(t, c.write(within(t), t, slowRow))
			requireHarmless(t, <-c.answered)
			require.EqualValues(t, 1, c.rows())
		})
		t.Run("late, after a cancel", func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(within(t))
			c := newCopies(t, remote, func(c *copies, cut func(), plan *planCopy, forward func() error) error {
				if plan.number == 2 {
					time.AfterFunc(500*time.Millisecond, cancel)
				}
				return holdFirst(c, cut, plan, forward)
			})
			err := c.write(ctx, t, slowRows)
			require.ErrorIs(t, err, context.Canceled)
			if errors.Is(err, connect.ErrOutcomeUnknown) {
				t.Log("the server was too busy to hear of the cancel, and the client says so")
				return
			}
			plan := <-c.late
			late := plan.send(within(t)).class()
			for range 20 { // the client may have taken the stream over, to see the cancel through
				if late != "INVALID_CURSOR.DISCONNECTED" {
					break
				}
				late = plan.send(within(t)).class()
			}
			require.Contains(t, []string{"OPERATION_CANCELED", "INVALID_HANDLE.OPERATION_ABANDONED"}, late)
			require.Zero(t, c.rows())
		})
		t.Run("twice at once", func(t *testing.T) {
			t.Parallel()
			sure, unsure := 0, 0
			for range 6 {
				c := newCopies(t, remote, sendTwice)
				if err := c.write(within(t), t, oneRow); err != nil {
					// Spark may give an operation up whose copy comes before it has begun. When
					// it says that it has cancelled it, nothing may have been written.
					most := int64(1)
					if !errors.Is(err, connect.ErrOutcomeUnknown) {
						var spark *component.SparkError
						require.ErrorAs(t, err, &spark)
						require.Equal(t, "OPERATION_CANCELED", spark.Class)
						most = 0
					}
					<-c.answered
					require.LessOrEqual(t, c.rows(), most)
					unsure++
					continue
				}
				requireHarmless(t, <-c.answered)
				require.EqualValues(t, 1, c.rows())
				sure++
			}
			t.Logf("%d were done, %d are unknown", sure, unsure)
		})
		t.Run("twice, soon", func(t *testing.T) {
			t.Parallel()
			c := newCopies(t, remote, func(c *copies, _ func(), plan *planCopy, forward func() error) error {
				ctx := context.WithoutCancel(plan.call)
				time.AfterFunc(500*time.Millisecond, func() { c.answered <- plan.send(ctx) })
				return forward()
			})
			require.NoError(t, c.write(within(t), t, slowRow))
			requireHarmless(t, <-c.answered)
			require.EqualValues(t, 1, c.rows())
			require.GreaterOrEqual(t, c.relay.count("ReattachExecute"), 1, "the copy has taken over for a moment")
		})
		t.Run("a copy after the end", func(t *testing.T) {
			t.Parallel()
			c := newCopies(t, remote, keepCopy)
			require.NoError(t, c.write(within(t), t, oneRow))
			require.Equal(t, 1, c.relay.count("ExecutePlan"))
			released := 1
			if c.conn.Hazards().LateExecuteAccepted { // then the server is to remember it
				released = 0
			}
			c.settle(t, released)
			requireHarmless(t, (<-c.late).send(within(t)))
			require.EqualValues(t, 1, c.rows())
		})
	})
}

// requireHarmless requires that the server has answered a copy, in one of the
// ways that say that it did not run.
func requireHarmless(t *testing.T, got answers) {
	t.Helper()
	require.Contains(t, []string{
		"", // the answer of the other
		"INVALID_CURSOR.DISCONNECTED", "INVALID_HANDLE.OPERATION_ABANDONED", "INVALID_HANDLE.OPERATION_ALREADY_EXISTS",
	}, got.class(), "%v", got.err)
	require.True(t, got.err != nil || len(got.all) > 0)
}
