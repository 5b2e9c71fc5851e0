package storetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// MariaDB starts a MariaDB with an empty database.
func MariaDB(tb testing.TB) *Database {
	tb.Helper()
	program, install := mariaPrograms(tb)
	dir := tb.TempDir()
	data, first := filepath.Join(dir, "data"), filepath.Join(dir, "first.sql")
	// One statement a line.
	text := fmt.Sprintf("CREATE USER IF NOT EXISTS '%[1]s'@'127.0.0.1' IDENTIFIED BY '%[2]s';\nGRANT ALL ON *.* TO '%[1]s'@'127.0.0.1';\n"+
		"CREATE DATABASE IF NOT EXISTS db CHARACTER SET utf8mb4;\n", tester, Password)
	if err := os.WriteFile(first, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	who := notRoot(tb, dir, first)
	setup := exec.Command(install, "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", "--datadir="+data)
	who(setup)
	if out, err := setup.CombinedOutput(); err != nil {
		tb.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
	port := freePort(tb)
	server := exec.Command(program, "--no-defaults", "--datadir="+data, fmt.Sprintf("--port=%d", port), "--bind-address=127.0.0.1",
		"--socket="+filepath.Join(dir, "s"), "--pid-file="+filepath.Join(dir, "pid"), "--init-file="+first,
		"--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4")
	who(server)
	// The port is open after the first statements.
	start(tb, server, func() bool { return open(port) })
	return &Database{Addr: fmt.Sprintf("127.0.0.1:%d", port), User: tester, Password: Password, Name: "db", dir: data, server: server, stop: syscall.SIGKILL}
}

// mariaPrograms returns the server, which Debian keeps where only root looks, and
// what makes its folder.
func mariaPrograms(tb testing.TB) (server, install string) {
	tb.Helper()
	server, err := exec.LookPath("mariadbd")
	if err != nil {
		server = "/usr/sbin/mariadbd"
		if _, err := os.Stat(server); err != nil {
			missing(tb, "MariaDB")
		}
	}
	install, err = exec.LookPath("mariadb-install-db")
	if err != nil {
		missing(tb, "mariadb-install-db")
	}
	return server, install
}

// openAt reports whether somebody listens at the address.
func openAt(addr string) bool {
	var port int
	if _, err := fmt.Sscanf(addr[strings.LastIndexByte(addr, ':')+1:], "%d", &port); err != nil {
		return false
	}
	return open(port)
}
