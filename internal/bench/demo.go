package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Rows of the tables.
const (
	ours        = "sparkpipe"
	stockClient = "stock Go client"
	predecessor = "predecessor"
)

// demo compares three programs that do the same work on Spark: 30 rows of CSV
// in, one query, CSV out.
func (b *bench) demo(ctx context.Context) error {
	if b.remote == "" {
		return nil
	}
	programs, err := b.demoPrograms(b.remote)
	if err != nil {
		return err
	}
	if err := b.warm(ctx, programs[1]); err != nil {
		return err
	}
	runs, err := measure(ctx, b.rounds, programs)
	if err != nil {
		return err
	}
	if err := b.sameOutput(programs); err != nil {
		return err
	}
	calls, err := b.countCalls(ctx)
	if err != nil {
		return err
	}
	t := newTable("The demo on a warm server, process start to exit",
		"program", "wall, ms", "its own CPU, ms", "peak memory, MB", "wall of sparkpipe / its wall", "calls to the server")
	for i, p := range programs {
		r := runs[i]
		t.row(p.name, r.wall.times(1e3).String(), r.cpu.times(1e3).String(), r.rss.String(), runs[0].wall.over(r.wall).String(), calls[i])
	}
	t.target("peak memory of sparkpipe", runs[0].rss, 30, " MB")
	if len(runs) > 2 {
		t.target("wall of sparkpipe / predecessor", runs[0].wall.over(runs[2].wall), 0.25, "")
		t.note("Nothing around the client at all, stock Go client / predecessor: %s.", runs[1].wall.over(runs[2].wall))
	}
	t.note("The wall of the Go programs is the server's but for a few milliseconds: see their CPU.")
	t.print(b.out)
	return nil
}

// A server is warm when it gets no faster: it compiles what it runs for some
// hundred runs, and takes that time from the programs.
const (
	warmBatch   = 20   // runs whose median is compared
	warmBatches = 15   // no more than that many
	warmGain    = 0.97 // of the best median before, else the batch was no faster
	warmIdle    = 2    // batches in a row that were no faster
)

// warm runs p until the server is warm, once when it shall be quick.
func (b *bench) warm(ctx context.Context, p program) error {
	batches, size := warmBatches, warmBatch
	if b.quick {
		batches, size = 1, 1
	}
	best, idle, runs := math.Inf(1), 0, 0
	for ; batches > 0 && idle < warmIdle; batches-- {
		batch := make(series, size)
		for i := range batch {
			used, err := p.run(ctx)
			if err != nil {
				return err
			}
			batch[i] = used.wall
		}
		runs += size
		idle++
		if batch.median() < warmGain*best {
			idle = 0
		}
		best = min(best, batch.median())
	}
	b.say("The server was warmed up with %d runs of the demo.", runs)
	return nil
}

// demoPrograms are the programs with everything they need, ours first.
func (b *bench) demoPrograms(remote string) ([]program, error) {
	programs := []program{
		{name: ours, args: []string{b.binary, "run", b.demoConf(ours)}},
		{name: stockClient, args: []string{b.stock, remote, b.csv, b.demoOut(stockClient), tidySQL}},
	}
	files := []string{ours}
	if b.venv != "" {
		programs = append(programs, program{name: predecessor, args: []string{
			b.venv, "-m", "pyspark_pipeline_framework.runner.cli", b.demoConf(predecessor),
		}})
		files = append(files, predecessor)
	}
	for _, name := range files {
		if err := write(b.demoConf(name), demoFile(remote, b.csv, b.demoOut(name))); err != nil {
			return nil, err
		}
	}
	return programs, nil
}

func (b *bench) demoConf(name string) string { return b.demoOut(name) + ".conf" }

func (b *bench) demoOut(name string) string {
	return filepath.Join(b.work, "demo-"+strings.ToLower(strings.ReplaceAll(name, " ", "-")))
}

// countCalls runs each program once through the counting proxy.
func (b *bench) countCalls(ctx context.Context) (calls []string, err error) {
	p, err := startProxy(ctx, b.remote)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	programs, err := b.demoPrograms(p.remote())
	if err != nil {
		return nil, err
	}
	for _, program := range programs {
		if _, err := program.run(ctx); err != nil {
			return nil, fmt.Errorf("behind the counting proxy: %w", err)
		}
		calls = append(calls, p.take())
	}
	return calls, nil
}

// sameOutput checks that the programs have written the same rows: a comparison
// of different work is none.
func (b *bench) sameOutput(programs []program) error {
	var first []string
	for i, p := range programs {
		rows, err := outputRows(b.demoOut(p.name))
		if err != nil {
			return err
		}
		if i == 0 {
			first = rows
		}
		if len(rows) == 0 || !slices.Equal(first, rows) {
			return fmt.Errorf("%s has written other rows than %s: %d and %d", p.name, programs[0].name, len(rows), len(first))
		}
	}
	return nil
}

// outputRows are the lines of all CSV files of a folder, sorted.
func outputRows(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil {
		return nil, err
	}
	var rows []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		rows = append(rows, strings.Fields(strings.ReplaceAll(string(data), " ", "_"))...)
	}
	slices.Sort(rows)
	return rows, nil
}
