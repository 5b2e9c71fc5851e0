package sqldb

import (
	"database/sql"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/internal/sqlopen"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// maxConns is how many connections a trail has: its events are written one after the
// other.
const maxConns = 2

// Openers are [Postgres] and [MySQL].
func Openers() []audit.Opener { return []audit.Opener{Postgres(), MySQL()} }

// Postgres opens URLs of PostgreSQL.
func Postgres() audit.Opener {
	schemes := []string{"postgres", "postgresql"}
	return audit.Opener{Schemes: schemes, Open: func(url secrets.Value) (*sql.DB, audit.Dialect, error) {
		u, err := sqlopen.Parse(url.Reveal(), schemes...)
		if err != nil {
			return nil, "", err
		}
		db, err := sqlopen.Postgres(u, maxConns)
		return db, audit.DialectPostgres, err
	}}
}

// MySQL opens URLs of MySQL and MariaDB.
func MySQL() audit.Opener {
	schemes := []string{"mysql", "mariadb"}
	return audit.Opener{Schemes: schemes, Open: func(url secrets.Value) (*sql.DB, audit.Dialect, error) {
		u, err := sqlopen.Parse(url.Reveal(), schemes...)
		if err != nil {
			return nil, "", err
		}
		config, err := mysqlConfig(u)
		if err != nil {
			return nil, "", err
		}
		db, err := openMySQL(config)
		return db, audit.DialectMySQL, err
	}}
}
