package objectstore

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/storetest"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func realBucket(t *testing.T) *bucket {
	t.Helper()
	service := storetest.S3(t)
	p, err := parse(fmt.Sprintf("s3://conditions-%d/x?region=us-east-1&endpoint=%s", time.Now().UnixNano(), service.Endpoint))
	require.NoError(t, err)
	b, transport, err := newBucket(p, &Options{AccessKeyID: service.AccessKey, SecretAccessKey: secrets.NewValue(service.SecretKey)})
	require.NoError(t, err)
	store := &Store{transport: transport}
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, b.client.MakeBucket(t.Context(), p.bucket, minio.MakeBucketOptions{}))
	return b
}

func TestBucket_listsAllPages(t *testing.T) {
	t.Parallel()
	b := realBucket(t)
	b.page = 3
	want := map[string]bool{}
	for i := range 10 {
		key := fmt.Sprintf("runs/run-%d.json", i)
		_, err := b.Put(t.Context(), key, &checkpoint.Write{Data: []byte("x")})
		require.NoError(t, err)
		want[key] = true
	}
	_, err := b.Put(t.Context(), "locks/run-1.json", &checkpoint.Write{Data: []byte("x")})
	require.NoError(t, err)
	got := map[string]bool{}
	for key, err := range b.List(t.Context(), "runs/run-") {
		require.NoError(t, err)
		got[key] = true
	}
	require.Equal(t, want, got)
	seen := 0
	for range b.List(t.Context(), "runs/") {
		if seen++; seen == 2 {
			break
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range b.List(ctx, "runs/") {
		require.ErrorIs(t, err, context.Canceled)
	}
}

func TestBucket_conditions(t *testing.T) {
	t.Parallel()
	b := realBucket(t)
	_, err := b.Get(t.Context(), "a", 10)
	require.ErrorIs(t, err, checkpoint.ErrNoObject)
	_, err = b.Put(t.Context(), "a", &checkpoint.Write{Data: []byte("x"), Tag: "0123456789abcdef"})
	require.ErrorIs(t, err, checkpoint.ErrPrecondition, "what is not there cannot be replaced")
	first, err := b.Put(t.Context(), "a", &checkpoint.Write{Data: []byte("0123456789abcdef"), Mark: "m"})
	require.NoError(t, err)
	_, err = b.Put(t.Context(), "a", &checkpoint.Write{Data: []byte("y")})
	require.ErrorIs(t, err, checkpoint.ErrPrecondition)
	obj, err := b.Get(t.Context(), "a", 5)
	require.NoError(t, err)
	require.Equal(t, "012345", string(obj.Data), "the limit and one byte more")
	require.Equal(t, first, obj.Tag)
	require.Equal(t, "m", obj.Mark)
	require.LessOrEqual(t, obj.Now.Sub(obj.Modified).Abs().Seconds(), 5.0)
	second, err := b.Put(t.Context(), "a", &checkpoint.Write{Data: []byte("y"), Tag: first})
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	// MinIO removes whatever the condition says, which the store finds out.
	if err = b.Remove(t.Context(), "a", first); err != nil {
		require.ErrorIs(t, err, checkpoint.ErrPrecondition)
		require.NoError(t, b.Remove(t.Context(), "a", second))
	}
	require.NoError(t, b.Remove(t.Context(), "a", ""), "it is not there")
}
