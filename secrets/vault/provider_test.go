package vault_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openbao/openbao/api/v2"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/secrets/secretstest"
	"github.com/sparkpipe/sparkpipe/secrets/vault"
)

// TestOnAServer has all that one server serves, for each takes a while to start.
func TestOnAServer(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, test := range map[string]func(*testing.T, *server){
		"conforms, engine 2":             func(t *testing.T, s *server) { testConforms(t, s, 2) },
		"conforms, engine 1":             func(t *testing.T, s *server) { testConforms(t, s, 1) },
		"references":                     testReferences,
		"versions":                       testVersions,
		"tokens":                         testTokens,
		"a token that is revoked":        testRevoked,
		"a token that is renewed":        testRenewed,
		"a token at the end of its life": testEndOfLife,
		"a login that is refused":        testRefusedLogin,
		"a token is revoked by Close":    testClose,
		"engines":                        testEngines,
		"throttled":                      testThrottled,
		"from a configuration":           testMaker,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}

func testConforms(t *testing.T, s *server, engine int) {
	secretstest.Run(t, func(t *testing.T) secretstest.Fixture {
		cfg := s.config()
		put := func(t *testing.T, fields map[string]any) secrets.Ref {
			path := unique()
			s.put(t, path, fields)
			return ref(path, "")
		}
		if engine == 1 {
			cfg.Mount = "old"
			put = func(t *testing.T, fields map[string]any) secrets.Ref {
				path := unique()
				s.write(t, "old/"+path, fields)
				return ref(path, "")
			}
		}
		return secretstest.Fixture{
			Provider:    provider(t, cfg),
			Put:         func(t *testing.T, value string) secrets.Ref { return put(t, map[string]any{"value": value}) },
			PutDocument: put,
			Missing:     ref("ok/none", "x"),
			NoBinary:    true,
			Denied: func(t *testing.T) (secrets.Provider, secrets.Ref) {
				return provider(t, cfg), ref("private/x", "x")
			},
			Unavailable: func(t *testing.T) (secrets.Provider, secrets.Ref) {
				return provider(t, secrets.VaultConfig{Address: "http://127.0.0.1:1", Token: secrets.NewValue("s.x")}), ref("ok/x", "x")
			},
		}
	})
}

func testReferences(t *testing.T, s *server) {
	s.put(t, "ok/app", map[string]any{"value": "the default", "password": "pw", "a.b": "dot"})
	s.put(t, "ok/größe und mehr", map[string]any{"value": "unicode"})
	s.put(t, "ok/100%+?#", map[string]any{"value": "signs"})
	s.write(t, "old/ok/app", map[string]any{"value": "old"})
	p, old := provider(t, s.config()), provider(t, func() secrets.VaultConfig { c := s.config(); c.Mount = "/old/"; return c }())
	resolver, err := secrets.NewResolver(map[string]secrets.Provider{"vault": p, "old": old}, nil)
	require.NoError(t, err)
	for text, want := range map[string]string{
		"secret://vault/ok/app":                      "the default",
		"secret://vault/ok/app:password":             "pw",
		"secret://vault/ok/app#password":             "pw",
		"secret://vault/secret/data/ok/app":          "the default",
		"secret://vault/secret/data/ok/app:password": "pw",
		"secret://vault/secret/ok/app#a.b":           "dot",
		"${secret:vault://secret/data/ok/app#value}": "the default",
		"secret://vault/ok/größe%20und mehr":         "unicode",
		"secret://vault/ok/100%25+%3F%23":            "signs",
		"secret://old/ok/app":                        "old",
		"secret://old/old/ok/app":                    "old",
	} {
		value, err := resolver.Expand(t.Context(), text)
		require.NoError(t, err, text)
		require.Equal(t, want, value.Reveal(), text)
	}
	for text, want := range map[string]error{
		"secret://vault/ok/app#Password":         secrets.ErrNotFound,
		"secret://vault/ok/app:":                 secrets.ErrInvalid,
		"secret://vault/../sys/raw":              secrets.ErrInvalid,
		"secret://vault/ok/../../secret":         secrets.ErrInvalid,
		"secret://vault/ok//app":                 secrets.ErrInvalid,
		"secret://vault/ok/app?stage=AWSCURRENT": secrets.ErrInvalid,
		"secret://vault/ok/app?version=0":        secrets.ErrInvalid,
		"secret://old/ok/app?version=1":          secrets.ErrInvalid,
	} {
		_, err := resolver.Expand(t.Context(), text)
		require.ErrorIs(t, err, want, text)
	}
}

func testVersions(t *testing.T, s *server) {
	path := unique()
	for _, value := range []string{"one", "two", "three"} {
		s.put(t, path, map[string]any{"value": value})
	}
	p := provider(t, s.config())
	require.Equal(t, "3", requireValue(t, p, ref(path, ""), "three").Version)
	second := ref(path, "")
	second.Version = "2"
	require.Equal(t, "2", requireValue(t, p, second, "two").Version)
	s.write(t, "secret/delete/"+path, map[string]any{"versions": []string{"2"}})
	_, err := p.Fetch(t.Context(), second)
	require.ErrorIs(t, err, secrets.ErrNotFound)
	require.ErrorContains(t, err, "the version 2 was deleted")
	second.Version = "9"
	_, err = p.Fetch(t.Context(), second)
	require.ErrorIs(t, err, secrets.ErrNotFound)
	requireValue(t, p, ref(path, ""), "three")
}

func testTokens(t *testing.T, s *server) {
	path := unique()
	s.put(t, path, map[string]any{"value": "x"})
	token := s.token(t, &api.TokenCreateRequest{TTL: "1h"})
	requireValue(t, provider(t, secrets.VaultConfig{Address: s.Address, Token: secrets.NewValue(token)}), ref(path, ""), "x")

	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(token+"\n"), 0o600))
	requireValue(t, provider(t, secrets.VaultConfig{Address: s.Address, TokenFile: file}), ref(path, ""), "x")

	secretFile := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secretFile, []byte(s.role.SecretID.Reveal()+"\n"), 0o600))
	role := secrets.VaultAppRole{RoleID: s.role.RoleID, SecretIDFile: secretFile, Mount: "/approle/"}
	requireValue(t, provider(t, secrets.VaultConfig{Address: s.Address, AppRole: &role}), ref(path, ""), "x")

	_, err := provider(t, secrets.VaultConfig{Address: s.Address}).Fetch(t.Context(), ref(path, ""))
	require.ErrorIs(t, err, secrets.ErrDenied)
	require.ErrorContains(t, err, "there is no token")
	_, err = provider(t, secrets.VaultConfig{Address: s.Address, TokenFile: file + "x"}).Fetch(t.Context(), ref(path, ""))
	require.ErrorIs(t, err, secrets.ErrDenied)
	require.ErrorContains(t, err, "log in for secret://vault/")
}

func testRevoked(t *testing.T, s *server) {
	path := unique()
	s.put(t, path, map[string]any{"value": "x"})
	role := s.newRole(t, "revoked", map[string]any{"token_policies": "reader", "token_ttl": "1h"})
	p := provider(t, secrets.VaultConfig{Address: s.Address, AppRole: &role})
	requireValue(t, p, ref(path, ""), "x")
	s.write(t, "sys/leases/revoke-prefix/auth/approle/login", nil)
	requireValue(t, p, ref(path, ""), "x")

	first, second := s.token(t, &api.TokenCreateRequest{TTL: "1h"}), s.token(t, &api.TokenCreateRequest{TTL: "1h"})
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(first), 0o600))
	p = provider(t, secrets.VaultConfig{Address: s.Address, TokenFile: file})
	requireValue(t, p, ref(path, ""), "x")
	require.NoError(t, s.admin.Auth().Token().RevokeTree(first))
	_, err := p.Fetch(t.Context(), ref(path, ""))
	require.ErrorIs(t, err, secrets.ErrDenied)
	secretstest.RequireHidden(t, first, err)
	require.NoError(t, os.WriteFile(file, []byte(second), 0o600))
	requireValue(t, p, ref(path, ""), "x")
}

// lives reports whether the server knows the token.
func (s *server) lives(token string) bool {
	_, err := s.admin.Auth().Token().Lookup(token)
	return err == nil
}

func testRenewed(t *testing.T, s *server) {
	path := unique()
	s.put(t, path, map[string]any{"value": "x"})
	token := s.token(t, &api.TokenCreateRequest{TTL: "2s"})
	other := s.token(t, &api.TokenCreateRequest{TTL: "2s"})
	p := provider(t, secrets.VaultConfig{Address: s.Address, Token: secrets.NewValue(token)})
	requireValue(t, p, ref(path, ""), "x")
	require.Eventually(t, func() bool { return !s.lives(other) }, 10*time.Second, 50*time.Millisecond, "nobody renews the other token")
	require.True(t, s.lives(token))
	requireValue(t, p, ref(path, ""), "x")
}

func testEndOfLife(t *testing.T, s *server) {
	path := unique()
	s.put(t, path, map[string]any{"value": "x"})
	role := s.newRole(t, "short", map[string]any{"token_policies": "reader", "token_ttl": "1s", "token_max_ttl": "2s"})
	p := provider(t, secrets.VaultConfig{Address: s.Address, AppRole: &role})
	other := s.token(t, &api.TokenCreateRequest{TTL: "3s"})
	for s.lives(other) {
		requireValue(t, p, ref(path, ""), "x")
	}
	requireValue(t, p, ref(path, ""), "x")
}

func testRefusedLogin(t *testing.T, s *server) {
	role := s.role
	role.SecretID = secrets.NewValue("11111111-2222-3333-4444-555555555555")
	_, err := provider(t, secrets.VaultConfig{Address: s.Address, AppRole: &role}).Fetch(t.Context(), ref("ok/x", ""))
	require.ErrorIs(t, err, secrets.ErrDenied)
	require.ErrorContains(t, err, "log in for secret://vault/ok/x")
	secretstest.RequireHidden(t, role.SecretID.Reveal(), err)

	jwt := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(jwt, []byte("header.payload.signature"), 0o600))
	_, err = provider(t, secrets.VaultConfig{Address: s.Address, Kubernetes: &secrets.VaultKubernetes{Role: "r", JWTFile: jwt}}).Fetch(t.Context(), ref("ok/x", ""))
	require.ErrorIs(t, err, secrets.ErrDenied)
	secretstest.RequireHidden(t, "header.payload.signature", err)
}

func testClose(t *testing.T, s *server) {
	path := unique()
	s.put(t, path, map[string]any{"value": "x"})
	role := s.newRole(t, "closes", map[string]any{"token_policies": "reader", "token_ttl": "1h", "token_num_uses": 0})
	accessors := func() int {
		list, err := s.admin.Logical().List("auth/token/accessors")
		require.NoError(t, err)
		count := 0
		for _, key := range list.Data["keys"].([]any) {
			info, err := s.admin.Auth().Token().LookupAccessor(key.(string))
			if err == nil && strings.Contains(marshal(t, info.Data), `"role_name":"closes"`) {
				count++
			}
		}
		return count
	}
	p, err := vault.New(secrets.VaultConfig{Address: s.Address, AppRole: &role})
	require.NoError(t, err)
	require.NoError(t, p.Close(t.Context()), "before it is used")
	p, err = vault.New(secrets.VaultConfig{Address: s.Address, AppRole: &role})
	require.NoError(t, err)
	requireValue(t, p, ref(path, ""), "x")
	require.Equal(t, 1, accessors())
	require.NoError(t, p.Close(t.Context()))
	require.Zero(t, accessors())
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return string(data)
}

func testEngines(t *testing.T, s *server) {
	s.write(t, "old/ok/data/x", map[string]any{"value": "below data"})
	cfg := s.config()
	cfg.Mount = "old"
	requireValue(t, provider(t, cfg), ref("ok/data/x", ""), "below data")
	cfg.KVVersion = 1
	requireValue(t, provider(t, cfg), ref("ok/data/x", ""), "below data")
	cfg.KVVersion = 2
	_, err := provider(t, cfg).Fetch(t.Context(), ref("ok/x", ""))
	require.ErrorIs(t, err, secrets.ErrDenied)

	_, err = provider(t, secrets.VaultConfig{Address: s.Address, Token: secrets.NewValue(s.Token), Mount: "cubbyhole"}).Fetch(t.Context(), ref("x", ""))
	require.ErrorIs(t, err, secrets.ErrInvalid)
	require.ErrorContains(t, err, `the mount "cubbyhole" has an engine of the type "cubbyhole"; only kv is read`)
}

func testThrottled(t *testing.T, s *server) {
	require.NoError(t, s.admin.Sys().Mount("busy", &api.MountInput{Type: "kv", Options: map[string]string{"version": "2"}}))
	s.write(t, "sys/quotas/rate-limit/busy", map[string]any{"path": "busy/", "rate": 0.01, "interval": "1m", "block_interval": "1m"})
	p := provider(t, secrets.VaultConfig{Address: s.Address, Token: secrets.NewValue(s.Token), Mount: "busy", KVVersion: 2})
	var err error
	for range 3 {
		_, err = p.Fetch(t.Context(), ref("x", ""))
	}
	require.ErrorIs(t, err, secrets.ErrThrottled)
	require.ErrorIs(t, err, secrets.ErrUnavailable)
}

func testMaker(t *testing.T, s *server) {
	path := unique()
	s.put(t, path, map[string]any{"value": "x"})
	r, err := secrets.Build(secrets.Config{Provider: "vault", VaultURL: s.Address, VaultToken: secrets.NewValue(s.Token), SecretPrefix: "ok/"},
		&secrets.BuildOptions{Makers: map[string]secrets.Maker{secrets.KindVault: vault.Maker}})
	require.NoError(t, err)
	value, err := r.Expand(t.Context(), "secret://vault/"+strings.TrimPrefix(path, "ok/"))
	require.NoError(t, err)
	require.Equal(t, "x", value.Reveal())
	require.NoError(t, r.Close(t.Context()))
}

// TestSealed seals and stops a server of its own.
func TestSealed(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := unique()
	s.put(t, path, map[string]any{"value": "x"})
	p := provider(t, s.config())
	resolver, err := secrets.NewResolver(map[string]secrets.Provider{"vault": p}, &secrets.ResolverOptions{TTL: 1, StaleFor: time.Hour, NegativeTTL: -1})
	require.NoError(t, err)
	requireResolved := func() {
		t.Helper()
		value, err := resolver.Resolve(t.Context(), ref(path, ""))
		require.NoError(t, err)
		require.Equal(t, "x", value.Reveal())
	}
	requireResolved()
	require.NoError(t, s.admin.Sys().Seal())
	_, err = p.Fetch(t.Context(), ref(path, ""))
	require.ErrorIs(t, err, secrets.ErrSealed)
	require.ErrorIs(t, err, secrets.ErrUnavailable)
	requireResolved()
	s.Stop(t)
	_, err = p.Fetch(t.Context(), ref(path, ""))
	require.ErrorIs(t, err, secrets.ErrUnavailable)
	require.NotErrorIs(t, err, secrets.ErrSealed)
	requireResolved()
}
