package aws_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/storetest"
	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/secrets/aws"
	"github.com/sparkpipe/sparkpipe/secrets/secretstest"
)

const (
	region    = "eu-central-1"
	secretKey = "canary-of-the-secret-key"
)

func provider(t *testing.T, cfg secrets.AWSConfig) *aws.Provider {
	t.Helper()
	if cfg.Region == "" {
		cfg.Region = region
	}
	p, err := aws.New(t.Context(), cfg)
	require.NoError(t, err)
	return p
}

// admin writes what the provider reads.
func admin(t *testing.T, endpoint string) *secretsmanager.Client {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(region))
	require.NoError(t, err)
	return secretsmanager.NewFromConfig(cfg, func(o *secretsmanager.Options) { o.BaseEndpoint = &endpoint })
}

func ref(path string) secrets.Ref { return secrets.Ref{Provider: "aws", Path: path} }

var names atomic.Int64

func put(t *testing.T, client *secretsmanager.Client, value string) secrets.Ref {
	t.Helper()
	name := fmt.Sprintf("prod/secret-%d", names.Add(1))
	input := &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value}
	if !utf8.ValidString(value) {
		input.SecretString, input.SecretBinary = nil, []byte(value)
	}
	_, err := client.CreateSecret(t.Context(), input)
	require.NoError(t, err)
	return ref(name)
}

// TestOnAServer has all that one server serves, for each takes a while to start.
func TestOnAServer(t *testing.T) {
	t.Parallel()
	url := storetest.Moto(t)
	t.Run("conforms", func(t *testing.T) {
		t.Parallel()
		secretstest.Run(t, func(t *testing.T) secretstest.Fixture {
			client := admin(t, url)
			return secretstest.Fixture{
				Provider: provider(t, secrets.AWSConfig{Endpoint: url}),
				Put:      func(t *testing.T, value string) secrets.Ref { return put(t, client, value) },
				Missing:  ref("prod/none"),
				Denied: func(t *testing.T) (secrets.Provider, secrets.Ref) {
					denies := serve(t, 400, `{"__type":"AccessDeniedException","Message":"User: x is not authorized"}`, nil)
					return provider(t, secrets.AWSConfig{Endpoint: denies}), ref("prod/x")
				},
				Unavailable: func(t *testing.T) (secrets.Provider, secrets.Ref) {
					return provider(t, secrets.AWSConfig{Endpoint: "http://127.0.0.1:1"}), ref("prod/x")
				},
			}
		})
	})
	t.Run("versions", func(t *testing.T) { t.Parallel(); testVersions(t, url) })
	t.Run("from a configuration", func(t *testing.T) { t.Parallel(); testMaker(t, url) })
}

func testVersions(t *testing.T, url string) {
	client := admin(t, url)
	r := put(t, client, `{"k":"one"}`)
	value := `{"k":"two"}`
	_, err := client.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &r.Path, SecretString: &value})
	require.NoError(t, err)
	p := provider(t, secrets.AWSConfig{Endpoint: url})
	fetch := func(r secrets.Ref) (string, string) {
		r.Key = "k"
		secret, err := p.Fetch(t.Context(), r)
		require.NoError(t, err)
		return secret.Value.Reveal(), secret.Version
	}
	got, current := fetch(r)
	require.Equal(t, "two", got)
	r.Stage = "AWSPREVIOUS"
	got, previous := fetch(r)
	require.Equal(t, "one", got)
	require.NotEqual(t, current, previous)
	r.Stage, r.Version = "", previous
	got, version := fetch(r)
	require.Equal(t, "one", got)
	require.Equal(t, previous, version)
}

func testMaker(t *testing.T, url string) {
	client := admin(t, url)
	r := put(t, client, `{"user":"ann","password":"a,b\"}"}`)
	resolver, err := secrets.Build(secrets.Config{Providers: map[string]secrets.ProviderConfig{
		"aws": {Prefix: "prod/", AWS: &secrets.AWSConfig{Region: region, Endpoint: url}},
	}}, &secrets.BuildOptions{Makers: map[string]secrets.Maker{secrets.KindAWS: aws.Maker}})
	require.NoError(t, err)
	defer func() { require.NoError(t, resolver.Close(t.Context())) }()
	value, err := resolver.Expand(t.Context(), "${secret:aws_secrets_manager://"+r.Path[len("prod/"):]+"#user}:${secret:aws://"+r.Path[len("prod/"):]+"#password}")
	require.NoError(t, err)
	require.Equal(t, `ann:a,b"}`, value.Reveal())
}

// serve answers every request in the same way: what a real service does only when
// something is wrong with it.
func serve(t *testing.T, status int, body string, count *atomic.Int64) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if count != nil {
			count.Add(1)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   error
		text   string
		tries  int64
	}{
		"not there":   {400, `{"__type":"ResourceNotFoundException","Message":"can't find the specified secret"}`, secrets.ErrNotFound, "ResourceNotFoundException: can't find the specified secret", 1},
		"key":         {400, `{"__type":"UnrecognizedClientException","message":"The security token is invalid"}`, secrets.ErrDenied, "UnrecognizedClientException", 1},
		"decryption":  {400, `{"__type":"DecryptionFailure"}`, secrets.ErrDenied, "DecryptionFailure", 1},
		"deleted":     {400, `{"__type":"InvalidRequestException","Message":"marked for deletion"}`, secrets.ErrInvalid, "marked for deletion", 1},
		"throttled":   {400, `{"__type":"ThrottlingException","message":"Rate exceeded"}`, secrets.ErrThrottled, "Rate exceeded", 3},
		"429":         {429, ``, secrets.ErrThrottled, "", 1},
		"fault":       {500, `{"__type":"InternalServiceError"}`, secrets.ErrUnavailable, "InternalServiceError", 3},
		"unavailable": {503, `<html>canary-of-html`, secrets.ErrUnavailable, "", 3},
		"other":       {400, `{"__type":"SomethingElse","message":"what"}`, nil, "SomethingElse: what", 1},
		"no service":  {200, `<html>canary-of-html`, secrets.ErrUnavailable, "the answer is not one of Secrets Manager", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int64
			_, err := provider(t, secrets.AWSConfig{Endpoint: serve(t, c.status, c.body, &tries)}).Fetch(t.Context(), ref("x"))
			require.Error(t, err)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
			require.ErrorContains(t, err, c.text)
			require.ErrorContains(t, err, "read secret://aws/x: ")
			require.Equal(t, c.tries, tries.Load())
			secretstest.RequireHidden(t, "canary-of-html", err)
			secretstest.RequireHidden(t, secretKey, err)
		})
	}
}

func TestSlow(t *testing.T) {
	t.Parallel()
	end := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-end:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	defer close(end)
	_, err := provider(t, secrets.AWSConfig{Endpoint: server.URL, Timeout: 20 * time.Millisecond}).Fetch(t.Context(), ref("x"))
	require.ErrorIs(t, err, secrets.ErrUnavailable)
}

func TestNew_faults(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]secrets.AWSConfig{
		"aws: region: is missing; set it, or the environment variable AWS_REGION": {},
		"aws: endpoint: is no URL":         {Region: "r", Endpoint: "localhost:80"},
		"aws: timeout: cannot be negative": {Region: "r", Timeout: -1},
		"no-such-profile":                  {Region: "r", Profile: "no-such-profile"},
	} {
		_, err := aws.New(t.Context(), cfg)
		require.ErrorContains(t, err, want)
	}
	_, err := aws.Maker(t.Context(), secrets.ProviderConfig{})
	require.ErrorContains(t, err, "the block aws is missing")
}

// Not in parallel: the environment is everybody's.
func TestNew_profileAndCredentials(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	require.NoError(t, os.WriteFile(file, []byte("[profile mine]\nregion = eu-west-3\naws_access_key_id = AKIAMINE\naws_secret_access_key = x\n"), 0o600))
	t.Setenv("AWS_CONFIG_FILE", file)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	var signed string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed = r.Header.Get("Authorization")
		_, _ = io.WriteString(w, `{"SecretString":"x"}`)
	}))
	t.Cleanup(server.Close)
	p, err := aws.New(t.Context(), secrets.AWSConfig{Profile: "mine", Endpoint: server.URL})
	require.NoError(t, err)
	secret, err := p.Fetch(t.Context(), ref("x"))
	require.NoError(t, err)
	require.Equal(t, "x", secret.Value.Reveal())
	require.Contains(t, signed, "Credential=AKIAMINE/")
	require.Contains(t, signed, "/eu-west-3/secretsmanager/")

	_, err = provider(t, secrets.AWSConfig{Endpoint: server.URL}).Fetch(t.Context(), ref("x"))
	require.ErrorContains(t, err, "no credentials")
}
