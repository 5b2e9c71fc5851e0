package postgres

import (
	"cmp"
	"database/sql"
	"fmt"
	"net/url"
	"time"

	"github.com/sparkpipe/sparkpipe/internal/sqlopen"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

// maxConns is how many connections a store has: it saves one record at a time and
// renews its lock meanwhile.
const maxConns = 4

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
	u, err := sqlopen.Parse(location, "postgres", "postgresql")
	if err != nil {
		return nil, fmt.Errorf("checkpoint location: %w", err)
	}
	where := sqlopen.Place(u)
	table, lease, err := ours(u)
	if err != nil {
		return nil, fmt.Errorf("checkpoint location %s: %w", where, err)
	}
	db, err := sqlopen.Postgres(u, maxConns)
	if err != nil {
		return nil, fmt.Errorf("checkpoint location %s: %w", where, err)
	}
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

// ours takes the parameters that the database does not know out of the URL.
func ours(u *url.URL) (table string, lease time.Duration, err error) {
	query, err := sqlopen.Query(u)
	if err != nil {
		return "", 0, err
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
