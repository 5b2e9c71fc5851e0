package connect

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// fileInterval is the time between two looks at a token file.
	fileInterval = time.Second
	// fileGrace is how long a token that was read before serves while its file
	// cannot be read, because somebody is writing it.
	fileGrace = 10 * time.Second
)

// fileToken reads the token from a file. It is safe for concurrent use.
type fileToken struct {
	path string

	mu    sync.Mutex
	value string
	read  time.Time // when value was read last without fault
	tried time.Time // when a read was tried last
}

func openFileToken(path string) (*fileToken, error) {
	f := &fileToken{path: path}
	_, err := f.look(true)
	return f, err
}

// token ignores its context: reading a local file cannot be cancelled.
func (f *fileToken) token(_ context.Context, fresh bool) (string, error) { return f.look(fresh) }

// look reads the whole file when it is time to: it is small, and its size and
// time need not change with its content.
func (f *fileToken) look(fresh bool) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if !fresh && now.Sub(f.tried) < fileInterval && f.tried.Equal(f.read) {
		return f.value, nil
	}
	f.tried = now
	value, err := readToken(f.path)
	switch {
	case err == nil:
		f.value, f.read = value, now
	case fresh || now.Sub(f.read) > fileGrace:
		return "", err
	}
	return f.value, nil
}

// readToken reads a token with at most one line break behind it.
func readToken(path string) (string, error) {
	text, err := readUpTo(path, maxToken)
	if err != nil {
		return "", fmt.Errorf("read the token file: %w", err)
	}
	token := trimLine(string(text))
	if err := checkToken(token); err != nil {
		return "", fmt.Errorf("the token in the file %s %w", path, err)
	}
	return token, nil
}

// trimLine takes one line break from the end.
func trimLine(text string) string {
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
}
