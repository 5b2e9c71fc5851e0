package storetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// EnvPostgres is the environment variable with the URL of a database that is
// there already.
const EnvPostgres = "SPARKPIPE_TEST_POSTGRES"

// Password is the one of the user "tester" of [Postgres] and [MariaDB].
const Password = "s3cr3t of the tester"

const tester = "tester"

// Postgres starts a PostgreSQL with an empty database and returns its URL with
// the password. Connections need the password.
func Postgres(tb testing.TB) string {
	tb.Helper()
	if url := os.Getenv(EnvPostgres); url != "" {
		return url
	}
	db := PostgresServer(tb)
	return fmt.Sprintf("postgres://%s:%s@%s/%s", db.User, strings.ReplaceAll(db.Password, " ", "%20"), db.Addr, db.Name)
}

// PostgresServer is [Postgres] for tests that stop it: it is always one of the
// test's own.
func PostgresServer(tb testing.TB) *Database {
	tb.Helper()
	bin := postgresDir(tb)
	dir := tb.TempDir()
	data, password := filepath.Join(dir, "data"), filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte(Password+"\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	who := notRoot(tb, dir, password)
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", tester, "--pwfile", password,
		"-A", "scram-sha-256", "-E", "UTF8", "--locale", "C", "--no-sync")
	who(initdb)
	if out, err := initdb.CombinedOutput(); err != nil {
		tb.Fatalf("initdb: %v\n%s", err, out)
	}
	port := freePort(tb)
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", fmt.Sprint(port), "-h", "127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=50")
	who(server)
	// The port is open before the database is; the file tells both.
	start(tb, server, func() bool {
		status, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
		lines := strings.Split(string(status), "\n")
		return err == nil && len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready"
	})
	return &Database{Addr: fmt.Sprintf("127.0.0.1:%d", port), User: tester, Password: Password, Name: "postgres", dir: data, server: server, stop: syscall.SIGQUIT}
}

// postgresDir returns the folder of the programs: Debian keeps them off PATH.
func postgresDir(tb testing.TB) string {
	tb.Helper()
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		missing(tb, "PostgreSQL")
	}
	return filepath.Dir(slices.Max(found))
}
