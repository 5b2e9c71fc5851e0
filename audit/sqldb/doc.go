// Package sqldb opens the databases of audit trails: PostgreSQL, MySQL and MariaDB.
//
//	hook, err := audit.New(cfg, &audit.Options{Openers: sqldb.Openers()})
//
// It is a package of its own because it links their drivers. A program that wants
// one of them, or another, gives [audit.Options] an [audit.Opener] of its own.
//
// # URLs
//
// A URL is postgres://user:password@host:port/database, also postgresql://, or
// mysql://user:password@host:port/database, also mariadb://. Characters of a user or
// a password other than letters, digits and -._~ are written %xx.
//
// For PostgreSQL what the URL leaves open comes from the environment variables of
// libpq (PGHOST, PGPASSWORD, PGSSLMODE and so on), and its parameters are those of
// libpq, such as sslmode=verify-full. For MySQL they are:
//
//   - tls: true, skip-verify, preferred (the default: when the server has it) or
//     false. true asks for a certificate that this machine trusts.
//   - tls_ca: a file with the certificates to trust instead, in PEM; means tls=true.
//   - timeout, readTimeout, writeTimeout: such as 30s. timeout is that of
//     connecting, by default 10 seconds.
//   - collation, maxAllowedPacket, allowCleartextPasswords, allowNativePasswords: as
//     the driver takes them.
//
// # Errors
//
// No error shows anything of a URL but its scheme and names of its parameters.
//
// # Concurrency
//
// All of it is safe for concurrent use.
package sqldb
