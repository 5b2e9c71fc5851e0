package sqlopen

import (
	"cmp"
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// ConnectTimeout is how long connecting may take where the URL does not say.
	ConnectTimeout = 10 * time.Second
	// idleTime is how long a connection is kept that nobody uses.
	idleTime = time.Minute
)

// Postgres returns a database of at most so many connections. It sends nothing. What
// the URL leaves open comes from the environment variables of libpq.
func Postgres(u *url.URL, conns int) (*sql.DB, error) {
	config, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, reason(err)
	}
	config.ConnectTimeout = cmp.Or(config.ConnectTimeout, ConnectTimeout)
	return Limit(stdlib.OpenDB(*config), conns), nil
}

// Limit bounds the connections of a database.
func Limit(db *sql.DB, conns int) *sql.DB {
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxIdleTime(idleTime)
	return db
}

// reason returns why the driver cannot read a URL, without the URL that its errors
// begin with.
func reason(err error) error {
	text := err.Error()
	if _, after, found := strings.Cut(text, "`: "); found {
		return errors.New(after)
	}
	return errors.New("the driver cannot read it; want postgres://user@host:port/database?sslmode=…")
}
