package objectstore_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sparkpipe/sparkpipe/internal/storetest"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/checkpointtest"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/objectstore"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// TestMain also is the program that the tests of kills start.
func TestMain(m *testing.M) {
	if location := os.Getenv(envChild); location != "" {
		fmt.Fprintln(os.Stderr, saveForEver(location))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// service is a real object storage with one bucket.
type service struct {
	storetest.Service
	client *minio.Client
	bucket string
	places atomic.Int64
}

func startService(t *testing.T) *service {
	t.Helper()
	s := &service{Service: storetest.S3(t), bucket: fmt.Sprintf("sparkpipe-%d", time.Now().UnixNano())}
	transport := &http.Transport{MaxIdleConnsPerHost: 4}
	t.Cleanup(transport.CloseIdleConnections)
	client, err := minio.New(strings.TrimPrefix(s.Endpoint, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""), Region: "us-east-1", Transport: transport,
	})
	require.NoError(t, err)
	require.NoError(t, client.MakeBucket(t.Context(), s.bucket, minio.MakeBucketOptions{}))
	s.client = client
	return s
}

// place returns the location of a prefix that is empty.
func (s *service) place() string {
	return fmt.Sprintf("s3://%s/tests/%d?endpoint=%s&region=us-east-1", s.bucket, s.places.Add(1), s.Endpoint)
}

func (s *service) open(t *testing.T, location string) *objectstore.Store {
	t.Helper()
	store, err := objectstore.Open(location, &objectstore.Options{
		AccessKeyID: s.AccessKey, SecretAccessKey: secrets.NewValue(s.SecretKey),
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, store.Close())
		require.NoError(t, store.Close(), "it works twice")
	})
	return store
}

func TestStore(t *testing.T) {
	t.Parallel()
	s := startService(t)
	checkpointtest.Run(t, func(t *testing.T) (one, other checkpoint.Store) {
		location := s.place()
		return s.open(t, location), s.open(t, location)
	})
}
