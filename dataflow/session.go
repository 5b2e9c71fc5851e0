package dataflow

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Session is a Spark session on a connection of its own. It is safe for
// concurrent use. [Connect] is the only way to one.
type Session struct {
	// SparkSession is the client's own session on the same connection. Its Stop
	// does nothing; use [Session.Close].
	sql.SparkSession

	conn       *connect.Conn
	inputDirs  []string
	afterClose func(ctx context.Context) error
	closed     sync.Once
	closeErr   error
}

// ConnectOptions are the settings of [Connect]. Nil and the zero value are the
// defaults.
type ConnectOptions struct {
	// UserAgent is put before the library's own in what the server logs.
	UserAgent string
	// Conf are Spark properties to set on the session. One that cannot be set
	// at run time and does not have the wanted value is an error.
	Conf map[string]string
	// Headers are gRPC metadata sent with every call.
	Headers map[string]string
	// ConnectTimeout bounds the first call; default 10 s.
	ConnectTimeout time.Duration
	// MaxMessageSize is the largest message in bytes, both ways; default
	// 128 MiB, the default limit of the server.
	MaxMessageSize int
	// InputDirs are the folders in which a relative input path is looked for
	// when the server is on this machine; default the working directory.
	InputDirs []string
	// ServerLog is the server's log file, named in the error when the server
	// goes away; may be empty.
	ServerLog string
	// AfterClose is called once when the session has been closed, and when
	// Connect fails; nil does nothing. Whoever starts a server for one session
	// stops it here.
	AfterClose func(ctx context.Context) error

	_ struct{}
}

// Connect opens a session on the server of a connection string,
// "sc://host:port/;key=value;...". It blocks for one round trip, two with Conf,
// and fails early and clearly when nobody answers.
func Connect(ctx context.Context, remote string, opts *ConnectOptions) (*Session, error) {
	if opts == nil {
		opts = &ConnectOptions{}
	}
	conn, err := connect.Open(ctx, remote, &connect.Options{
		UserAgent: opts.UserAgent, Headers: opts.Headers, MaxMessage: opts.MaxMessageSize,
		ConnectTimeout: opts.ConnectTimeout, ServerLog: opts.ServerLog,
	})
	s := &Session{conn: conn, inputDirs: opts.InputDirs, afterClose: opts.AfterClose}
	if err != nil {
		_ = s.Close(context.WithoutCancel(ctx)) // the first error is the one to tell
		return nil, err
	}
	s.SparkSession = conn.Session()
	if err := conn.SetConf(ctx, opts.Conf); err != nil {
		_ = s.Close(context.WithoutCancel(ctx)) // the first error is the one to tell
		return nil, err
	}
	return s, nil
}

// Close releases the session on the server, which ends whatever still runs in
// it, and closes the connection. It blocks for one round trip and works twice.
func (s *Session) Close(ctx context.Context) error {
	s.closed.Do(func() {
		if s.conn != nil {
			s.closeErr = s.conn.Close(ctx)
		}
		if s.afterClose != nil {
			s.closeErr = errors.Join(s.closeErr, s.afterClose(ctx))
		}
	})
	return s.closeErr
}

// ID returns the id of the session, a UUID.
func (s *Session) ID() string { return s.conn.SessionID() }

// ServerVersion returns the Spark version of the server, for example "4.0.1".
func (s *Session) ServerVersion() string { return s.conn.Version() }

// Error returns err, an error of a call of the Spark client on this session,
// with its [component.SparkError], or with the cause of ctx when that had
// ended. The client keeps only a part of either. Other errors are returned as
// they are. Components need not call it: [Component] does.
func (s *Session) Error(ctx context.Context, err error) error { return s.conn.Error(ctx, err) }

// InterruptTag ends all operations of the session that carry the tag and
// returns their ids. It blocks for one round trip.
func (s *Session) InterruptTag(ctx context.Context, tag string) ([]string, error) {
	return s.conn.InterruptTag(ctx, tag)
}

// Export returns the plan of df as a marshalled spark.connect.Relation, with no
// round trip. It returns [ErrForeignSession] for a DataFrame of another session.
func (s *Session) Export(ctx context.Context, df sql.DataFrame) ([]byte, error) {
	return s.conn.Export(ctx, df)
}

// Import makes a DataFrame of a marshalled spark.connect.Relation, with no round
// trip.
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
