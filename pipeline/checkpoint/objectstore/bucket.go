package objectstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

// markKey is the metadata that keeps the mark of a write.
const markKey = "Sparkpipe-Mark"

// conflictPause is the time before a write that met another one is sent again.
const conflictPause = 50 * time.Millisecond

// bucket is the part of a bucket below a prefix.
type bucket struct {
	client      *minio.Core
	credentials *credentials.Credentials
	place       *place
	page        int // keys in one answer of List
}

var _ checkpoint.Bucket = (*bucket)(nil)

// String implements [checkpoint.Bucket].
func (b *bucket) String() string { return b.place.String() }

func (b *bucket) key(key string) string {
	if b.place.prefix == "" {
		return key
	}
	return b.place.prefix + "/" + key
}

// Get implements [checkpoint.Bucket]. The library tries a request again but not
// an answer that breaks off.
func (b *bucket) Get(ctx context.Context, key string, limit int64) (*checkpoint.Object, error) {
	for attempt := 1; ; attempt++ {
		obj, broken, err := b.get(ctx, key, limit)
		if !broken || attempt == attempts || ctx.Err() != nil {
			return obj, err
		}
	}
}

func (b *bucket) get(ctx context.Context, key string, limit int64) (obj *checkpoint.Object, broken bool, err error) {
	body, info, header, err := b.client.GetObject(ctx, b.place.bucket, b.key(key), minio.GetObjectOptions{})
	if err != nil {
		err = b.fault(err)
		var answer *ServiceError
		if errors.As(err, &answer) && answer.Code == minio.NoSuchKey {
			err = checkpoint.ErrNoObject
		}
		return nil, false, err
	}
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, true, fmt.Errorf("read the answer: %w", err)
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil || info.LastModified.IsZero() || info.ETag == "" {
		return nil, false, errors.New("the service does not tell the time, or not the tag and the time of an object " +
			"(the headers Date, ETag and Last-Modified)")
	}
	return &checkpoint.Object{
		Data: data, Tag: info.ETag, Mark: header.Get("X-Amz-Meta-" + markKey), Modified: info.LastModified, Now: now,
	}, false, nil
}

// Put implements [checkpoint.Bucket].
func (b *bucket) Put(ctx context.Context, key string, w *checkpoint.Write) (string, error) {
	for attempt := 1; ; attempt++ {
		tag, err := b.put(ctx, key, w)
		var answer *ServiceError
		if !errors.As(err, &answer) || !answer.conflict() || attempt == attempts {
			return tag, err
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-time.After(conflictPause * time.Duration(attempt)):
		}
	}
}

func (b *bucket) put(ctx context.Context, key string, w *checkpoint.Write) (string, error) {
	opts := minio.PutObjectOptions{ContentType: "application/json"}
	if w.Mark != "" {
		opts.UserMetadata = map[string]string{markKey: w.Mark}
	}
	if w.Tag == "" {
		opts.SetMatchETagExcept("*")
	} else {
		opts.SetMatchETag(w.Tag)
	}
	sum := sha256.Sum256(w.Data) // with it the request is plain and not cut into signed chunks
	info, err := b.client.PutObject(ctx, b.place.bucket, b.key(key), bytes.NewReader(w.Data), int64(len(w.Data)),
		"", hex.EncodeToString(sum[:]), opts)
	if err != nil {
		return "", b.refused(err)
	}
	if info.ETag == "" {
		return "", errors.New("the service does not tell the tag of an object (the header ETag)")
	}
	return info.ETag, nil
}

// refused tells a condition that does not hold from other errors. To replace or
// remove what is not there is one, too.
func (b *bucket) refused(err error) error {
	err = b.fault(err)
	var answer *ServiceError
	if errors.As(err, &answer) && (answer.Status == http.StatusPreconditionFailed || answer.Code == minio.NoSuchKey) {
		return checkpoint.ErrPrecondition
	}
	return err
}

// Remove implements [checkpoint.Bucket].
func (b *bucket) Remove(ctx context.Context, key, tag string) error {
	if tag != "" {
		ctx = context.WithValue(ctx, removeOnly{}, tag)
	}
	err := b.client.RemoveObject(ctx, b.place.bucket, b.key(key), minio.RemoveObjectOptions{})
	if err == nil {
		return nil
	}
	if err = b.refused(err); tag == "" && errors.Is(err, checkpoint.ErrPrecondition) {
		return nil // it is not there
	}
	return err
}

// removeOnly is the key of the tag that an object must have to be removed.
type removeOnly struct{}

// conditional adds the condition of a removal, for which the library has no
// option.
type conditional struct{ http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (c conditional) RoundTrip(req *http.Request) (*http.Response, error) {
	if tag, ok := req.Context().Value(removeOnly{}).(string); ok && req.Method == http.MethodDelete {
		req = req.Clone(req.Context())
		req.Header.Set("If-Match", `"`+tag+`"`)
	}
	return c.RoundTripper.RoundTrip(req)
}

// List implements [checkpoint.Bucket].
func (b *bucket) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		below := b.key("")
		for info := range b.client.ListObjectsIter(ctx, b.place.bucket, minio.ListObjectsOptions{
			Prefix: b.key(prefix), Recursive: true, MaxKeys: b.page,
		}) {
			if info.Err != nil {
				yield("", b.fault(info.Err))
				return
			}
			if !yield(strings.TrimPrefix(info.Key, below), nil) {
				return
			}
		}
		if ctx.Err() != nil {
			yield("", context.Cause(ctx))
		}
	}
}
