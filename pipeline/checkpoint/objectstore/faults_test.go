package objectstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/checkpointtest"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/objectstore"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// answering is a service that answers as the test wants, and its location.
func answering(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return "s3://bucket/x?region=r&endpoint=" + server.URL
}

func openAs(t *testing.T, location, key, secret string) *objectstore.Store {
	t.Helper()
	store, err := objectstore.Open(location, &objectstore.Options{AccessKeyID: key, SecretAccessKey: secrets.NewValue(secret)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func TestStore_refusesAServiceThatIgnoresConditions(t *testing.T) {
	t.Parallel()
	store := openAs(t, answering(t, func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		w.Header().Set("ETag", `"d41d8cd98f00b204e9800998ecf8427e"`)
	}), "key", "secret")
	err := store.Save(t.Context(), checkpointtest.Record("a"))
	require.ErrorIs(t, err, checkpoint.ErrUnconditional)
	require.ErrorContains(t, err, "s3://bucket/x")
}

func TestStore_conditionsThatAreNotKnown(t *testing.T) {
	t.Parallel()
	store := openAs(t, answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotImplemented)
		fmt.Fprint(w, `<Error><Code>NotImplemented</Code><Message>A header you provided implies functionality that is not implemented</Message></Error>`)
	}), "key", "secret")
	var answer *objectstore.ServiceError
	err := store.Save(t.Context(), checkpointtest.Record("a"))
	require.ErrorAs(t, err, &answer)
	require.Equal(t, "NotImplemented", answer.Code)
	require.False(t, answer.Retryable())
}

// A service that repeats what it got does not get it into our errors.
func TestStore_noErrorShowsCredentials(t *testing.T) {
	t.Parallel()
	const secret = "canary-of-the-secret"
	store := openAs(t, answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `<Error><Code>SignatureDoesNotMatch</Code><Message>You, canary-of-the-key, signed with %s</Message></Error>`, secret)
	}), "canary-of-the-key", secret)
	_, err := store.Load(t.Context(), "a")
	require.ErrorContains(t, err, "SignatureDoesNotMatch, HTTP status 403")
	require.ErrorContains(t, err, "look at AWS_SECRET_ACCESS_KEY")
	require.NotContains(t, err.Error(), "canary")
	require.NotContains(t, fmt.Sprintf("%+v %#v", err, errors.Unwrap(err)), "canary")
}

func TestStore_triesAgain(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	location := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `<Error><Code>NoSuchKey</Code></Error>`)
	})
	_, err := openAs(t, location, "key", "secret").Load(t.Context(), "a")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
	require.EqualValues(t, 3, asked.Load())
}

func TestStore_endsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("the operator stopped it")
	location := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		cancel(stopped)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	began := time.Now()
	_, err := openAs(t, location, "key", "secret").Load(ctx, "a")
	require.ErrorIs(t, err, stopped)
	require.Less(t, time.Since(began), 5*time.Second)
}

func TestStore_missingBucket(t *testing.T) {
	t.Parallel()
	s := startService(t)
	store := s.open(t, "s3://no-such-bucket/x?endpoint="+s.Endpoint)
	_, err := store.Load(t.Context(), "a")
	require.ErrorContains(t, err, "make the bucket first")
	require.NotErrorIs(t, err, checkpoint.ErrNotFound)
	_, err = store.List(t.Context(), nil)
	require.ErrorContains(t, err, "make the bucket first")
	require.ErrorContains(t, store.Save(t.Context(), checkpointtest.Record("a")), "make the bucket first")

	denied := openAs(t, s.place(), s.AccessKey, "wrong")
	_, err = denied.Load(t.Context(), "a")
	require.ErrorContains(t, err, "SignatureDoesNotMatch")
	denied = openAs(t, s.place(), "nobody", "wrong")
	_, err = denied.Load(t.Context(), "a")
	require.ErrorContains(t, err, "HTTP status 40")
	require.NotErrorIs(t, err, checkpoint.ErrNotFound)
}

// Not parallel: they change the environment.
func TestOpen_credentials(t *testing.T) {
	s := startService(t)
	location := s.place()
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ACCESS_KEY", "AWS_SECRET_KEY"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	file := filepath.Join(t.TempDir(), "credentials")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file)
	load := func(location string) error {
		store, err := objectstore.Open(location, nil)
		require.NoError(t, err)
		defer store.Close()
		_, err = store.Load(t.Context(), "a")
		return err
	}
	require.ErrorIs(t, load(location), objectstore.ErrNoCredentials)

	content := fmt.Sprintf("[default]\naws_access_key_id = nobody\naws_secret_access_key = canary\n"+
		"[etl]\naws_access_key_id = %s\naws_secret_access_key = %s\n", s.AccessKey, s.SecretKey)
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	err := load(location)
	require.ErrorContains(t, err, "HTTP status 40", "the default profile")
	require.NotContains(t, err.Error(), "canary")
	require.ErrorIs(t, load(location+"&profile=etl"), checkpoint.ErrNotFound)
	t.Setenv("AWS_PROFILE", "etl")
	require.ErrorIs(t, load(location), checkpoint.ErrNotFound)

	t.Setenv("AWS_ACCESS_KEY_ID", s.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s.SecretKey)
	t.Setenv("AWS_PROFILE", "")
	require.ErrorIs(t, load(location), checkpoint.ErrNotFound)
	endpoint := strings.TrimPrefix(location, location[:strings.Index(location, "?")])
	require.Contains(t, endpoint, s.Endpoint)
	t.Setenv("AWS_ENDPOINT_URL", s.Endpoint)
	require.ErrorIs(t, load(location[:strings.Index(location, "?")]), checkpoint.ErrNotFound)
}
