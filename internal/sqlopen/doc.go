// Package sqlopen opens databases by their URL, without showing of it what may be
// secret.
//
//	u, err := sqlopen.Parse("postgres://etl@host/runs", "postgres", "postgresql")
//	...
//	db, err := sqlopen.Postgres(u, 4)
//
// It is apart from the packages that use databases so that they agree on what a URL
// may be, and say the same of one that cannot be read.
//
// # Errors
//
// No error repeats the URL, because a password may be anywhere in it by mistake.
//
// # Concurrency
//
// The functions are safe for concurrent use, and so is a *sql.DB.
package sqlopen
