package vault_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/secrets/secretstest"
	"github.com/sparkpipe/sparkpipe/secrets/vault"
)

const token = "hvs.canary-of-the-token"

// fake answers as the documented API does, for what a real server cannot be made
// to do in a test: a pod's login, standby nodes, faults and proxies on the way.
type fake struct {
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
	// answer is asked first; it reports whether it has answered.
	answer func(w http.ResponseWriter, r *http.Request) bool
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.requests, f.bodies = append(f.requests, r), append(f.bodies, string(body))
	f.mu.Unlock()
	switch path := strings.TrimPrefix(r.URL.Path, "/v1/"); {
	case f.answer != nil && f.answer(w, r):
	case path == "auth/token/lookup-self":
		reply(w, 200, map[string]any{"data": map[string]any{"ttl": 0, "renewable": false}})
	case path == "sys/internal/ui/mounts/secret":
		reply(w, 200, map[string]any{"data": map[string]any{"type": "kv", "options": map[string]any{"version": "2"}}})
	case path == "secret/data/app":
		reply(w, 200, map[string]any{"data": map[string]any{
			"data": map[string]any{"value": "x", "big": json.Number("12345678901234567890.50")}, "metadata": map[string]any{"version": 7},
		}})
	default:
		reply(w, 404, map[string]any{"errors": []string{}})
	}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (f *fake) paths() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, r := range f.requests {
		out = append(out, r.URL.Path)
	}
	return out
}

func serve(t *testing.T, answer func(w http.ResponseWriter, r *http.Request) bool) (*fake, string) {
	t.Helper()
	f := &fake{answer: answer}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, server.URL
}

func TestHTTP_namespaceTokenAndNumbers(t *testing.T) {
	t.Parallel()
	f, url := serve(t, nil)
	p := provider(t, secrets.VaultConfig{Address: url, Namespace: "team/a", Token: secrets.NewValue(token)})
	require.Equal(t, "7", requireValue(t, p, ref("app", ""), "x").Version)
	requireValue(t, p, ref("app", "big"), "12345678901234567890.50")
	for _, r := range f.requests {
		require.Equal(t, "team/a", r.Header.Get("X-Vault-Namespace"))
		require.Equal(t, token, r.Header.Get("X-Vault-Token"))
	}
	require.Equal(t, []string{"/v1/auth/token/lookup-self", "/v1/sys/internal/ui/mounts/secret", "/v1/secret/data/app", "/v1/secret/data/app"}, f.paths())
}

func TestHTTP_kubernetes(t *testing.T) {
	t.Parallel()
	jwt := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(jwt, []byte("a.b.c\n"), 0o600))
	f, url := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/auth/k8s/cluster/login" {
			return false
		}
		reply(w, 200, map[string]any{"auth": map[string]any{"client_token": token, "lease_duration": 0, "renewable": true}})
		return true
	})
	p := provider(t, secrets.VaultConfig{Address: url, Kubernetes: &secrets.VaultKubernetes{Role: "orders", JWTFile: jwt, Mount: "k8s/cluster"}})
	requireValue(t, p, ref("app", ""), "x")
	require.JSONEq(t, `{"role":"orders","jwt":"a.b.c"}`, f.bodies[0])
	require.Equal(t, token, f.requests[1].Header.Get("X-Vault-Token"))
}

func TestHTTP_status(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   any
		want   error
		text   string
		tries  int
	}{
		"standby that does not forward": {500, map[string]any{"errors": []string{"local node not active\nbut active"}}, secrets.ErrUnavailable, "status 500: local node not active but active", 3},
		"bad gateway":                   {502, "<html>" + token, secrets.ErrUnavailable, "status 502", 3},
		"maintenance":                   {503, map[string]any{"errors": []string{}}, secrets.ErrUnavailable, "status 503", 3},
		"behind":                        {412, map[string]any{"errors": []string{"required index state not present"}}, secrets.ErrUnavailable, "status 412", 3},
		"throttled":                     {429, map[string]any{"errors": []string{"request path kv: rate limit quota exceeded"}}, secrets.ErrThrottled, "rate limit quota exceeded", 3},
		"denied":                        {403, map[string]any{"errors": []string{"1 error occurred:\n\t* permission denied for " + token}}, secrets.ErrDenied, "permission denied for [REDACTED]", 1},
		"not there":                     {404, map[string]any{"errors": []string{}}, secrets.ErrNotFound, "the server has no such path", 1},
		"not understood":                {400, map[string]any{"errors": []string{strings.Repeat("long ", 100)}}, nil, "…", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int64
			_, url := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/v1/secret/data/app" {
					return false
				}
				tries.Add(1)
				reply(w, c.status, c.body)
				return true
			})
			_, err := provider(t, secrets.VaultConfig{Address: url, Token: secrets.NewValue(token)}).Fetch(t.Context(), ref("app", ""))
			require.ErrorContains(t, err, c.text)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
			require.NotContains(t, err.Error(), "\n")
			require.EqualValues(t, c.tries, tries.Load())
			secretstest.RequireHidden(t, token, err)
		})
	}
}

func TestHTTP_redirectOfAStandby(t *testing.T) {
	t.Parallel()
	_, active := serve(t, nil)
	_, standby := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, active+r.URL.RequestURI(), http.StatusTemporaryRedirect)
		return true
	})
	requireValue(t, provider(t, secrets.VaultConfig{Address: standby, Token: secrets.NewValue(token)}), ref("app", ""), "x")
}

func TestHTTP_notAVault(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"html": "<html>canary-of-html", "text": `"canary-of-html"`, "nothing": "", "other JSON": `{"data": {"x": "canary-of-html"}}`, "a list": `["canary-of-html"]`} {
		_, url := serve(t, func(w http.ResponseWriter, _ *http.Request) bool {
			_, _ = io.WriteString(w, body)
			return true
		})
		_, err := provider(t, secrets.VaultConfig{Address: url, Token: secrets.NewValue(token), KVVersion: 2}).Fetch(t.Context(), ref("app", ""))
		require.Error(t, err, name)
		secretstest.RequireHidden(t, "canary-of-html", err)
		secretstest.RequireHidden(t, token, err)
	}
}

func TestHTTP_slow(t *testing.T) {
	t.Parallel()
	end := make(chan struct{})
	_, url := serve(t, func(_ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-end:
		case <-r.Context().Done():
		}
		return true
	})
	defer close(end)
	p := provider(t, secrets.VaultConfig{Address: url, Token: secrets.NewValue(token), Timeout: 50 * time.Millisecond})
	_, err := p.Fetch(t.Context(), ref("app", ""))
	require.ErrorIs(t, err, secrets.ErrUnavailable)
}

func TestHTTP_mountIsNotTold(t *testing.T) {
	t.Parallel()
	_, url := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.URL.Path, "/v1/sys/") || strings.HasSuffix(r.URL.Path, "lookup-self") {
			reply(w, 403, map[string]any{"errors": []string{"permission denied"}})
			return true
		}
		return false
	})
	requireValue(t, provider(t, secrets.VaultConfig{Address: url, Token: secrets.NewValue(token)}), ref("app", ""), "x")
}

func TestTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(&fake{})
	t.Cleanup(server.Close)
	server.Config.ErrorLog = nil
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(ca, block, 0o600))
	cfg := secrets.VaultConfig{Address: server.URL, Token: secrets.NewValue(token), CAFile: ca}
	requireValue(t, provider(t, cfg), ref("app", ""), "x")

	cfg.ServerName = "other.example.net"
	_, err := provider(t, cfg).Fetch(t.Context(), ref("app", ""))
	require.ErrorContains(t, err, "other.example.net")
	cfg.CAFile, cfg.ServerName = "", ""
	_, err = provider(t, cfg).Fetch(t.Context(), ref("app", ""))
	require.ErrorContains(t, err, "set ca_file to trust the authority of the server")
	require.NotErrorIs(t, err, secrets.ErrUnavailable)
	secretstest.RequireHidden(t, token, err)

	_, plain := serve(t, nil)
	cfg.Address = strings.Replace(plain, "http:", "https:", 1)
	_, err = provider(t, cfg).Fetch(t.Context(), ref("app", ""))
	require.ErrorContains(t, err, "write http://")
}

func TestNew_faults(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]secrets.VaultConfig{
		"address: is missing; set it, or the environment variable VAULT_ADDR": {},
		"address: is no URL":     {Address: "vault:8200"},
		"holds a user":           {Address: "https://u:canary@h"},
		"TLS: ":                  {Address: "https://h", CAFile: "/no/such/file"},
		"kv_version: is 4":       {Address: "https://h", KVVersion: 4},
		"more than one of token": {Address: "https://h", TokenFile: "f", Token: secrets.NewValue("canary")},
	} {
		_, err := vault.New(cfg)
		require.ErrorContains(t, err, want)
		require.True(t, strings.HasPrefix(err.Error(), "vault: "), "%v", err)
		secretstest.RequireHidden(t, "canary", err)
	}
	_, err := vault.Maker(t.Context(), secrets.ProviderConfig{})
	require.ErrorContains(t, err, "the block vault is missing")
}

// Not in parallel: the environment is everybody's.
func TestNew_environment(t *testing.T) {
	f, url := serve(t, nil)
	t.Setenv("VAULT_ADDR", url)
	t.Setenv("VAULT_TOKEN", token)
	t.Setenv("VAULT_NAMESPACE", "from/env")
	requireValue(t, provider(t, secrets.VaultConfig{}), ref("app", ""), "x")
	require.Equal(t, "from/env", f.requests[0].Header.Get("X-Vault-Namespace"))
	require.Equal(t, token, f.requests[0].Header.Get("X-Vault-Token"))
	requireValue(t, provider(t, secrets.VaultConfig{Namespace: "mine", Token: secrets.NewValue("s.mine")}), ref("app", ""), "x")
	last := f.requests[len(f.requests)-1]
	require.Equal(t, "mine s.mine", fmt.Sprint(last.Header.Get("X-Vault-Namespace"), " ", last.Header.Get("X-Vault-Token")))
}
