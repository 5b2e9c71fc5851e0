package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/faultproxy"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/internal/storetest"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/objectstore"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/postgres"
	"github.com/sparkpipe/sparkpipe/streaming"
)

const (
	envLockStore      = "SPARKPIPE_TEST_LOCK_STORE"
	envLockRemote     = "SPARKPIPE_TEST_LOCK_REMOTE"
	envLockCheckpoint = "SPARKPIPE_TEST_LOCK_CHECKPOINT"
	envLockReady      = "SPARKPIPE_TEST_LOCK_READY"

	lockHost  = "etl-7"
	lockLease = 3 * time.Second
)

// lockStore is a store that two machines share, and a way to it that can be cut.
type lockStore struct {
	location string
	env      []string // of a process that uses it
	proxy    *faultproxy.Proxy
	proxied  string
}

// lockStores starts the servers of the stores.
func lockStores(t *testing.T) map[string]lockStore {
	t.Helper()
	service := storetest.S3(t)
	at, err := url.Parse(service.Endpoint)
	require.NoError(t, err)
	client, err := minio.New(at.Host, &minio.Options{Creds: credentials.NewStaticV4(service.AccessKey, service.SecretKey, ""), Region: "us-east-1"})
	require.NoError(t, err)
	bucket := strings.ReplaceAll(uniqueName("locks"), "_", "-")
	require.NoError(t, client.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}))
	s3 := func(host string) string {
		return fmt.Sprintf("s3://%s/locks?endpoint=http://%s&region=us-east-1&lease=%s", bucket, host, lockLease)
	}
	proxy := faultproxy.Start(t, at.Host)
	stores := map[string]lockStore{"s3": {
		location: s3(at.Host), proxy: proxy, proxied: s3(proxy.Addr()),
		env: []string{"AWS_ACCESS_KEY_ID=" + service.AccessKey, "AWS_SECRET_ACCESS_KEY=" + service.SecretKey},
	}}
	location := storetest.Postgres(t) + fmt.Sprintf("?lease=%s&table=%s", lockLease, uniqueName("locks"))
	database, err := url.Parse(location)
	require.NoError(t, err)
	proxy = faultproxy.Start(t, database.Host)
	database.Host = proxy.Addr()
	stores["postgres"] = lockStore{location: location, proxy: proxy, proxied: database.String()}
	for _, store := range stores {
		for _, variable := range store.env {
			name, value, _ := strings.Cut(variable, "=")
			t.Setenv(name, value)
		}
	}
	return stores
}

// openLocks opens a store and closes it with the test.
func openLocks(t *testing.T, location string) streaming.Locker {
	t.Helper()
	var store interface {
		checkpoint.Store
		io.Closer
	}
	var err error
	if strings.HasPrefix(location, "s3:") {
		store, err = objectstore.Open(location, nil)
	} else {
		store, err = postgres.Open(location, nil)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

// lockQuery is the query that all want to run.
func lockQuery(checkpoint string) streaming.SupervisedQuery {
	return streaming.SupervisedQuery{Name: "orders", Pipeline: streaming.StreamingPipeline{
		Source: rate(10), Sink: streaming.NoopSink{}, Trigger: streaming.ProcessingTime(200 * time.Millisecond), CheckpointLocation: checkpoint,
	}}
}

// TestLockHolder is the process on the first machine. It writes the id of its query
// to a file when that has had a batch, and what its supervisor says in the end.
func TestLockHolder(t *testing.T) {
	store := os.Getenv(envLockStore)
	if store == "" {
		return // it is started by the test below
	}
	onHost(t, lockHost)
	s := takeOver(t, streaming.SupervisorOptions{
		Open: connecting(os.Getenv(envLockRemote), nil), Locker: openLocks(t, store),
	}, os.Getenv(envLockCheckpoint))
	ready := os.Getenv(envLockReady)
	tell := func(name, text string) {
		require.NoError(t, os.WriteFile(ready+".part", []byte(text), 0o600))
		require.NoError(t, os.Rename(ready+".part", ready+name))
	}
	tell("", s.batch(t, "orders", 0).ID)
	select {
	case err := <-s.ended:
		require.Error(t, err)
		tell(".end", fmt.Sprintf("%v %v", errors.Is(err, streaming.ErrCheckpointHeld), err))
	case <-time.After(killPatience):
	}
}

// holder starts that process and waits for its query.
func (s lockStore) holder(t *testing.T, remote, checkpoint string) (c *child, id, end string) {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready")
	c = startChild(t, "TestLockHolder", append(s.env, envLockStore+"="+s.location, envLockRemote+"="+remote,
		envLockCheckpoint+"="+checkpoint, envLockReady+"="+ready)...)
	var text []byte
	c.until(t, "its query has a batch", func() (there bool) {
		var err error
		text, err = os.ReadFile(ready)
		return err == nil
	})
	return c, string(text), ready + ".end"
}

// refusedBy has a second supervisor say who holds the checkpoint, before it opens
// a session.
func refusedBy(t *testing.T, locks streaming.Locker, checkpoint string) string {
	t.Helper()
	s, err := streaming.NewSupervisor(&streaming.SupervisorOptions{Locker: locks, Open: func(context.Context) (*dataflow.Session, error) {
		return nil, errors.New("it must not open one")
	}})
	require.NoError(t, err)
	err = s.Run(within(t), lockQuery(checkpoint))
	require.ErrorIs(t, err, streaming.ErrCheckpointHeld)
	return err.Error()
}

// takeOver supervises the query as soon as the lock can be had.
func takeOver(t *testing.T, opts streaming.SupervisorOptions, checkpoint string) supervision {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		s := supervise(t, opts, lockQuery(checkpoint))
		select {
		case err := <-s.ended:
			require.ErrorIs(t, err, streaming.ErrCheckpointHeld)
			require.True(t, time.Now().Before(deadline), "the lock does not become free: %v", err)
		case start := <-s.start:
			s.start <- start
			return s
		case <-time.After(patience):
			require.FailNow(t, "neither started nor refused")
		}
		<-time.After(100 * time.Millisecond)
	}
}

// TestOneCheckpointOnTwoMachines is not parallel: it sets variables.
func TestOneCheckpointOnTwoMachines(t *testing.T) {
	remote := sparktest.Remote(t)
	for name, store := range lockStores(t) {
		t.Run(name, func(t *testing.T) { store.prove(t, remote) })
	}
}

func (s lockStore) prove(t *testing.T, remote string) {
	checkpoint, locks := filepath.Join(t.TempDir(), "orders"), openLocks(t, s.location)
	opts := streaming.SupervisorOptions{Open: connecting(remote, nil), Locker: locks}
	first, id, _ := s.holder(t, remote, checkpoint)
	said := refusedBy(t, locks, checkpoint)
	t.Log(said)
	host, err := os.Hostname()
	require.NoError(t, err)
	require.Regexp(t, fmt.Sprintf("belongs to another supervisor: process %d on (%s|%s) since ", first.Process.Pid, lockHost, host), said)
	<-time.After(2 * lockLease)
	require.Contains(t, refusedBy(t, locks, checkpoint), fmt.Sprintf("process %d on ", first.Process.Pid), "it is renewed")

	first.kill()
	killed := time.Now()
	refusedBy(t, locks, checkpoint) // nobody knows yet
	var mine *dataflow.Session
	opts.Locker = openLocks(t, s.proxied)
	opts.Open = func(ctx context.Context) (_ *dataflow.Session, err error) {
		mine, err = dataflow.Connect(ctx, remote, nil)
		return mine, err
	}
	second := takeOver(t, opts, checkpoint)
	t.Logf("taken over %v after the kill, with a lease of %v", time.Since(killed), lockLease)
	require.Greater(t, time.Since(killed), lockLease/2)
	require.Equal(t, id, second.batch(t, "orders", 0).ID, "it goes on with the checkpoint of the first")

	s.proxy.Refuse(true) // the second does not reach the store any more
	s.proxy.Cut()
	cut := time.Now()
	end := next(t, second.end)
	t.Logf("stopped %v after the store could not be reached: %v", time.Since(cut), end.Err)
	require.ErrorContains(t, end.Err, "the lock of the checkpoint location is lost")
	require.Equal(t, streaming.EndFailed, end.Reason)
	active, err := streaming.Queries(mine).Active(t.Context())
	require.NoError(t, err)
	require.Empty(t, active, "its query does not run any more")

	third, id, ended := s.holder(t, remote, checkpoint)
	require.Equal(t, end.ID, id)
	s.proxy.Refuse(false)
	err = next(t, second.ended)
	t.Logf("back at the store: %v", err)
	require.ErrorIs(t, err, streaming.ErrCheckpointHeld)
	require.ErrorContains(t, err, fmt.Sprintf("process %d on ", third.Process.Pid))

	third.pause(t) // its machine sleeps
	opts.Locker, opts.Open = locks, connecting(remote, nil)
	fourth := takeOver(t, opts, checkpoint)
	run := fourth.batch(t, "orders", 0).RunID
	third.resume(t)
	var text []byte
	third.until(t, "it ends since it has lost the lock", func() bool {
		text, err = os.ReadFile(ended)
		return err == nil
	})
	t.Logf("awake again: %s", text)
	require.True(t, strings.HasPrefix(string(text), "true "), string(text))
	for len(fourth.progress) > 0 {
		<-fourth.progress
	}
	require.Equal(t, run, fourth.batch(t, "orders", 0).RunID, "it disturbed nobody")
	require.Empty(t, fourth.restart)
}
