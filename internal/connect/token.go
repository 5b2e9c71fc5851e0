package connect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// TokenSource returns the token for a call. It is called for every call, also
// from several goroutines at once, and should keep what it has fetched.
type TokenSource func(ctx context.Context) (string, error)

// Token says where the bearer token of every call comes from. Exactly one field
// is set.
type Token struct {
	// Value is the token itself.
	Value secrets.Value
	// File holds the token, which may be followed by one line break. It is read
	// again when a second has passed since the last look, so that a token that
	// somebody replaces is taken up while the program runs.
	File string
	// Command is a program with its arguments that prints the token. No shell is
	// involved. The token is kept as [CommandInterval] says.
	Command []string
	// Source is called for every call.
	Source TokenSource

	_ struct{}
}

// kinds names the fields that are set, as users write them.
func (t *Token) kinds() []string {
	var out []string
	if t == nil {
		return nil
	}
	if !t.Value.IsZero() {
		out = append(out, "token in the settings")
	}
	if t.File != "" {
		out = append(out, "token_file")
	}
	if t.Command != nil {
		out = append(out, "token_command")
	}
	if t.Source != nil {
		out = append(out, "token source")
	}
	return out
}

// check reports what is wrong without reading or running anything.
func (t *Token) check() error {
	switch {
	case t == nil:
		return nil
	case len(t.kinds()) == 0:
		return errors.New("the token in the settings is empty")
	case !t.Value.IsZero():
		if err := checkToken(t.Value.Reveal()); err != nil {
			return fmt.Errorf("the token %w", err)
		}
	case t.Command != nil && (len(t.Command) == 0 || t.Command[0] == ""):
		return errors.New("token_command wants a program and its arguments, and names no program")
	}
	return nil
}

// open makes the source. A file must be readable and a program must be there;
// the program is not run yet.
func (t *Token) open() (tokenSource, error) {
	switch {
	case t.File != "":
		return openFileToken(t.File)
	case t.Command != nil:
		return openCommandToken(t.Command)
	case t.Source != nil:
		return funcToken{t.Source}, nil
	}
	return staticToken{t.Value}, nil
}

// checkToken refuses what no header can carry and what is no token by the look of
// it. Its errors go on after the name of the place and never quote the token.
func checkToken(token string) error {
	switch {
	case token == "":
		return errors.New("is empty")
	case strings.ContainsAny(token, "\r\n"):
		return errors.New("has more than one line")
	case strings.ContainsFunc(token, func(r rune) bool { return r < 0x20 || r > 0x7e }):
		return errors.New("holds a character that no header can carry")
	case strings.TrimSpace(token) != token:
		return errors.New("begins or ends with a space")
	case len(token) > maxToken:
		return fmt.Errorf("is longer than %d bytes", maxToken)
	case len(token) > len(bearerWord) && strings.EqualFold(token[:len(bearerWord)], bearerWord):
		return errors.New(`begins with the word "Bearer", which is added on the way; leave it out`)
	}
	return nil
}

const (
	// maxToken is beyond what any server takes as one header.
	maxToken   = 64 << 10
	bearerWord = "Bearer "
)

// tokenSource is where the token comes from. With fresh, nothing that was kept is
// returned.
type tokenSource interface {
	token(ctx context.Context, fresh bool) (string, error)
}

// staticToken never changes.
type staticToken struct{ value secrets.Value }

func (s staticToken) token(context.Context, bool) (string, error) { return s.value.Reveal(), nil }

// funcToken is a function of the user's.
type funcToken struct{ source TokenSource }

func (f funcToken) token(ctx context.Context, _ bool) (string, error) {
	token, err := f.source(ctx)
	if err != nil {
		return "", fmt.Errorf("ask for the token: %w", err)
	}
	if err := checkToken(token); err != nil {
		return "", fmt.Errorf("the token of the token source %w", err)
	}
	return token, nil
}

// bearer sends the token with every call. gRPC asks it only when the connection
// stands, so that a server which is not the right one never gets a token.
type bearer struct {
	source tokenSource
	tls    bool

	mu      sync.Mutex
	last    secrets.Value
	changed time.Time // when last became another token
	failed  error     // of the last refresh
}

// GetRequestMetadata implements [credentials.PerRPCCredentials].
func (b *bearer) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	token, err := b.next(ctx, false)
	if ctx.Err() != nil {
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	if err != nil {
		return nil, status.Error(codes.Unauthenticated, err.Error())
	}
	return map[string]string{authorization: bearerWord + token}, nil
}

// RequireTransportSecurity implements [credentials.PerRPCCredentials]. Plain text
// has been judged by [CheckSecurity].
func (b *bearer) RequireTransportSecurity() bool { return b.tls }

func (b *bearer) next(ctx context.Context, fresh bool) (string, error) {
	token, err := b.source.token(ctx, fresh)
	if err != nil {
		return "", err
	}
	value := secrets.NewValue(token)
	b.mu.Lock()
	defer b.mu.Unlock()
	if value != b.last && !b.last.IsZero() {
		b.changed = time.Now()
	}
	b.last = value
	return token, nil
}

// changedLately reports whether a call that was refused may have gone out with
// the token before the present one.
func (b *bearer) changedLately() bool {
	const lately = 10 * time.Second
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.changed.IsZero() && time.Since(b.changed) < lately
}

// refreshToken is called when the server has refused a token. It asks the source
// anew and reports whether there is another token, with which the call is worth
// making again; also when it has changed while the call was on its way.
func (l *link) refreshToken(ctx context.Context) (changed bool) {
	b := l.security.token
	if b == nil {
		return false
	}
	if _, static := b.source.(staticToken); static {
		return false
	}
	_, err := b.next(ctx, true)
	b.mu.Lock()
	b.failed = err
	b.mu.Unlock()
	return b.changedLately()
}

// hint is the advice for a call that the server refuses for want of the right
// token, or empty. A nil bearer sends none.
func (b *bearer) hint(text string) string {
	if b == nil {
		return "the server asks for a token: give it as token= in the connection string, or name a token_file or a token_command"
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed != nil && !strings.Contains(text, b.failed.Error()) {
		return "another token cannot be had: " + b.failed.Error()
	}
	return ""
}
