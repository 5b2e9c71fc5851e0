package connect_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/internal/tlstest"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// plain is the connection string of a fake server with a token in plain text,
// which is allowed on this machine.
func plain(server *fakeconnect.Server) string { return server.Remote() + "/;use_ssl=false" }

func withToken(token connect.Token) *connect.Options { return &connect.Options{Token: &token} }

func tokenFile(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// sent are the tokens of the calls that arrived.
func sent(server *fakeconnect.Server) []string {
	var out []string
	for _, r := range server.Requests() {
		out = append(out, strings.Join(r.Headers.Get("authorization"), "+"))
	}
	return out
}

func TestTokensTravelAsBearer(t *testing.T) {
	t.Parallel()
	for name, token := range map[string]connect.Token{
		"value":   {Value: secrets.NewValue("t0k-en.~+/= x")},
		"file":    {File: tokenFile(t, "t0k-en.~+/= x\n")},
		"command": {Command: []string{"printf", "%s\\r\\n", "t0k-en.~+/= x"}},
		"source":  {Source: func(context.Context) (string, error) { return "t0k-en.~+/= x", nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := fakeconnect.Start(t)
			conn := openTLS(t, plain(server), withToken(token))
			_, err := conn.Execute(t.Context(), sqlCommand(t, "SELECT 1"))
			require.NoError(t, err)
			for _, got := range sent(server) {
				require.Equal(t, "Bearer t0k-en.~+/= x", got)
			}
		})
	}
}

func TestATokenAsksForTLS(t *testing.T) {
	t.Parallel()
	ca := tlstest.NewCA(t)
	front := startFront(t, ca.Server(t, nil))
	openTLS(t, "sc://"+front.Addr(), &connect.Options{
		TLS: &connect.TLS{CAFile: ca.File(t)}, Token: &connect.Token{Value: secrets.NewValue("t")},
	})
	require.Equal(t, []string{"Bearer t"}, sent(front.server))

	server := fakeconnect.Start(t)
	_, err := connect.Open(t.Context(), server.Remote(), withToken(connect.Token{Value: secrets.NewValue("s3cr3t")}))
	require.ErrorContains(t, err, "the server speaks plain text: write use_ssl=false")
	require.Empty(t, server.Requests())
}

func TestATokenInPlainText(t *testing.T) {
	t.Parallel()
	const refused = "a token must not travel unencrypted to another machine"
	token := &connect.Token{Value: secrets.NewValue("s3cr3t")}
	tests := map[string]struct {
		remote  string
		opts    *connect.Options
		refused bool
	}{
		"in the address":         {"sc://example.com/;token=s3cr3t;use_ssl=false", nil, true},
		"in the options":         {"sc://example.com/;use_ssl=false", &connect.Options{Token: token}, true},
		"as a header":            {"sc://example.com/;authorization=Bearer%20s3cr3t", nil, true},
		"as a header in options": {"sc://example.com", &connect.Options{Headers: map[string]string{"Authorization": "s3cr3t"}}, true},
		"any address":            {"sc://0.0.0.0/;use_ssl=false", &connect.Options{Token: token}, true},
		"a name like localhost":  {"sc://localhost.example.com/;use_ssl=false", &connect.Options{Token: token}, true},
		"allowed":                {"sc://example.com/;token=s3cr3t;use_ssl=false", &connect.Options{AllowPlaintextToken: true}, false},
		"on this machine":        {"sc://127.9.9.9/;token=s3cr3t;use_ssl=false", nil, false},
		"on this machine, IPv6":  {"sc://[::1]/;use_ssl=false", &connect.Options{Token: token}, false},
		"on this machine, named": {"sc://LOCALHOST/;use_ssl=false", &connect.Options{Token: token}, false},
		"TLS":                    {"sc://example.com/;token=s3cr3t", nil, false},
		"no token":               {"sc://example.com/;use_ssl=false", nil, false},
	}
	for name, tt := range tests {
		addr, err := connect.ParseAddress(tt.remote)
		require.NoError(t, err)
		err = connect.CheckSecurity(addr, tt.opts)
		if !tt.refused {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, refused, name)
		_, err = connect.Open(t.Context(), tt.remote, tt.opts)
		require.ErrorContains(t, err, refused, name)
		require.NotContains(t, err.Error(), "s3cr3t", name)
	}
}

func TestTwoTokens(t *testing.T) {
	t.Parallel()
	for want, test := range map[string]struct {
		remote string
		opts   *connect.Options
	}{
		"token in the connection string and token_file": {
			"sc://h/;token=s3cr3t", withToken(connect.Token{File: "f"}),
		},
		"token in the connection string and token in the settings": {
			"sc://h/;token=s3cr3t", withToken(connect.Token{Value: secrets.NewValue("s3cr3t")}),
		},
		"token_file and token_command and token source": {
			"sc://h", withToken(connect.Token{
				File: "f", Command: []string{"c"}, Source: func(context.Context) (string, error) { return "", nil },
			}),
		},
		`token in the connection string and the header "authorization"`: {"sc://h/;token=s3cr3t;authorization=s3cr3t", nil},
	} {
		_, err := connect.Open(t.Context(), test.remote, test.opts)
		require.ErrorContains(t, err, "there are two tokens, "+want+"; keep one of them")
		require.NotContains(t, err.Error(), "s3cr3t")
	}
}

func TestTokenFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := func(text string) []string { return []string{"sh", "-c", text, "s3cr3t"} }
	large := tokenFile(t, strings.Repeat("s3cr3t", 20000))
	for want, token := range map[string]connect.Token{
		"the token in the settings is empty":                            {},
		"the token has more than one line":                              {Value: secrets.NewValue("s3cr3t\n")},
		"no header can carry":                                           {Value: secrets.NewValue("s3cr3t\x7f")},
		"read the token file: stat " + dir + "/none: no such file":      {File: dir + "/none"},
		"read the token file: " + dir + " is no regular file":           {File: dir},
		"token is empty":                                                {File: tokenFile(t, "\n")},
		"token has more than one line":                                  {File: tokenFile(t, "s3cr3t\n\n")},
		"begins or ends with a space":                                   {File: tokenFile(t, " s3cr3t")},
		large + " is larger than 65536 bytes":                           {File: large},
		"names no program":                                              {Command: []string{}},
		`find the token command "no-such-program": executable file not`: {Command: []string{"no-such-program", "s3cr3t"}},
		`find the token command "` + large + `": permission denied`:     {Command: []string{large}},
		`run the token command "sh": exit status 3: no luck`:            {Command: script("echo s3cr3t; echo why >&2; echo no luck >&2; exit 3")},
		`run the token command "sh": exit status 4`:                     {Command: script("echo s3cr3t; echo it is s3cr3t >&2; exit 4")},
		`run the token command "sh": signal: killed`:                    {Command: script("kill -9 $$")},
		`the token that the command "sh" printed is empty`:              {Command: script("true")},
		`the token that the command "sh" printed has more than one`:     {Command: script("echo s3cr3t; echo s3cr3t")},
		`the token that the command "sh" printed is longer than 65536`:  {Command: script("head -c 70000 /dev/zero | tr '\\0' s")},
		"ask for the token: no luck":                                    {Source: func(context.Context) (string, error) { return "s3cr3t", errors.New("no luck") }},
		"the token of the token source is empty":                        {Source: func(context.Context) (string, error) { return "", nil }},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			server := fakeconnect.Start(t)
			_, err := connect.Open(t.Context(), plain(server), withToken(token))
			require.ErrorContains(t, err, want)
			require.NotContains(t, err.Error(), "s3cr3t")
			require.Empty(t, server.Requests())
		})
	}
}

// guard makes a server refuse executions without the token.
func guard(server *fakeconnect.Server, token *atomic.Pointer[string]) {
	server.OnExecute(func(op *fakeconnect.Operation) error {
		md, _ := metadata.FromIncomingContext(op.Context())
		if got := md.Get("authorization"); len(got) != 1 || got[0] != "Bearer "+*token.Load() {
			return status.Error(codes.Unauthenticated, "Invalid authentication token")
		}
		return fakeconnect.ErrUnscripted
	})
}

func TestTokenRotatesDuringARun(t *testing.T) {
	t.Parallel()
	var viaSource atomic.Pointer[string]
	file, output := tokenFile(t, "one\n"), tokenFile(t, "one\n")
	tests := map[string]struct {
		token  connect.Token
		rotate func(to string) error
	}{
		"file":    {connect.Token{File: file}, func(to string) error { return os.WriteFile(file, []byte(to+"\n"), 0o600) }},
		"command": {connect.Token{Command: []string{"cat", output}}, func(to string) error { return os.WriteFile(output, []byte(to+"\n"), 0o600) }},
		"source": {
			connect.Token{Source: func(context.Context) (string, error) { return *viaSource.Load(), nil }},
			func(to string) error { viaSource.Store(&to); return nil },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := fakeconnect.Start(t)
			var valid atomic.Pointer[string]
			become := func(token string) {
				valid.Store(&token)
				require.NoError(t, tt.rotate(token))
			}
			become("one")
			guard(server, &valid)
			conn := openTLS(t, plain(server), withToken(tt.token))
			run := func() error {
				_, err := conn.Execute(t.Context(), sqlCommand(t, "SELECT 1"))
				return err
			}
			require.NoError(t, run())
			become("two")
			require.NoError(t, run(), "a token that was refused is fetched again")
			require.NoError(t, run())

			become("three")
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					if err := run(); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestTokenThatIsRefused(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	valid := new("right")
	var token atomic.Pointer[string]
	token.Store(valid)
	guard(server, &token)
	for name, opts := range map[string]*connect.Options{
		"none":  nil,
		"value": withToken(connect.Token{Value: secrets.NewValue("s3cr3t")}),
		"file":  withToken(connect.Token{File: tokenFile(t, "s3cr3t")}),
	} {
		conn := openTLS(t, plain(server), opts)
		before := len(server.Requests("ExecutePlan"))
		_, err := conn.Execute(t.Context(), sqlCommand(t, "SELECT 1"))
		var spark *component.SparkError
		require.ErrorAs(t, err, &spark, name)
		require.Equal(t, "Unauthenticated", spark.Code)
		require.NotContains(t, err.Error(), "s3cr3t")
		require.Equal(t, opts == nil, strings.Contains(err.Error(), "the server asks for a token"), name)
		require.Len(t, server.Requests("ExecutePlan"), before+1, "the same token is not tried twice")
	}
}

func TestTokenFileThatIsGoneWhenTheTokenIsRefused(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	file := tokenFile(t, "s3cr3t")
	conn := openTLS(t, plain(server), withToken(connect.Token{File: file}))
	var token atomic.Pointer[string]
	token.Store(new("another"))
	guard(server, &token)
	require.NoError(t, os.Remove(file))
	_, err := conn.Execute(t.Context(), sqlCommand(t, "SELECT 1"))
	require.ErrorContains(t, err, "[Unauthenticated] Invalid authentication token; another token cannot be had: read the token file: stat "+file)
	require.NotContains(t, err.Error(), "s3cr3t")
}

func TestTokenOfTheEnvironment(t *testing.T) {
	t.Setenv("SPARK_CONNECT_AUTHENTICATE_TOKEN", "env-s3cr3t")
	server := fakeconnect.Start(t)
	openTLS(t, server.Remote(), nil)
	openTLS(t, plain(server)+";token=own", nil)
	openTLS(t, plain(server), withToken(connect.Token{Value: secrets.NewValue("own")}))
	openTLS(t, server.Remote()+"/;authorization=Basic%20x", nil)
	require.Equal(t, []string{"Bearer env-s3cr3t", "Bearer own", "Bearer own", "Basic x"}, sent(server))

	addr, err := connect.ParseAddress("sc://example.com")
	require.NoError(t, err)
	require.NoError(t, connect.CheckSecurity(addr, nil), "it is not for other machines")

	t.Setenv("SPARK_CONNECT_AUTHENTICATE_TOKEN", "env-s3cr3t\n")
	_, err = connect.Open(t.Context(), server.Remote(), nil)
	require.ErrorContains(t, err, "the token in SPARK_CONNECT_AUTHENTICATE_TOKEN has more than one line")
	require.NotContains(t, err.Error(), "env-s3cr3t")
}

// TestNoTokenIsLoggedOrPrinted puts the token everywhere it can be.
func TestNoTokenIsLoggedOrPrinted(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-s3nt1n3l"
	core, logs := observer.New(zap.DebugLevel)
	tokens := map[string]connect.Token{
		"value": {Value: secrets.NewValue(secret)}, "file": {File: tokenFile(t, secret)}, "command": {Command: []string{"echo", secret}},
	}
	for name, token := range tokens {
		server := fakeconnect.Start(t)
		front := tlstest.Start(t, strings.TrimPrefix(server.Remote(), "sc://"), tlstest.NewCA(t).Server(t, nil))
		opts := &connect.Options{Token: &token, Logger: zap.New(core), ReconnectTimeout: 100 * time.Millisecond}
		_, err := connect.Open(t.Context(), "sc://"+front.Addr()+"/;x-key="+secret, opts)
		require.Error(t, err)
		texts := []string{fmt.Sprintf("%v %+v %#v", err, err, err)}
		conn, err := connect.Open(t.Context(), plain(server)+";x-key="+secret, opts)
		require.NoError(t, err)
		server.Stop()
		_, err = conn.Execute(t.Context(), sqlCommand(t, "SELECT 1"))
		require.Error(t, err)
		texts = append(texts, fmt.Sprintf("%v %+v %#v", err, err, err), fmt.Sprintf("%v %+v %#v", conn.Address(), conn.Address(), conn.Address()))
		if name != "command" { // the arguments of a program are no secret on any system
			texts = append(texts, fmt.Sprintf("%v %+v %#v %+v", token, token, token, opts))
		}
		_ = conn.Close(t.Context())
		for _, entry := range logs.All() {
			texts = append(texts, fmt.Sprintf("%s %+v", entry.Message, entry.ContextMap()))
		}
		for _, text := range texts {
			require.NotContains(t, text, secret)
		}
	}
}

func TestTokenWaitsForTheRightServer(t *testing.T) {
	t.Parallel()
	front := startFront(t, tlstest.NewCA(t).Server(t, nil))
	ran := filepath.Join(t.TempDir(), "ran")
	_, err := connect.Open(t.Context(), "sc://"+front.Addr(), withToken(connect.Token{Command: []string{"touch", ran}}))
	require.ErrorContains(t, err, "x509")
	require.NoFileExists(t, ran, "no token is fetched for a server that is not trusted")
	front.requireUntouched(t)
}

func TestDatabricksAddress(t *testing.T) {
	t.Parallel()
	ca := tlstest.NewCA(t)
	front := startFront(t, ca.Server(t, &tlstest.Leaf{Names: []string{"dbc-1.cloud.databricks.com"}}))
	const session = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
	remote := "sc://" + front.Addr() + "/;token=dapi123;x-databricks-cluster-id=0123-456-abc;user_agent=etl%2F1.0;user_id=ann;session_id=" + session
	conn := openTLS(t, remote, withTLS(connect.TLS{CAFile: ca.File(t), ServerName: "dbc-1.cloud.databricks.com"}))
	_, err := conn.Execute(t.Context(), sqlCommand(t, "SELECT 1"))
	require.NoError(t, err)
	require.Equal(t, session, conn.SessionID())
	for _, r := range front.server.Requests() {
		require.Equal(t, []string{"Bearer dapi123"}, r.Headers.Get("authorization"))
		require.Equal(t, []string{"0123-456-abc"}, r.Headers.Get("x-databricks-cluster-id"))
		require.Empty(t, r.Headers.Get("session_id"))
		require.Empty(t, r.Headers.Get("user_agent"))
		msg, ok := r.Message.(interface {
			GetSessionId() string
			GetClientType() string
		})
		require.True(t, ok)
		require.Equal(t, session, msg.GetSessionId())
		require.Contains(t, msg.GetClientType(), "etl/1.0 sparkpipe ")
	}
	for _, state := range front.States() {
		require.GreaterOrEqual(t, state.Version, uint16(tls.VersionTLS12))
	}
}
