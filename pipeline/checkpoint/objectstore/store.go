package objectstore

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// attempts is how often a request is sent, with at most a second in between.
const attempts = 6

// Options are the options of [Open]; nil means defaults.
type Options struct {
	// AccessKeyID, SecretAccessKey and SessionToken are credentials. Without the
	// first they are looked for, as the package says.
	AccessKeyID                   string
	SecretAccessKey, SessionToken secrets.Value
	// Lease is how long a lock outlives its process; see
	// [checkpoint.ObjectOptions]. The location comes first.
	Lease time.Duration
	// Transport sends the requests. Nil means one of the store's own, which uses
	// the proxy of the environment.
	Transport http.RoundTripper

	_ struct{}
}

// Validate returns all faults of the options, joined.
func (o *Options) Validate() error {
	var faults []error
	if (o.AccessKeyID == "") != o.SecretAccessKey.IsZero() {
		faults = append(faults, errors.New("AccessKeyID and SecretAccessKey: give both or neither"))
	}
	if o.AccessKeyID == "" && !o.SessionToken.IsZero() {
		faults = append(faults, errors.New("SessionToken: it needs an AccessKeyID"))
	}
	return errors.Join(faults...)
}

// Store keeps records in a bucket. It is made by [Open].
type Store struct {
	*checkpoint.ObjectStore
	transport http.RoundTripper
}

var _ checkpoint.Store = (*Store)(nil)

// Open returns the store of a location such as
// "s3://bucket/checkpoints?region=eu-central-1". It sends nothing.
func Open(location string, opts *Options) (*Store, error) {
	if opts == nil {
		opts = &Options{}
	}
	p, err := parse(location)
	if err != nil {
		return nil, fmt.Errorf("checkpoint location: %w", err)
	}
	if err := opts.Validate(); err != nil {
		return nil, fmt.Errorf("checkpoint location %s: %w", p, err)
	}
	b, transport, err := newBucket(p, opts)
	if err != nil {
		return nil, fmt.Errorf("checkpoint location %s: %w", p, err)
	}
	store, err := checkpoint.NewObjectStore(b, &checkpoint.ObjectOptions{Lease: cmp.Or(p.lease, opts.Lease)})
	if err != nil {
		return nil, fmt.Errorf("checkpoint location %s: %w", p, err)
	}
	return &Store{ObjectStore: store, transport: transport}, nil
}

// Close closes the connections that wait for more requests. It works twice, and
// the store works after it. A Transport of [Options] stays as it is.
func (s *Store) Close() error {
	if own, ok := s.transport.(*http.Transport); ok {
		own.CloseIdleConnections()
	}
	return nil
}

func newBucket(p *place, opts *Options) (*bucket, http.RoundTripper, error) {
	host, secure := "s3.amazonaws.com", true
	if p.endpoint != nil {
		host, secure = p.endpoint.Host, p.endpoint.Scheme == "https"
	}
	lookup := minio.BucketLookupDNS
	if p.pathStyle {
		lookup = minio.BucketLookupPath
	}
	transport := opts.Transport
	var own http.RoundTripper
	if transport == nil {
		made, err := minio.DefaultTransport(secure)
		if err != nil {
			return nil, nil, err
		}
		transport, own = made, made
	}
	credentials := keys(p, opts)
	client, err := minio.NewCore(host, &minio.Options{
		Creds: credentials, Secure: secure, Region: p.region, BucketLookup: lookup,
		Transport: conditional{transport}, MaxRetries: attempts,
	})
	if err != nil {
		return nil, nil, err
	}
	return &bucket{client: client, credentials: credentials, place: p, page: 1000}, own, nil
}
