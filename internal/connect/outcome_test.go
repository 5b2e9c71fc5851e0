package connect_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/internal/faultproxy"
)

// crashed sends a command on a connection of its own that is then lost, as that
// of a process that is killed. The server goes on; end ends the command there.
// It returns the command's id, and the options with which to come back.
func crashed(t *testing.T, server *fakeconnect.Server, end func(op *fakeconnect.Operation) error) (string, *connect.Options) {
	t.Helper()
	running, lost := make(chan struct{}), make(chan struct{})
	server.OnExecute(func(op *fakeconnect.Operation) error {
		close(running)
		<-lost
		return end(op)
	})
	proxy := faultproxy.Start(t, address(server))
	conn, err := connect.Open(t.Context(), "sc://"+proxy.Addr(), &connect.Options{KeepSession: true, ReconnectTimeout: -1})
	require.NoError(t, err)
	ctx, all := recording(t.Context())
	failed := make(chan error, 1)
	go func() { failed <- conn.Run(ctx, commandOf(t, 2), ignore) }()
	<-running
	proxy.Stop()
	close(lost)
	require.Error(t, <-failed)
	require.NoError(t, conn.Close(t.Context()))
	return (*all)[0].ID, &connect.Options{SessionID: conn.SessionID(), ServerSessionID: conn.ServerSessionID(), KeepSession: true}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	failure := fakeconnect.Failure{Class: "DIVIDE_BY_ZERO", State: "22012", Message: "Division by zero."}
	tests := map[string]struct {
		end    func(op *fakeconnect.Operation) error
		before func(server *fakeconnect.Server, resume *connect.Options)
		want   connect.OutcomeState
		class  string
	}{
		"succeeded": {end: sendRows(3), want: connect.OutcomeSucceeded},
		"failed": {
			end:  func(*fakeconnect.Operation) error { return failure.Error() },
			want: connect.OutcomeFailed, class: "DIVIDE_BY_ZERO",
		},
		"given up by the server": {
			end:    sendRows(0),
			before: func(server *fakeconnect.Server, _ *connect.Options) { server.Abandon() },
			want:   connect.OutcomeUnknown, class: "INVALID_HANDLE.OPERATION_ABANDONED",
		},
		"released, where a note is kept": {
			end: sendRows(0),
			before: func(server *fakeconnect.Server, _ *connect.Options) {
				server.SetVersion("4.2.0")
				server.Forget()
			},
			want: connect.OutcomeUnknown, class: "INVALID_HANDLE.OPERATION_ABANDONED",
		},
		"not known, in a session that may be new": {
			end: sendRows(0),
			before: func(server *fakeconnect.Server, resume *connect.Options) {
				server.Forget()
				resume.ServerSessionID = ""
			},
			want: connect.OutcomeUnknown, class: "INVALID_HANDLE.OPERATION_NOT_FOUND",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := fakeconnect.Start(t)
			ended := make(chan struct{})
			id, resume := crashed(t, server, func(op *fakeconnect.Operation) error {
				defer close(ended)
				return tt.end(op)
			})
			<-ended
			if tt.before != nil {
				tt.before(server, resume)
			}
			conn := open(t, server, resume)
			for range 2 { // whoever asks again hears the same
				got, err := conn.Outcome(t.Context(), id)
				require.NoError(t, err)
				require.Equal(t, tt.want, got.State, "%v", got.Err)
				require.Equal(t, tt.want == connect.OutcomeUnknown, errors.Is(got.Err, connect.ErrOutcomeUnknown))
				var spark *component.SparkError
				require.Equal(t, tt.class != "", errors.As(got.Err, &spark))
				if spark != nil {
					require.Equal(t, tt.class, spark.Class)
					require.Equal(t, id, spark.OperationID)
				}
			}
			require.Empty(t, server.Requests("ReleaseExecute"))
		})
	}
}

func TestOutcomeWaitsForTheEnd(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	proceed := make(chan struct{})
	id, resume := crashed(t, server, func(op *fakeconnect.Operation) error {
		<-proceed
		return sendRows(5)(op)
	})
	proxy := faultproxy.Start(t, address(server))
	conn := openAt(t, proxy.Addr(), resume)
	got := make(chan connect.Outcome, 1)
	go func() {
		outcome, err := conn.Outcome(t.Context(), id)
		if err != nil {
			outcome.Err = err
		}
		got <- outcome
	}()
	asked := func(times int) func() bool {
		return func() bool { return len(server.Requests("ReattachExecute")) >= times }
	}
	require.Eventually(t, asked(1), 5*time.Second, time.Millisecond)
	proxy.Cut()
	require.Eventually(t, asked(2), 5*time.Second, time.Millisecond, "it survives a broken connection")
	require.Empty(t, got)
	close(proceed)
	require.Equal(t, connect.Outcome{State: connect.OutcomeSucceeded}, <-got)
}

func TestOutcomeThatIsCancelledInterruptsTheOperation(t *testing.T) {
	t.Parallel()
	errReason := errors.New("stopped by hand")
	server := fakeconnect.Start(t)
	id, resume := crashed(t, server, func(op *fakeconnect.Operation) error { return op.Wait() })
	conn := open(t, server, resume)
	ctx, cancel := context.WithCancelCause(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := conn.Outcome(ctx, id)
		failed <- err
	}()
	require.Eventually(t, func() bool { return len(server.Requests("ReattachExecute")) > 0 }, 5*time.Second, time.Millisecond)
	cancel(errReason)
	err := <-failed
	require.ErrorIs(t, err, errReason)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, id)
	require.Zero(t, server.Running())
	got, err := conn.Outcome(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, connect.OutcomeFailed, got.State)
	require.ErrorContains(t, got.Err, "OPERATION_CANCELED")
}

// TestOutcomeOfWhatNeverBegan also lets the operation arrive late: it is refused.
func TestOutcomeOfWhatNeverBegan(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.0.1", "4.2.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			server := fakeconnect.Start(t)
			server.SetVersion(version)
			server.OnExecute(func(*fakeconnect.Operation) error {
				t.Error("something runs")
				return nil
			})
			first := open(t, server, &connect.Options{KeepSession: true})
			recorded, proceed := make(chan string, 1), make(chan struct{})
			failed := make(chan error, 1)
			go func() {
				failed <- first.Run(connect.WithRecorder(t.Context(), func(_ context.Context, op connect.Operation) error {
					recorded <- op.ID
					<-proceed
					return nil
				}), commandOf(t, 2), ignore)
			}()
			id := <-recorded
			second := open(t, server, &connect.Options{SessionID: first.SessionID(), ServerSessionID: first.ServerSessionID(), KeepSession: true})
			for range 2 {
				got, err := second.Outcome(t.Context(), id)
				require.NoError(t, err)
				require.Equal(t, connect.Outcome{State: connect.OutcomeNever}, got)
			}
			close(proceed)
			require.ErrorContains(t, <-failed, "another process found that the operation had not begun")
		})
	}
}

func TestOutcomeOfAnUnknownOperation(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	old, err := uuid.Parse("01890a5d-ac96-774b-bcce-b302099a8057") // of 2023
	require.NoError(t, err)
	for name, id := range map[string]string{"of no time": uuid.NewString(), "long ago": old.String()} {
		got, err := conn.Outcome(t.Context(), id)
		require.NoError(t, err, name)
		require.Equal(t, connect.OutcomeUnknown, got.State, name)
		require.ErrorIs(t, got.Err, connect.ErrOutcomeUnknown, name)
	}
	require.Empty(t, server.Requests("ExecutePlan"), "nothing is sent")
	_, err = conn.Outcome(t.Context(), "latest")
	require.EqualError(t, err, `ask for the outcome of a Spark operation: the id "latest" is no UUID`)
}

func TestOutcomeWithoutAServer(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, &connect.Options{ReconnectTimeout: -1})
	server.Stop()
	_, err := conn.Outcome(t.Context(), uuid.NewString())
	require.ErrorContains(t, err, "Unavailable")

	other := open(t, fakeconnect.Start(t), nil)
	require.NoError(t, other.Close(t.Context()))
	_, err = other.Outcome(t.Context(), uuid.NewString())
	require.ErrorIs(t, err, connect.ErrClosed)
}

func TestSessionsAreResumedByTheServersID(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	first := open(t, server, &connect.Options{KeepSession: true})
	require.NotEmpty(t, first.ServerSessionID())
	resume := connect.Options{SessionID: first.SessionID(), ServerSessionID: first.ServerSessionID(), KeepSession: true}
	again := open(t, server, &resume)
	require.Equal(t, first.ServerSessionID(), again.ServerSessionID())
	require.Equal(t, first.UserID(), again.UserID())
	asked, ok := server.Requests("AnalyzePlan")[1].Message.(*wire.AnalyzePlanRequest)
	require.True(t, ok)
	require.Equal(t, first.ServerSessionID(), asked.GetClientObservedServerSideSessionId(), "from the first call on")

	_, err := connect.Open(t.Context(), fakeconnect.Start(t).Remote(), &resume) // as after a restart
	require.ErrorIs(t, err, connect.ErrSessionLost)
	resume.SessionID = ""
	_, err = connect.Open(t.Context(), server.Remote(), &resume)
	require.ErrorContains(t, err, "SessionID must be set too")
}
