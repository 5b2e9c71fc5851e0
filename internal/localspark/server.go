package localspark

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Server is a Spark Connect server. All methods are safe for concurrent use.
type Server struct {
	remote  string
	version string
	origin  Origin
	proc    *process      // nil when somebody else runs the server
	keepLog bool          // of a server that has ended by itself
	never   chan struct{} // Done of a server that somebody else runs
}

// Start returns a server that has answered a call. It blocks until then, or
// until ctx ends; what it has started by then is ended again. After Start has
// returned, the end of ctx has no effect on the server: the caller stops it.
//
// The first start with a Spark version and a set of connectors fetches the jars
// and prepares them, which takes a minute or more.
func Start(ctx context.Context, opts *Options) (*Server, error) {
	s, err := opts.settings()
	if err != nil {
		return nil, err
	}
	if remote := s.env.get("SPARK_REMOTE"); remote != "" {
		return attach(remote)
	}
	if !supported {
		return nil, ErrUnsupported
	}
	java, err := findJava(ctx, s.env)
	if err != nil {
		return nil, fmt.Errorf("local Spark: %w", err)
	}
	from := s.findInstallation(ctx)
	if from == nil {
		if from, err = s.fetched(ctx); err != nil {
			return nil, fmt.Errorf("local Spark: %w", errors.Join(append([]error{err}, s.passedOver...)...))
		}
	}
	spec := &launchSpec{java: java, from: from, env: s.env, conf: s.Conf, master: s.Master, sets: s.connectors}
	spec.archive = s.archiveFlags(ctx, spec)
	return s.launch(ctx, spec)
}

// attach returns the server that SPARK_REMOTE names. It is not called: whoever
// connects finds out.
func attach(remote string) (*Server, error) {
	if !strings.HasPrefix(remote, "sc://") || len(remote) == len("sc://") {
		return nil, errors.New("local Spark: SPARK_REMOTE does not hold an address such as sc://host:15002; " +
			"correct it, or unset it to have a server started here")
	}
	return &Server{remote: remote, origin: OriginRemote, never: make(chan struct{})}, nil
}

// Remote returns the address to connect to, such as "sc://127.0.0.1:40123", or
// the value of SPARK_REMOTE, which can hold a token.
func (s *Server) Remote() string { return s.remote }

// Origin says where the server is from.
func (s *Server) Origin() Origin { return s.origin }

// Owned reports whether the server was started here. One that is not cannot
// take a master or static settings any more, and Stop leaves it alone.
func (s *Server) Owned() bool { return s.proc != nil }

// Version returns the version that the server gave, "" if it is not owned.
func (s *Server) Version() string { return s.version }

// PID returns the process number of Java, 0 if the server is not owned.
func (s *Server) PID() int {
	if s.proc == nil {
		return 0
	}
	return s.proc.pid
}

// LogFile returns the path of the server's log, "" if the server is not owned.
// It is there until Stop; see also [Options.KeepLog].
func (s *Server) LogFile() string {
	if s.proc == nil {
		return ""
	}
	return s.proc.logFile()
}

// Done returns a channel that is closed when the server process has ended, by
// itself or by Stop. It is never closed for a server that is not owned.
func (s *Server) Done() <-chan struct{} {
	if s.proc == nil {
		return s.never
	}
	return s.proc.ended
}

// Stop ends the server and removes its folder: SIGTERM first, SIGKILL after ten
// seconds or as soon as ctx ends, and then it returns an error that says so. It
// returns when no process is left. It may be called any number of times, and
// does nothing for a server that is not owned.
func (s *Server) Stop(ctx context.Context) error {
	if s.proc == nil {
		return nil
	}
	stop := s.proc.stop
	if s.keepLog && s.hasCrashed(ctx) {
		stop = func(context.Context) error { return s.proc.abandon() }
	}
	if err := stop(ctx); err != nil {
		return fmt.Errorf("stop the Spark server (process %d): %w", s.proc.pid, err)
	}
	return nil
}

// hasCrashed reports whether the server has ended by itself. A server that dies
// closes its connections first, so whoever saw that may come before the word of
// its end.
func (s *Server) hasCrashed(ctx context.Context) bool {
	if conn, err := net.DialTimeout("tcp", strings.TrimPrefix(s.remote, "sc://"), dyingTime); err == nil {
		_ = conn.Close()
		select {
		case <-s.proc.ended:
			return true
		default:
			return false
		}
	}
	ctx, cancel := context.WithTimeout(ctx, dyingTime)
	defer cancel()
	select {
	case <-s.proc.ended:
		return true
	case <-ctx.Done():
		return false
	}
}

// dyingTime is from the end of the connections of a server to that of its
// process.
const dyingTime = 2 * time.Second
