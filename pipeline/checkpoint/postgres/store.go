package postgres

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

const (
	// maxConns is how many connections a store has: it saves one record at a time
	// and renews its lock meanwhile.
	maxConns       = 4
	maxIdleTime    = time.Minute
	connectTimeout = 10 * time.Second
)

// Options are the options of [Open]; nil means defaults. What the location says
// comes first.
type Options struct {
	// Table is the name of the table; see [checkpoint.SQLOptions].
	Table string
	// Lease is how long a lock outlives its process; see [checkpoint.SQLOptions].
	Lease time.Duration

	_ struct{}
}

// Store keeps records in a database. It is made by [Open].
type Store struct {
	*checkpoint.SQLStore
	db *sql.DB
}

var _ checkpoint.Store = (*Store)(nil)

// Open returns the store of a location such as "postgres://etl@host/runs". It
// sends nothing.
func Open(location string, opts *Options) (*Store, error) {
	if opts == nil {
		opts = &Options{}
	}
	u, err := parse(location)
	if err != nil {
		return nil, fmt.Errorf("checkpoint location: %w", err)
	}
	where := u.Scheme + "://" + u.Host + u.Path // without the user and the parameters
	table, lease, err := ours(u)
	if err != nil {
		return nil, fmt.Errorf("checkpoint location %s: %w", where, err)
	}
	config, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, fmt.Errorf("checkpoint location %s: %w", where, reason(err))
	}
	config.ConnectTimeout = cmp.Or(config.ConnectTimeout, connectTimeout)
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	db.SetConnMaxIdleTime(maxIdleTime)
	store, err := checkpoint.NewSQLStore(db, checkpoint.DialectPostgres, &checkpoint.SQLOptions{
		Table: cmp.Or(table, opts.Table), Lease: cmp.Or(lease, opts.Lease), CreateTables: true,
	})
	if err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("checkpoint location %s: %w", where, err)
	}
	return &Store{SQLStore: store, db: db}, nil
}

// Close closes the connections. Release locks first. It works twice.
func (s *Store) Close() error { return s.db.Close() }

// parse reads the URL. Its errors never repeat it: a password may be anywhere in
// it by mistake.
func parse(location string) (*url.URL, error) {
	u, err := url.Parse(location)
	if err != nil {
		return nil, errors.New("it is not a URL; want postgres://user@host/database, with %xx for other characters in a password")
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("want postgres://user@host/database")
	}
	if u.Fragment != "" {
		return nil, errors.New("it has a \"#\"; write %23 in a password")
	}
	return u, nil
}

// ours takes the parameters that the database does not know out of the URL.
func ours(u *url.URL) (table string, lease time.Duration, err error) {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", 0, errors.New("what follows the \"?\" cannot be read; want name=value, joined by \"&\"")
	}
	table = query.Get("table")
	if text := query.Get("lease"); text != "" {
		if lease, err = time.ParseDuration(text); err != nil || lease <= 0 {
			return "", 0, fmt.Errorf("the parameter lease is %q; want a time such as 30s or 1m", text)
		}
	}
	query.Del("table")
	query.Del("lease")
	u.RawQuery = query.Encode()
	return table, lease, nil
}

// reason returns why the driver cannot read a location, without the location
// that its errors begin with.
func reason(err error) error {
	text := err.Error()
	if _, after, found := strings.Cut(text, "`: "); found {
		return errors.New(after)
	}
	return errors.New("the driver cannot read it; want postgres://user@host:port/database?sslmode=…")
}
