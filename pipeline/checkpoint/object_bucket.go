package checkpoint

import (
	"context"
	"errors"
	"iter"
	"time"
)

var (
	// ErrNoObject means that a [Bucket] has no object of the key.
	ErrNoObject = errors.New("no such object")
	// ErrPrecondition means that a [Bucket] has another object of the key than
	// the one that was to be replaced or removed.
	ErrPrecondition = errors.New("the object is another one")
	// ErrUnconditional means that a storage does what it is asked also when the
	// condition does not hold. No store of ours can work on it.
	ErrUnconditional = errors.New("the storage ignores the conditions of writes (If-None-Match and If-Match)")
)

// Bucket is the storage of objects below an [ObjectStore]; package objectstore
// has one for S3. Implementations are safe for concurrent use, and try again by
// themselves what fails for a moment, for as long as ctx lasts. Keys have lower-case letters,
// digits and "-_.~/" only, and at most 250 bytes.
type Bucket interface {
	// Get reads an object, or its first limit+1 bytes if it is longer. It returns
	// an [ErrNoObject] when there is none.
	Get(ctx context.Context, key string, limit int64) (*Object, error)
	// Put writes an object, whole or not at all, and returns its tag. It returns
	// an [ErrPrecondition] when the condition of w does not hold, and then writes
	// nothing. That must hold for writes at the same moment, too.
	Put(ctx context.Context, key string, w *Write) (tag string, err error)
	// Remove removes an object. With a tag it removes only the object of that tag
	// and returns an [ErrPrecondition] when there is another one; a storage that
	// cannot do that returns an [errors.ErrUnsupported], or removes the object,
	// which the store then finds out. An object that is not there is no error.
	Remove(ctx context.Context, key, tag string) error
	// List yields the keys that begin with the prefix, in no particular order,
	// and ends after an error.
	List(ctx context.Context, prefix string) iter.Seq2[string, error]
	// String names the place in errors, without credentials, for example
	// "s3://bucket/dir".
	String() string
}

// Object is an object of a [Bucket].
type Object struct {
	// Data is the content.
	Data []byte
	// Tag tells this content from every other one that the key ever had.
	Tag string
	// Mark is that of the [Write].
	Mark string
	// Modified is when the object was written, and Now is when it was read, both
	// by the clock of the storage. Whole seconds do.
	Modified, Now time.Time
}

// Write is what [Bucket].Put writes.
type Write struct {
	// Data is the content.
	Data []byte
	// Mark is kept beside the content and comes back with it. By it a writer
	// knows its own write when the answer to it was lost on the way.
	Mark string
	// Tag is that of the object to replace. Empty means that there must be none.
	Tag string
}
