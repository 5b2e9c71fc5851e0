package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// jdbc compares reading a table of a database in parts with reading it whole. The
// server needs the driver: sparkpipe local --connectors postgresql.
func (b *bench) jdbc(ctx context.Context) (err error) {
	if b.remote == "" {
		return nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(found) == 0 {
		b.say("SKIPPED: the reads over JDBC: no PostgreSQL in /usr/lib/postgresql; run make setup-stores")
		return nil
	}
	address, stop, err := startPostgres(ctx, slices.Max(found))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	rows, rounds := 1_000_000, b.rounds
	if b.quick {
		rows = 50_000
	}
	w, err := startWorker(ctx, program{name: "inside", args: []string{b.inside}, env: []string{"BENCH_JDBC=jdbc:postgresql://" + address + "/postgres"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	if _, err := w.ask(fmt.Sprintf("jdbc make %d 1 0", rows)); err != nil {
		return fmt.Errorf("%w (the server needs the driver: sparkpipe local --connectors postgresql)", err)
	}
	ways := []struct {
		parts     int
		how, what string
		fetch     int
	}{{1, "read", "-", 0}, {8, "read", "given", 0}, {1, "read", "-", 10_000}, {2, "read", "given", 10_000}, {8, "read", "given", 10_000}, {8, "find", "found", 10_000}}
	cases := make([]func() (float64, error), len(ways))
	for i, way := range ways {
		cases[i] = func() (float64, error) {
			return w.ask(fmt.Sprintf("jdbc %s %d %d %d", way.how, rows, way.parts, way.fetch))
		}
	}
	got, err := seriesInTurns(rounds, cases)
	if err != nil {
		return err
	}
	t := newTable(fmt.Sprintf("A table of %s rows in PostgreSQL, read over JDBC", thousands(rows)), "rows a round trip", "partitions", "bounds", "s", "times as fast as one")
	for i, way := range ways {
		one, fetch := got[0], "all"
		if way.fetch > 0 {
			one, fetch = got[2], thousands(way.fetch)
		}
		t.row(fetch, fmt.Sprint(way.parts), way.what, got[i].String(), one.over(got[i]).String())
	}
	if !b.quick && runtime.NumCPU() >= 2 {
		atLeast(t, "8 partitions over one, with the fetch size of the driver", got[0].over(got[1]), 1.5)
		atLeast(t, "8 partitions over one, with 10,000 rows a round trip", got[2].over(got[4]), 1.5)
	}
	t.note("Five columns, all on this machine: the database works on the same cores. The time with bounds that are found includes the look for them.")
	t.print(b.out)
	return nil
}

// startPostgres starts a database in a temporary folder. It refuses root, and so
// runs as nobody then.
func startPostgres(ctx context.Context, bin string) (address string, stop func() error, err error) {
	dir, err := os.MkdirTemp("", "bench-postgres-*")
	if err != nil {
		return "", nil, err
	}
	clean := func() error { return os.RemoveAll(dir) }
	var as []string
	if os.Getuid() == 0 {
		as = []string{"setpriv", "--reuid=nobody", "--clear-groups"}
		if err := exec.CommandContext(ctx, "chown", "nobody", dir).Run(); err != nil {
			return "", nil, errors.Join(err, clean())
		}
	}
	command := func(name string, args ...string) *exec.Cmd {
		all := append(slices.Clone(as), append([]string{filepath.Join(bin, name)}, args...)...)
		cmd := exec.CommandContext(ctx, all[0], all[1:]...)
		cmd.Dir = dir
		return cmd
	}
	data := filepath.Join(dir, "data")
	if out, err := command("initdb", "-D", data, "-U", "bench", "-A", "trust", "--no-sync").CombinedOutput(); err != nil {
		return "", nil, errors.Join(fmt.Errorf("initdb: %w\n%s", err, out), clean())
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, errors.Join(err, clean())
	}
	address = listener.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	_ = listener.Close()
	server := command("postgres", "-D", data, "-p", port, "-h", "127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off")
	var log bytes.Buffer
	server.Stderr = &log
	if err := server.Start(); err != nil {
		return "", nil, errors.Join(err, clean())
	}
	stop = func() error {
		_ = server.Process.Signal(os.Interrupt)
		_ = server.Wait()
		return clean()
	}
	for range 200 {
		status, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
		if err == nil && bytes.Contains(status, []byte("ready")) {
			return address, stop, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return "", nil, errors.Join(errors.New("PostgreSQL does not get ready"), stop(), errors.New(log.String()))
}
