package storetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// EnvPostgres is the environment variable with the URL of a database that is
// there already.
const EnvPostgres = "SPARKPIPE_TEST_POSTGRES"

// Password is the one of the user "tester" of [Postgres].
const Password = "s3cr3t of the tester"

// Postgres starts a PostgreSQL with an empty database and returns its URL with
// the password. Connections need the password.
func Postgres(tb testing.TB) string {
	tb.Helper()
	if url := os.Getenv(EnvPostgres); url != "" {
		return url
	}
	bin := postgresDir(tb)
	dir := tb.TempDir()
	data, password := filepath.Join(dir, "data"), filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte(Password+"\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	who := notRoot(tb, dir, password)
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "tester", "--pwfile", password,
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
	return fmt.Sprintf("postgres://tester:%s@127.0.0.1:%d/postgres", strings.ReplaceAll(Password, " ", "%20"), port)
}

// postgresDir returns the folder of the programs: Debian keeps them off PATH.
func postgresDir(tb testing.TB) string {
	tb.Helper()
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		missing(tb, "PostgreSQL", "make setup-stores")
	}
	return filepath.Dir(slices.Max(found))
}
