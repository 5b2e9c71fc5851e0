package connect

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
)

const (
	// CommandInterval is how long the token of a command is kept when it does not
	// say itself when it expires. A JSON Web Token does, in its claim "exp": it is
	// kept until a minute before, and for an hour at most.
	CommandInterval = 5 * time.Minute
	// CommandTimeout bounds one run of a token command.
	CommandTimeout = 30 * time.Second

	commandMargin  = time.Minute      // a token is renewed so long before it expires
	commandLongest = time.Hour        // and at least so often
	commandPause   = 10 * time.Second // between two tries, and the least time a token is kept
)

// commandToken runs a program for the token, one at a time. It is safe for
// concurrent use.
type commandToken struct {
	argv    []string
	timeout time.Duration
	running chan struct{} // holds one element while the program runs

	mu    sync.Mutex
	value string
	renew time.Time // run again from then on
	until time.Time // a run that fails is forgiven until then
	runs  int       // that have ended by themselves
	err   error     // of the last of them
}

func openCommandToken(argv []string) (*commandToken, error) {
	if _, err := exec.LookPath(argv[0]); err != nil {
		return nil, fmt.Errorf("find the token command %q: %w", argv[0], cause(err))
	}
	return &commandToken{argv: slices.Clone(argv), timeout: CommandTimeout, running: make(chan struct{}, 1)}, nil
}

// cause takes the name of the program, which the caller gives, off an error.
func cause(err error) error {
	var search *exec.Error
	if errors.As(err, &search) {
		return search.Err
	}
	return err
}

// token returns what is kept, or runs the program. Who waits for a run takes the
// outcome of that run.
func (c *commandToken) token(ctx context.Context, fresh bool) (string, error) {
	c.mu.Lock()
	value, runs := c.value, c.runs
	kept := value != "" && !fresh && time.Now().Before(c.renew)
	c.mu.Unlock()
	if kept {
		return value, nil
	}
	select {
	case c.running <- struct{}{}:
		defer func() { <-c.running }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	c.mu.Lock()
	value, err, waited := c.value, c.err, c.runs != runs
	c.mu.Unlock()
	if waited && (err == nil || fresh || value == "") {
		return value, err
	}
	token, err := c.run(ctx)
	if err != nil && ctx.Err() != nil {
		return "", context.Cause(ctx) // the run says nothing about the program
	}
	return c.take(token, err, fresh)
}

// take keeps the outcome of a run.
func (c *commandToken) take(token string, err error, fresh bool) (string, error) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs++
	c.err = err
	if err != nil {
		if fresh || c.value == "" || now.After(c.until) {
			return "", err
		}
		c.renew, c.err = now.Add(commandPause), nil
		return c.value, nil
	}
	c.value, c.renew, c.until = token, now.Add(CommandInterval), now.Add(2*CommandInterval)
	if expires, ok := jwtExpiry(token); ok {
		c.renew = now.Add(min(max(expires.Add(-commandMargin).Sub(now), commandPause), commandLongest))
		c.until = later(c.renew, expires)
	}
	return token, nil
}

// run runs the program. Its errors name the program, its exit code and the last
// line that it wrote to standard error; the arguments and the output may be
// secret.
func (c *commandToken) run(ctx context.Context) (string, error) {
	late := fmt.Errorf("no answer within %s", c.timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, late)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.WaitDelay = time.Second // for what the program has started and left behind
	stdout, stderr := &head{limit: maxToken + 2}, &tail{limit: 4 << 10}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	token := trimLine(stdout.text.String())
	switch {
	case err != nil && ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.Is(err, exec.ErrWaitDelay):
		err = nil // the program itself has ended well
	}
	if err == nil {
		if err = checkToken(token); err == nil {
			return token, nil
		}
		return "", fmt.Errorf("the token that the command %q printed %w", c.argv[0], err)
	}
	if line := lastLine(stderr.text, token); line != "" {
		return "", fmt.Errorf("run the token command %q: %w: %s", c.argv[0], cause(err), line)
	}
	return "", fmt.Errorf("run the token command %q: %w", c.argv[0], cause(err))
}

// head keeps the beginning of what is written to it.
type head struct {
	text  bytes.Buffer
	limit int
}

func (h *head) Write(p []byte) (int, error) {
	h.text.Write(p[:min(len(p), h.limit-h.text.Len())])
	return len(p), nil
}

// tail keeps the end of what is written to it.
type tail struct {
	text  []byte
	limit int
}

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if over := len(t.text) - t.limit; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

var (
	_ io.Writer = (*head)(nil)
	_ io.Writer = (*tail)(nil)
)

// lastLine is the last line with a word in it, shortened, and nothing when a part
// of the output stands there.
func lastLine(text []byte, output string) string {
	const longest = 200
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	line := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.TrimSpace(lines[len(lines)-1]))
	for _, word := range strings.Fields(output) {
		if strings.Contains(line, word) {
			return ""
		}
	}
	if runes := []rune(line); len(runes) > longest {
		return string(runes[:longest]) + "..."
	}
	return line
}

// jwtExpiry reads the claim "exp" of a JSON Web Token. It verifies nothing: the
// server does.
func jwtExpiry(token string) (time.Time, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}, false
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return time.Time{}, false
	}
	var claims struct {
		Expires json.Number `json:"exp"`
	}
	if json.Unmarshal(text, &claims) != nil {
		return time.Time{}, false
	}
	seconds, err := claims.Expires.Float64()
	const year9999 = 253402300799
	if err != nil || seconds <= 0 || seconds > year9999 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}
