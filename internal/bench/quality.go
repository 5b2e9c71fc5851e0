package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

//go:embed quality.py
var qualityPy string

// The tables of the section quality. BENCH_ROWS and BENCH_CSV_ROWS say other sizes.
const (
	qualityParquetRows = 5_000_000
	qualityCSVRows     = 300_000
)

// quality compares checks in one query, or along with a write, with the predecessor's,
// which run one or two queries each.
func (b *bench) quality(ctx context.Context) error {
	if b.remote == "" {
		return nil
	}
	parquet, csv := sizeFrom("BENCH_ROWS", qualityParquetRows), sizeFrom("BENCH_CSV_ROWS", qualityCSVRows)
	if b.quick {
		parquet, csv = min(parquet, 50_000), min(csv, 10_000)
	}
	if err := b.qualityOf(ctx, "parquet", "Parquet", parquet, 2, 3); err != nil {
		return err
	}
	return b.qualityOf(ctx, "csv", "CSV below a window", csv, 7, 4)
}

// sizeFrom reads a number of rows from the environment.
func sizeFrom(variable string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil && n > 0 {
		return n
	}
	return usual
}

// qualityOf measures one table; nine and ten are the bounds for the checks without
// and with that of the key.
func (b *bench) qualityOf(ctx context.Context, format, title string, rows int, nine, ten float64) (err error) {
	folder := filepath.Join(b.work, "quality")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	env := []string{"BENCH_QUALITY=" + folder}
	w, err := startWorker(ctx, program{name: "inside", args: []string{b.inside}, env: env})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	ask := func(who *worker, what string) func() (float64, error) {
		return func() (float64, error) { return who.ask(fmt.Sprintf("quality %s %s %d", what, format, rows)) }
	}
	if _, err := ask(w, "make")(); err != nil {
		return err
	}
	cases := []func() (float64, error){ask(w, "nine"), ask(w, "ten"), ask(w, "write"), ask(w, "along")}
	if b.venv != "" {
		script := filepath.Join(b.work, "quality.py")
		if err := write(script, qualityPy); err != nil {
			return err
		}
		python, err := startWorker(ctx, program{name: "predecessor", args: []string{b.venv, script}, env: env})
		if err != nil {
			return err
		}
		defer func() { _ = python.stop() }()
		cases = append(cases, ask(python, "nine"), ask(python, "ten"))
	}
	got, err := seriesInTurns(b.rounds, cases)
	if err != nil {
		return err
	}
	b.printQuality(fmt.Sprintf("Checks of %s rows of ten columns, %s", thousands(rows), title), got, nine, ten)
	return nil
}

func (b *bench) printQuality(title string, got []series, nine, ten float64) {
	t := newTable(title, "what", "sparkpipe, s", "predecessor, s", "times as fast")
	before := append(got, nil, nil)[4:6]
	for i, what := range []string{"nine checks: rows, nulls, ranges, conditions", "and that the key is unique"} {
		if before[i] == nil {
			t.row(what, got[i].String(), "-", "-")
			continue
		}
		faster := before[i].over(got[i])
		t.row(what, got[i].String(), before[i].String(), faster.String())
		if !b.quick {
			atLeast(t, what, faster, []float64{nine, ten}[i])
		}
	}
	t.row("a write", got[2].String(), "-", "-")
	t.row("the nine along with the write", got[3].String(), "-", "-")
	over := got[3].over(got[2])
	if b.quick {
		t.note("Along with the write over the write: %s.", over)
	} else {
		t.target("the nine along with the write, over the write alone", over, 1.1, "")
	}
	t.note("The predecessor runs one or two queries a check, one check after another. The key is dense.")
	t.print(b.out)
}
