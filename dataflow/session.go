package dataflow

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// Session is a Spark session. It is safe for concurrent use. [Connect] opens one
// on a connection of its own, and [Session.NewSession] another on the same
// connection.
//
// The session survives a broken connection: executions, the client's own
// included, go on where they were, and calls are made again. What cannot be
// recovered is an error that says so: [ErrSessionLost], [ErrOutcomeUnknown].
type Session struct {
	// SparkSession is the client's own session on the same connection. Its Stop
	// does nothing; use [Session.Close].
	sql.SparkSession

	conn       *connect.Conn
	inputDirs  []string
	afterClose func(ctx context.Context) error
	logger     *zap.Logger
	closed     sync.Once
	closeErr   error

	mu       sync.Mutex
	cleanups []func(ctx context.Context) error // at Close, the last first
	attached map[any]Attachment                // see Attach

	staging   staging
	redaction redaction
}

// atClose has f called when the session is closed, before its connection is.
func (s *Session) atClose(f func(ctx context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cleanups = append(s.cleanups, f)
}

// Close releases the session on the server, which ends whatever still runs in
// it, and closes the connection. It blocks for one round trip and works twice.
func (s *Session) Close(ctx context.Context) error {
	s.closed.Do(func() {
		s.mu.Lock()
		cleanups := s.cleanups
		s.mu.Unlock()
		for _, f := range slices.Backward(cleanups) {
			s.closeErr = errors.Join(s.closeErr, f(ctx))
		}
		if s.conn != nil {
			s.closeErr = errors.Join(s.closeErr, s.conn.Close(ctx))
		}
		if s.afterClose != nil {
			s.closeErr = errors.Join(s.closeErr, s.afterClose(ctx))
		}
	})
	return s.closeErr
}

// ID returns the id of the session, a UUID. Another process comes back to the
// session with ConnectOptions.SessionID, at the same [Session.Address] and as the
// same [Session.UserID] (user_id in the connection string), since every user has
// sessions of its own; with ConnectOptions.ServerSessionID it makes sure that the
// server has the session still. The session must not be closed before, unless
// with KeepSession.
func (s *Session) ID() string { return s.conn.SessionID() }

// ServerSessionID returns the server's own id of the session. A server that has
// lost the session makes a new one under the old [Session.ID], but never with the
// same id of its own.
func (s *Session) ServerSessionID() string { return s.conn.ServerSessionID() }

// UserID returns the user of the session: user_id of the connection string, or
// the environment's SPARK_USER or USER, or "na".
func (s *Session) UserID() string { return s.conn.UserID() }

// Address returns the address of the server as "sc://host:port", with no
// parameters and so with no secret.
func (s *Session) Address() string { return s.conn.Address().String() }

// ServerVersion returns the Spark version of the server, for example "4.0.1".
func (s *Session) ServerVersion() string { return s.conn.Version() }

// Error returns err, an error of a call of the Spark client on this session,
// with its [component.SparkError], or with the cause of ctx when that had
// ended. The client keeps only a part of either. Other errors are returned as
// they are. Components need not call it: [Component] does.
func (s *Session) Error(ctx context.Context, err error) error { return s.conn.Error(ctx, err) }

// InterruptTag ends all operations of the session that carry the tag, see
// [WithOperationTags], and returns their ids, none when there are no such. Whoever
// has come back to the session ([Session.ID]) ends those of another process, whose
// calls then fail with the class OPERATION_CANCELED. It blocks for one round trip
// and does not wait until they have ended.
func (s *Session) InterruptTag(ctx context.Context, tag string) ([]string, error) {
	return s.conn.InterruptTag(ctx, tag)
}

// Export returns the plan of df as a marshalled spark.connect.Relation, with no
// round trip. It returns [ErrForeignSession] for a DataFrame of another session.
func (s *Session) Export(ctx context.Context, df sql.DataFrame) ([]byte, error) {
	return s.conn.Export(ctx, df)
}

// Import makes a DataFrame of a marshalled spark.connect.Relation, with no round
// trip. A relation without a plan id gets one of its own.
func (s *Session) Import(relation []byte) (sql.DataFrame, error) { return s.conn.Import(relation) }

// CreateTempView registers df under a name for SQL in this session, replacing a
// view of that name. It blocks for one round trip, in which Spark analyses df.
func (s *Session) CreateTempView(ctx context.Context, df sql.DataFrame, name string) error {
	return s.createView(ctx, df, &wire.CreateDataFrameViewCommand{Name: name, Replace: true})
}

// CreateGlobalTempView is [Session.CreateTempView] for a view that all sessions
// of the server see as global_temp.name.
func (s *Session) CreateGlobalTempView(ctx context.Context, df sql.DataFrame, name string) error {
	return s.createView(ctx, df, &wire.CreateDataFrameViewCommand{Name: name, Replace: true, IsGlobal: true})
}

func (s *Session) createView(ctx context.Context, df sql.DataFrame, cmd *wire.CreateDataFrameViewCommand) error {
	if cmd.Name == "" {
		return errors.New("create a view: the view has no name")
	}
	if err := options.Verbatim(cmd.Name); err != nil {
		return fmt.Errorf("create a view: %w", err)
	}
	plan, err := s.Export(ctx, df)
	if err == nil {
		cmd.Input = plan
		_, err = s.conn.Execute(ctx, &wire.Command{CommandType: &wire.Command_CreateDataframeView{CreateDataframeView: cmd}})
	}
	if err != nil {
		return fmt.Errorf("create the view %s: %w", cmd.Name, err)
	}
	return nil
}

// ShowString returns the first rows of df as the table that Spark's show
// prints. Cells longer than truncate characters are cut; 0 cuts none. It blocks
// for one round trip.
func (s *Session) ShowString(ctx context.Context, df sql.DataFrame, rows, truncate int) (string, error) {
	plan, err := s.Export(ctx, df)
	if err != nil {
		return "", err
	}
	show := &wire.ShowString{Input: plan, NumRows: clamp(rows), Truncate: clamp(truncate)}
	frame, err := s.conn.Relation(&wire.Relation{RelType: &wire.Relation_ShowString{ShowString: show}})
	if err != nil {
		return "", err
	}
	out, err := frame.Collect(ctx)
	if err != nil {
		return "", s.Error(ctx, err)
	}
	if len(out) != 1 || out[0].Len() != 1 {
		return "", fmt.Errorf("show: the server sent %d rows where one was due", len(out))
	}
	text, _ := out[0].At(0).(string)
	return text, nil
}

// clamp fits a count into the protocol, where any larger one means the same.
func clamp(n int) int32 { return int32(max(0, min(n, math.MaxInt32))) }

// relation makes a DataFrame of a relation of ours.
func (s *Session) relation(rel *wire.Relation) (sql.DataFrame, error) { return s.conn.Relation(rel) }

// inputPath makes a relative path absolute when the server is on this machine:
// the server's own working directory means nothing to the user. The first of
// the input folders that has the path wins, the first of all if none has.
func (s *Session) inputPath(path string) string {
	if !s.isLocal(path) {
		return path
	}
	dirs := s.inputDirs
	if len(dirs) == 0 {
		dirs = []string{"."}
	}
	for _, dir := range dirs {
		if found, err := filepath.Glob(filepath.Join(dir, path)); err == nil && len(found) > 0 {
			return absolute(filepath.Join(dir, path))
		}
		if _, err := os.Stat(filepath.Join(dir, path)); err == nil {
			return absolute(filepath.Join(dir, path))
		}
	}
	return absolute(filepath.Join(dirs[0], path))
}

// outputPath is inputPath for a path that need not exist: relative to the
// working directory.
func (s *Session) outputPath(path string) string {
	if !s.isLocal(path) {
		return path
	}
	return absolute(path)
}

// isLocal reports whether path is a relative one without a scheme, on a server
// of this machine.
func (s *Session) isLocal(path string) bool {
	if path == "" || filepath.IsAbs(path) || !s.conn.Address().Loopback() {
		return false
	}
	scheme, _, found := strings.Cut(path, ":")
	return !found || strings.ContainsAny(scheme, `/\`)
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
