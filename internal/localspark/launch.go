package localspark

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

const (
	stopGrace    = 10 * time.Second // between SIGTERM and SIGKILL
	pollInterval = 20 * time.Millisecond
)

// launch starts Java and waits for the first answer.
func (s *settings) launch(ctx context.Context, spec *launchSpec) (*Server, error) {
	proc, err := spec.spawn(stopGrace)
	if err != nil {
		return nil, &StartError{Version: spec.from.version, Origin: spec.from.origin, Err: err}
	}
	limit, cancel := context.WithTimeoutCause(ctx, s.StartTimeout, fmt.Errorf("%w (%s)", ErrNotReady, s.StartTimeout))
	defer cancel()
	address, version, err := spec.firstAnswer(limit, proc)
	if err != nil {
		proc.kill()
		failed := &StartError{
			Version: spec.from.version, Origin: spec.from.origin, Err: err,
			LogFile: proc.logFile(), Tail: tailOf(proc.logFile(), tailLines),
		}
		_ = removeAll(dataDir(proc.dir)) // the log stays
		_ = os.Remove(filepath.Join(proc.dir, watchdogFile))
		return nil, failed
	}
	return &Server{remote: "sc://" + address, version: version, origin: spec.from.origin, proc: proc, keepLog: s.KeepLog}, nil
}

// spawn starts Java in a new private folder.
func (l *launchSpec) spawn(grace time.Duration) (*process, error) {
	dir, err := os.MkdirTemp(cmp.Or(l.env.get("TMPDIR"), os.TempDir()), "sparkpipe-spark-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the run: %w", err)
	}
	command, err := l.prepare(dir)
	if err == nil {
		var proc *process
		if proc, err = spawn(dir, grace, l.environment(dataDir(dir)), command...); err == nil {
			return proc, nil
		}
	}
	return nil, errors.Join(err, removeAll(dir))
}

// firstAnswer waits until the log names the address, then asks for the version.
func (l *launchSpec) firstAnswer(ctx context.Context, proc *process) (address, version string, _ error) {
	address, err := awaitAddress(ctx, proc)
	if err != nil {
		return "", "", err
	}
	// The call ends when the process does, not only with the time.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-proc.ended:
			cancel(errors.New("the server ended while it was asked for its version"))
		case <-stop:
		}
	}()
	client, err := dialProbe(address)
	if err != nil {
		return "", "", fmt.Errorf("connect to %s: %w", address, err)
	}
	ctx = withToken(ctx, cmp.Or(l.conf[confToken], l.env.get("SPARK_CONNECT_AUTHENTICATE_TOKEN")))
	defer client.close(ctx)
	if version, err = client.version(ctx); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return "", "", fmt.Errorf("ask %s for its version: %w", address, err)
	}
	return address, version, nil
}

var startedLine = regexp.MustCompile(`Spark Connect server started at: (\S*?):([0-9]+)\s`)

// awaitAddress reads the log until the server says where it listens. Spark has
// bound the port by then, so that nobody else can have taken it.
func awaitAddress(ctx context.Context, proc *process) (string, error) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		text, err := os.ReadFile(proc.logFile())
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		if match := startedLine.FindSubmatch(text); match != nil {
			return net.JoinHostPort(dialHost(string(match[1])), string(match[2])), nil
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-proc.ended:
			return "", fmt.Errorf("the server ended with exit code %d before it answered", proc.code)
		case <-ticker.C:
		}
	}
}

// dialHost is the host to dial for the one that the server is bound to.
func dialHost(bound string) string {
	if _, ip, found := strings.Cut(bound, "/"); found {
		bound = ip
	}
	bound = strings.Trim(bound, "[]")
	if ip := net.ParseIP(bound); bound == "" || (ip != nil && ip.IsUnspecified()) {
		return "127.0.0.1"
	}
	return bound
}
