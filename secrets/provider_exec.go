package secrets

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// DefaultExecTimeout is the one of an [Exec] that sets none.
const DefaultExecTimeout = 10 * time.Second

// What an [Exec] understands of the status that its program ends with, besides 0.
// They are those of sysexits.h.
const (
	ExitNotFound    = 66
	ExitUnavailable = 69
	ExitTemporary   = 75
	ExitDenied      = 77
)

// Exec is the [Provider] of a program that prints a secret. It is safe for
// concurrent use.
//
// In the arguments {path}, {key}, {version} and {ref} stand for parts of the
// reference. The program has them also in the environment variables
// SPARKPIPE_SECRET_PATH, _KEY, _VERSION and _REF, and as one line of JSON on its
// standard input: {"provider":…,"path":…,"key":…,"version":…}. No shell is
// involved.
//
// What it prints is the secret, at most 1 MiB, without one line end at the end.
// With a key that is a JSON object, see [Member]; where an argument holds {key} or
// {ref} the program has chosen already. What it prints on its standard error is not
// read, for it may hold secrets.
type Exec struct {
	// Command is the program, by path or by name on PATH.
	Command string
	// Args are its arguments.
	Args []string
	// Timeout bounds one call; the program is then killed. 0 is
	// [DefaultExecTimeout].
	Timeout time.Duration
}

// Fetch implements [Provider].
func (e Exec) Fetch(ctx context.Context, ref Ref) (Secret, error) {
	value, err := e.fetch(ctx, ref)
	return Secret{Value: value}, asError(ref, err)
}

func (e Exec) fetch(ctx context.Context, ref Ref) (Value, error) {
	if ref.Stage != "" {
		return Value{}, fmt.Errorf("%w: the provider %s has no stages", ErrInvalid, KindExec)
	}
	args, chosen, err := e.args(ref)
	if err != nil {
		return Value{}, err
	}
	timeout := e.Timeout
	if timeout <= 0 {
		timeout = DefaultExecTimeout
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	out := &bounded1MiB{}
	cmd := exec.CommandContext(bounded, e.Command, args...)
	cmd.Stdout, cmd.Stderr = out, io.Discard
	cmd.WaitDelay = time.Second // for children that outlive it
	killAll(cmd)
	cmd.Env = append(os.Environ(), "SPARKPIPE_SECRET_PATH="+ref.Path, "SPARKPIPE_SECRET_KEY="+ref.Key,
		"SPARKPIPE_SECRET_VERSION="+ref.Version, "SPARKPIPE_SECRET_REF="+ref.String())
	cmd.Stdin = execInput(ref)
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return Value{}, context.Cause(ctx)
	case bounded.Err() != nil:
		return Value{}, fmt.Errorf("%w: the program did not end within %s", ErrUnavailable, timeout)
	case out.full:
		return Value{}, fmt.Errorf("%w: the program printed more than %d bytes", ErrInvalid, maxSize)
	case err != nil:
		return Value{}, exitError(err)
	}
	value := NewValue(trimLineEnd(out.text.String()))
	if chosen {
		return value, nil
	}
	return Member(value, ref.Key)
}

// args fills in the reference, and reports whether the key is told.
func (e Exec) args(ref Ref) (args []string, keyTold bool, err error) {
	fill := strings.NewReplacer("{path}", ref.Path, "{key}", ref.Key, "{version}", ref.Version, "{ref}", ref.String())
	for _, arg := range e.Args {
		filled := fill.Replace(arg)
		if strings.HasPrefix(filled, "-") && !strings.HasPrefix(arg, "-") {
			return nil, false, fmt.Errorf("%w: an argument made of the reference begins with -", ErrInvalid)
		}
		args = append(args, filled)
		keyTold = keyTold || strings.Contains(arg, "{key}") || strings.Contains(arg, "{ref}")
	}
	for _, part := range slices.Concat(args, []string{ref.Path, ref.Key, ref.Version}) {
		if strings.ContainsRune(part, 0) {
			return nil, false, fmt.Errorf("%w: the reference has a zero byte", ErrInvalid)
		}
	}
	return args, keyTold, nil
}

func execInput(ref Ref) io.Reader {
	line, _ := json.Marshal(struct { // texts always have a JSON form
		Provider string `json:"provider"`
		Path     string `json:"path"`
		Key      string `json:"key"`
		Version  string `json:"version"`
	}{ref.Provider, ref.Path, ref.Key, ref.Version})
	return bytes.NewReader(append(line, '\n'))
}

// exitError says what the status of the program means.
func exitError(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("run the program: %w", err)
	}
	switch exit.ExitCode() {
	case ExitNotFound:
		return fmt.Errorf("%w: the program says so (%s)", ErrNotFound, exit.ProcessState)
	case ExitDenied:
		return fmt.Errorf("%w: the program says so (%s)", ErrDenied, exit.ProcessState)
	case ExitUnavailable, ExitTemporary:
		return fmt.Errorf("%w: the program says so (%s)", ErrUnavailable, exit.ProcessState)
	}
	return fmt.Errorf("the program ended with %s; what it prints is not shown", exit.ProcessState)
}

// bounded1MiB keeps what a program prints, and fails when it is too much.
type bounded1MiB struct {
	text bytes.Buffer
	full bool
}

func (b *bounded1MiB) Write(p []byte) (int, error) {
	if b.text.Len()+len(p) > maxSize {
		b.full = true
		return 0, io.ErrShortWrite
	}
	return b.text.Write(p)
}
