package secrets_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/secrets/secretstest"
)

// decode reads a block as a configuration file has it.
func decode(t *testing.T, text string) (secrets.Config, error) {
	t.Helper()
	p, err := config.Parse([]byte("name: p\nsecrets:\n"+text+"\ncomponents: [{name: a, type: t}]\n"), config.FormatYAML, nil)
	if err != nil {
		return secrets.Config{}, err
	}
	return *p.Secrets, nil
}

func TestConfig_fromAFile(t *testing.T) {
	t.Parallel()
	cfg, err := decode(t, `
  provider: vault
  vault_url: https://vault:8200
  vault_token: s3cr3t
  vault_namespace: team
  aws_region: eu-central-1
  secret_prefix: prod/
  cache_ttl_seconds: 0
  cache: {jitter: 0, negative_ttl: 2s, stale_for: 10m}
  providers:
    aws_secrets_manager: {prefix: x/}
    mounted: {file: {root: /run/secrets, allow_readable: true}}
    tool: {exec: {command: get-secret, args: ["{path}"]}}
    other:
      vault:
        address: http://localhost:8200
        kv_version: 1
        approle: {role_id: r, secret_id_file: /s}
        ca_file: /ca.pem
`)
	require.NoError(t, err)
	require.NoError(t, cfg.Validate())
	require.Equal(t, "s3cr3t", cfg.VaultToken.Reveal())
	require.Zero(t, *cfg.CacheTTLSeconds)
	require.Zero(t, *cfg.Cache.Jitter)
	require.Equal(t, 10*time.Minute, cfg.Cache.StaleFor)
	require.Equal(t, "/run/secrets", cfg.Providers["mounted"].File.Root)
	require.Equal(t, 10*time.Second, cfg.Providers["tool"].Exec.Timeout)
	other := cfg.Providers["other"].Vault
	require.Equal(t, "r", other.AppRole.RoleID.Reveal())
	require.Equal(t, "approle", other.AppRole.Mount)
	require.Equal(t, "secret", other.Mount)
	require.Nil(t, other.Kubernetes)
	secretstest.RequireHidden(t, "s3cr3t", cfg, &cfg)

	cfg, err = decode(t, "  provider: aws_secrets_manager\n")
	require.NoError(t, err)
	require.Equal(t, secrets.Config{Provider: "aws"}, cfg)
	cfg, err = decode(t, "  {}\n")
	require.NoError(t, err)
	require.Equal(t, secrets.Config{Provider: "env"}, cfg)
}

func TestConfig_faultsOfAFile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"provider: keychain":                       "secrets.provider",
		"cache_ttl_seconds: -1":                    "secrets.cache_ttl_seconds: cannot be negative",
		"valt_url: x":                              `did you mean "vault_url"`,
		"vault_url: vault":                         "secrets.vault_url: is no URL; write https://host:port",
		"vault_url: 'https://u:s3cr3t@h'":          "secrets.vault_url: holds a user or a password",
		"cache: {ttl: -1s}":                        "secrets.cache.ttl: want a duration",
		"providers: {x: {file: {}}}":               "secrets.providers.x.file.root",
		"providers: {x: {}}":                       "x: wants exactly one of the blocks env, file, exec, vault and aws",
		"providers: {X: {env: {}}}":                "X: a name is one word of lower-case letters",
		"providers: {x: {vault: {kv_version: 3}}}": "kv_version: is 3",
	} {
		_, err := decode(t, "  "+text)
		require.ErrorContains(t, err, want, text)
		secretstest.RequireHidden(t, "s3cr3t", err.Error())
	}
}

func TestConfig_validate(t *testing.T) {
	t.Parallel()
	minus, jitter, ttl := -1, 1.5, time.Minute
	token := secrets.NewValue("s3cr3t")
	cfg := secrets.Config{
		Provider: "file", VaultURL: "ftp://x", VaultToken: token, VaultNamespace: "n", AWSRegion: "r", CacheTTLSeconds: &minus,
		Cache: secrets.CacheConfig{TTL: &ttl, Jitter: &jitter, StaleFor: -1},
		Providers: map[string]secrets.ProviderConfig{
			"vault": {Vault: &secrets.VaultConfig{Address: "x", Token: token, TokenFile: "f", KVVersion: 7, CertFile: "c"}},
			"aws":   {AWS: &secrets.AWSConfig{Endpoint: "x", Timeout: -1}, Env: &secrets.EnvConfig{}},
			"env":   {File: &secrets.FileConfig{}},
			"tool":  {Exec: &secrets.ExecConfig{Timeout: -1}},
			"role":  {Vault: &secrets.VaultConfig{AppRole: &secrets.VaultAppRole{SecretID: token, SecretIDFile: "f"}, Kubernetes: &secrets.VaultKubernetes{}}},
		},
	}
	err := cfg.Validate()
	for _, want := range []string{
		"vault_url: is no URL", "vault_url: the provider vault has a block", "vault_token: the provider vault has a block",
		"vault_namespace: the provider vault has a block", "aws_region: the provider aws has a block",
		"cache_ttl_seconds: cannot be negative", "cache_ttl_seconds: says the same as cache.ttl", "cache: jitter: is a share", "cache: stale_for: cannot be negative",
		"providers: vault: vault: address: is no URL", "providers: vault: vault: token: there is more than one of", "providers: vault: vault: kv_version: is 7",
		"providers: vault: vault: cert_file: a certificate and its key", "providers: aws: wants exactly one of the blocks", "providers: aws: aws: endpoint: is no URL",
		"providers: aws: aws: timeout: cannot be negative", "providers: env: is of the kind file", "providers: env: file.root: is empty",
		"providers: tool: exec.command: is empty", "providers: tool: exec.timeout: cannot be negative",
		"providers: role: vault: app_role.role_id: is empty", "providers: role: vault: app_role.secret_id: says the same", "providers: role: vault: kubernetes.role: is empty",
		"provider: file wants its folder",
	} {
		require.ErrorContains(t, err, want)
	}
	secretstest.RequireHidden(t, "s3cr3t", err, cfg)
	require.NoError(t, secrets.Config{}.Validate())
}
