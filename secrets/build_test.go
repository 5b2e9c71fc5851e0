package secrets_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/secrets/secretstest"
)

// maker makes providers whose secrets are the paths that they are asked for, and
// keeps the settings.
func maker(got *[]secrets.ProviderConfig) secrets.Maker {
	return func(_ context.Context, cfg secrets.ProviderConfig) (secrets.Provider, error) {
		*got = append(*got, cfg)
		return secrets.ProviderFunc(func(_ context.Context, ref secrets.Ref) (secrets.Secret, error) {
			return secrets.Secret{Value: secrets.NewValue("<" + ref.Path + ">")}, nil
		}), nil
	}
}

func build(t *testing.T, cfg secrets.Config, opts *secrets.BuildOptions) *secrets.Resolver {
	t.Helper()
	r, err := secrets.Build(cfg, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close(context.Background())) })
	return r
}

func requireExpanded(t *testing.T, r *secrets.Resolver, text, want string) {
	t.Helper()
	value, err := r.Expand(t.Context(), text)
	require.NoError(t, err)
	require.Equal(t, want, value.Reveal())
}

func setenv(t *testing.T, value string) (name string) {
	t.Helper()
	name = unique()
	require.NoError(t, os.Setenv(name, value))
	t.Cleanup(func() { require.NoError(t, os.Unsetenv(name)) })
	return name
}

func TestBuild_nothingConfigured(t *testing.T) {
	t.Parallel()
	r := build(t, secrets.Config{}, nil)
	requireExpanded(t, r, "secret://env/"+setenv(t, "x"), "x")
	_, err := r.Expand(t.Context(), "secret://vault/a")
	require.ErrorIs(t, err, secrets.ErrUnknownProvider)

	var got []secrets.ProviderConfig
	r = build(t, secrets.Config{}, &secrets.BuildOptions{Makers: map[string]secrets.Maker{"vault": maker(&got), "aws": maker(&got)}})
	require.Empty(t, got, "nothing is made before it is used")
	requireExpanded(t, r, "${secret:vault://a} ${secret:aws_secrets_manager://b} ${secret:vault://c}", "<a> <b> <c>")
	require.Len(t, got, 2)
	require.Equal(t, &secrets.VaultConfig{}, got[0].Vault)
	require.Equal(t, &secrets.AWSConfig{}, got[1].AWS)
}

func TestBuild_theFlatKeys(t *testing.T) {
	t.Parallel()
	var got []secrets.ProviderConfig
	token := secrets.NewValue("s3cr3t")
	r := build(t, secrets.Config{Provider: "vault", VaultURL: "http://h", VaultToken: token, VaultNamespace: "n", AWSRegion: "r", SecretPrefix: "prod/"},
		&secrets.BuildOptions{Makers: map[string]secrets.Maker{"vault": maker(&got), "aws": maker(&got)}})
	requireExpanded(t, r, "${secret:vault://a} ${secret:aws://b}", "<prod/a> <b>")
	require.Equal(t, &secrets.VaultConfig{Address: "http://h", Token: token, Namespace: "n"}, got[0].Vault)
	require.Equal(t, &secrets.AWSConfig{Region: "r"}, got[1].AWS)

	name := setenv(t, "y")
	r = build(t, secrets.Config{SecretPrefix: name[:5]}, nil)
	requireExpanded(t, r, "secret://env/"+name[5:], "y")
}

func TestBuild_namedProviders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "sub", "pw"), `{"k": "from a file"}`, 0o600)
	var got []secrets.ProviderConfig
	r := build(t, secrets.Config{Providers: map[string]secrets.ProviderConfig{
		"mounted": {Prefix: "sub/", File: &secrets.FileConfig{Root: dir}},
		"tool":    {Exec: &secrets.ExecConfig{Command: "echo", Args: []string{"got", "{path}"}}},
		"prod":    {Vault: &secrets.VaultConfig{Address: "http://prod"}},
		"test":    {Vault: &secrets.VaultConfig{Address: "http://test"}},
	}}, &secrets.BuildOptions{
		Makers:    map[string]secrets.Maker{"vault": maker(&got)},
		Providers: map[string]secrets.Provider{"mine": secrets.Env{}},
	})
	requireExpanded(t, r, "${secret:mounted://pw#k}|${secret:tool://x}|${secret:prod://a}|${secret:mine://"+setenv(t, "z")+"}", "from a file|got x|<a>|z")
	require.Len(t, got, 1)
	require.Equal(t, "http://prod", got[0].Vault.Address)
}

func TestBuild_settingsMayBeReferences(t *testing.T) {
	t.Parallel()
	// A value that looks like a reference is a value here too.
	token, secret := setenv(t, "${secret:env://HOME}"), setenv(t, "s3cr3t")
	var got []secrets.ProviderConfig
	opts := &secrets.BuildOptions{Makers: map[string]secrets.Maker{"vault": maker(&got), "aws": maker(&got)}}
	r := build(t, secrets.Config{
		VaultURL: "https://${secret:env://" + secret + "}:8200", VaultToken: secrets.NewValue("secret://env/" + token),
		Providers: map[string]secrets.ProviderConfig{"role": {Vault: &secrets.VaultConfig{AppRole: &secrets.VaultAppRole{
			RoleID: secrets.NewValue("r"), SecretID: secrets.NewValue("${secret:env://" + secret + "}"),
		}}}},
	}, opts)
	requireExpanded(t, r, "${secret:vault://a}${secret:role://b}", "<a><b>")
	require.Equal(t, "${secret:env://HOME}", got[0].Vault.Token.Reveal())
	require.Equal(t, "https://s3cr3t:8200", got[0].Vault.Address)
	require.Equal(t, "s3cr3t", got[1].Vault.AppRole.SecretID.Reveal())

	r = build(t, secrets.Config{VaultToken: secrets.NewValue("secret://vault/token")}, opts)
	_, err := r.Expand(t.Context(), "secret://vault/a")
	require.ErrorIs(t, err, secrets.ErrUnknownProvider, "a provider does not make itself")
	require.ErrorContains(t, err, "make the provider for secret://vault/a: a setting of the provider: read secret://vault/token: unknown provider")
	r = build(t, secrets.Config{VaultToken: secrets.NewValue("secret://env/" + unique())}, opts)
	_, err = r.Expand(t.Context(), "secret://vault/a")
	require.ErrorIs(t, err, secrets.ErrNotFound)
}

func TestBuild_triesAgainToMake(t *testing.T) {
	t.Parallel()
	fault := errors.New("not now")
	var got []secrets.ProviderConfig
	r := build(t, secrets.Config{}, &secrets.BuildOptions{Makers: map[string]secrets.Maker{
		"vault": func(ctx context.Context, cfg secrets.ProviderConfig) (secrets.Provider, error) {
			if fault != nil {
				return nil, fault
			}
			return maker(&got)(ctx, cfg)
		},
	}})
	_, err := r.Expand(t.Context(), "secret://vault/a")
	require.EqualError(t, err, "make the provider for secret://vault/a: not now")
	fault = nil
	requireExpanded(t, r, "secret://vault/a", "<a>")
}

func TestBuild_theCache(t *testing.T) {
	t.Parallel()
	zero, none := 0, time.Duration(0)
	for name, c := range map[string]struct {
		cfg   secrets.Config
		calls int64
	}{
		"default":        {secrets.Config{}, 1},
		"seconds":        {secrets.Config{CacheTTLSeconds: &zero}, 2},
		"length of time": {secrets.Config{Cache: secrets.CacheConfig{TTL: &none}}, 2},
	} {
		s := &store{}
		s.gives("x")
		var log []secrets.Access
		r := build(t, c.cfg, &secrets.BuildOptions{
			Providers: map[string]secrets.Provider{"store": s}, OnAccess: func(a secrets.Access) { log = append(log, a) },
		})
		requireExpanded(t, r, "secret://store/a", "x")
		requireExpanded(t, r, "secret://store/a", "x")
		require.Equal(t, c.calls, s.calls.Load(), name)
		require.Len(t, log, 2)
	}
}

func TestBuild_faults(t *testing.T) {
	t.Parallel()
	_, err := secrets.Build(secrets.Config{Provider: "x", VaultURL: "y"}, nil)
	require.ErrorContains(t, err, `secrets: provider: "x" is none of`)
	require.ErrorContains(t, err, "vault_url: is no URL")
	_, err = secrets.Build(secrets.Config{VaultURL: "http://h", AWSRegion: "r"}, &secrets.BuildOptions{Providers: map[string]secrets.Provider{"env": secrets.Env{}}})
	require.ErrorContains(t, err, "providers: vault: this program cannot make providers of the kind vault")
	require.ErrorContains(t, err, "providers: aws: this program cannot make")
	require.ErrorContains(t, err, "providers: env: the program has a provider of that name itself")
}

// TestNothingShowsASecret looks at everything that a program may print.
func TestNothingShowsASecret(t *testing.T) {
	t.Parallel()
	const canary = "cAnary /+&=?1"
	name := setenv(t, `{"k": "`+canary+`"}`)
	var log []any
	r := build(t, secrets.Config{}, &secrets.BuildOptions{OnAccess: func(a secrets.Access) { log = append(log, a, &a) }})
	things := []any{r}
	for _, text := range []string{"secret://env/" + name + "#k", "secret://env/" + name, "secret://env/" + name + "#none", "x ${secret:env://" + name + "#k} ${secret:env://" + name + "#k.y}", "${secret:" + canary + "}"} {
		value, err := r.Expand(t.Context(), text)
		things = append(things, value, &value, err, struct{ Inner any }{value})
	}
	secret, err := secrets.Env{}.Fetch(t.Context(), secrets.Ref{Provider: "env", Path: name, Key: "k"})
	require.NoError(t, err)
	things = append(things, secret, &secret, map[string]secrets.Secret{"x": secret})
	require.NotEmpty(t, log)
	secretstest.RequireHidden(t, canary, append(things, log...)...)
}
