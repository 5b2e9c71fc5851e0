package vault_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/openbao/openbao/api/v2"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/storetest"
	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/secrets/vault"
)

// server is a real OpenBao, with what the tests need in it:
//
//   - the engine of version 2 at "secret" and that of version 1 at "old";
//   - a policy "reader" that may read below "ok/" in both, and a role of AppRole
//     with it.
type server struct {
	*storetest.Vault
	admin *api.Client
	role  secrets.VaultAppRole
}

func start(t *testing.T) *server {
	t.Helper()
	s := &server{Vault: storetest.OpenBao(t)}
	conf := api.NewConfig()
	conf.Address = s.Address
	var err error
	s.admin, err = api.NewClient(conf)
	require.NoError(t, err)
	s.admin.SetToken(s.Token)
	require.NoError(t, s.admin.Sys().Mount("old", &api.MountInput{Type: "kv", Options: map[string]string{"version": "1"}}))
	require.NoError(t, s.admin.Sys().PutPolicy("reader", `
		path "secret/data/ok/*" { capabilities = ["read"] }
		path "old/ok/*"         { capabilities = ["read"] }`))
	require.NoError(t, s.admin.Sys().EnableAuthWithOptions("approle", &api.EnableAuthOptions{Type: "approle"}))
	s.role = s.newRole(t, "tester", map[string]any{"token_policies": "reader", "token_ttl": "1h"})
	return s
}

// newRole makes a role of AppRole with a secret.
func (s *server) newRole(t *testing.T, name string, settings map[string]any) secrets.VaultAppRole {
	t.Helper()
	s.write(t, "auth/approle/role/"+name, settings)
	id, err := s.admin.Logical().Read("auth/approle/role/" + name + "/role-id")
	require.NoError(t, err)
	secret := s.write(t, "auth/approle/role/"+name+"/secret-id", map[string]any{})
	return secrets.VaultAppRole{
		RoleID:   secrets.NewValue(id.Data["role_id"].(string)),
		SecretID: secrets.NewValue(secret.Data["secret_id"].(string)),
	}
}

func (s *server) write(t *testing.T, path string, data map[string]any) *api.Secret {
	t.Helper()
	answer, err := s.admin.Logical().Write(path, data)
	require.NoError(t, err)
	return answer
}

// put stores fields at a path of the engine of version 2.
func (s *server) put(t *testing.T, path string, fields map[string]any) {
	t.Helper()
	s.write(t, "secret/data/"+path, map[string]any{"data": fields})
}

// token makes one with the policy "reader".
func (s *server) token(t *testing.T, request *api.TokenCreateRequest) string {
	t.Helper()
	request.Policies = []string{"reader"}
	answer, err := s.admin.Auth().Token().Create(request)
	require.NoError(t, err)
	return answer.Auth.ClientToken
}

// config logs in by the role of the tests.
func (s *server) config() secrets.VaultConfig {
	return secrets.VaultConfig{Address: s.Address, AppRole: &s.role}
}

func provider(t *testing.T, cfg secrets.VaultConfig) *vault.Provider {
	t.Helper()
	p, err := vault.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close(context.WithoutCancel(t.Context()))) })
	return p
}

func ref(path, key string) secrets.Ref { return secrets.Ref{Provider: "vault", Path: path, Key: key} }

func requireValue(t *testing.T, p secrets.Provider, r secrets.Ref, want string) secrets.Secret {
	t.Helper()
	secret, err := p.Fetch(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, want, secret.Value.Reveal())
	return secret
}

var names atomic.Int64

func unique() string { return fmt.Sprintf("ok/secret-%d", names.Add(1)) }
