package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"path/filepath"
)

//go:embed data.py
var dataPy string

// pyspark is the name of the rows of PySpark alone, without a framework.
const pyspark = "PySpark"

// way is one way to do what a table compares.
type way struct {
	client, name, request string
	python                bool
}

// rows compares the ways to get rows out of Spark.
func (b *bench) rows(ctx context.Context) error {
	if b.remote == "" {
		return nil
	}
	few, many := 2_000_000, 20_000_000
	if b.quick {
		few, many = 20_000, 200_000
	}
	ways := b.known([]way{
		{"gRPC stub", "receive", "rows bare", false},
		{"gRPC stub", "receive, reattachable", "rows reattachable", false},
		{ours, "Batches", "rows Batches", false},
		{ours, "RowsAs", "rows RowsAs", false},
		{ours, "Rows", "rows Rows", false},
		{stockClient, "ToArrow", "rows ToArrow", false},
		{stockClient, "Collect", "rows Collect", false},
		{pyspark, "toArrow", "rows toArrow", true},
		{pyspark, "toLocalIterator", "rows toLocalIterator", true},
		{pyspark, "collect", "rows collect", true},
	})
	got, err := b.askWays(ctx, ways, few)
	if err != nil {
		return err
	}
	t := newTable(fmt.Sprintf("%s rows of four columns out of Spark", thousands(few)),
		"client", "way", "s", "of the bare receive", "peak memory, MB", fmt.Sprintf("the same for %s rows", thousands(many)))
	for i, w := range ways {
		small, err := b.peak(ctx, w, few)
		if err != nil {
			return err
		}
		large := "-"
		if w.client == ours {
			if large, err = b.peak(ctx, w, many); err != nil {
				return err
			}
		}
		t.row(w.client, w.name, got[i].String(), got[i].over(got[0]).String(), small, large)
	}
	b.target(t, "a reattachable receive over one that is not", got[1].over(got[0]), 1.03)
	b.target(t, "Batches over the bare receive", got[2].over(got[0]), 1.25)
	b.target(t, "RowsAs over the bare receive", got[3].over(got[0]), 1.5)
	b.target(t, "RowsAs over the stock client's Collect", got[3].over(got[6]), 1.0/3)
	if len(got) > 9 {
		b.target(t, "RowsAs over PySpark's collect", got[3].over(got[9]), 1.0/10)
	}
	t.note("Peak memory is that of a process of its own that does this once.")
	t.print(b.out)
	return nil
}

// uploads compares the ways to get rows into Spark.
func (b *bench) uploads(ctx context.Context) error {
	if b.remote == "" {
		return nil
	}
	ways := b.known([]way{
		{ours, "default", "upload auto", false},
		{ours, "default, rows one by one", "upload seq", false},
		{ours, "inline", "upload inline", false},
		{ours, "cached", "upload cached", false},
		{ours, "staged", "upload staged", false},
		{pyspark, "pandas", "upload pandas", true},
		{pyspark, "Arrow", "upload arrow", true},
		{pyspark, "rows", "upload rows", true},
	})
	sizes := []int{1_000, 10_000, 100_000, 1_000_000}
	if b.quick {
		sizes = []int{1_000, 10_000}
	}
	t := newTable("Rows of four columns into Spark, and counted there", "rows", "client", "way", "ms", "over sparkpipe's default", "peak memory, MB")
	for _, size := range sizes {
		got, err := b.askWays(ctx, ways, size)
		if err != nil {
			return err
		}
		for i, w := range ways {
			peak := "-"
			if size == sizes[len(sizes)-1] {
				if peak, err = b.peak(ctx, w, size); err != nil {
					return err
				}
			}
			t.row(thousands(size), w.client, w.name, got[i].times(1e3).String(), got[i].over(got[0]).String(), peak)
		}
		if len(got) > 5 {
			b.target(t, fmt.Sprintf("sparkpipe's default over PySpark's of rows, %s rows", thousands(size)), got[0].over(got[7]), bound(size))
		}
	}
	t.note("Peak memory is that of a process of its own that does this once; the rows themselves are in it, but for those one by one.")
	t.print(b.out)
	return nil
}

// bound is the target for an upload: never slower, and an eighth from a million
// rows on.
func bound(size int) float64 {
	if size >= 1_000_000 {
		return 1.0 / 8
	}
	return 1
}

// target notes a target for a ratio, which the small sizes of -quick say nothing
// of.
func (b *bench) target(t *table, what string, s series, bound float64) {
	if !b.quick {
		t.target(what, s, bound, "")
	}
}

// known leaves out the ways of PySpark where that is not installed.
func (b *bench) known(ways []way) []way {
	var out []way
	for _, w := range ways {
		if !w.python || b.venv != "" {
			out = append(out, w)
		}
	}
	return out
}

// askWays asks for the ways in turns, of two workers of its own.
func (b *bench) askWays(ctx context.Context, ways []way, count int) ([]series, error) {
	script, err := b.dataScript()
	if err != nil {
		return nil, err
	}
	return b.askWaysOf(ctx, script, ways, count)
}

// askWaysOf is askWays with another script for the ways in Python.
func (b *bench) askWaysOf(ctx context.Context, script string, ways []way, count int) (got []series, err error) {
	inside, err := startWorker(ctx, program{name: "inside", args: []string{b.inside}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, inside.stop()) }()
	var python *worker
	if b.venv != "" {
		if python, err = startWorker(ctx, program{name: pyspark, args: []string{b.venv, script}}); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, python.stop()) }()
	}
	cases := make([]func() (float64, error), len(ways))
	for i, w := range ways {
		who := inside
		if w.python {
			who = python
		}
		cases[i] = func() (float64, error) { return who.ask(fmt.Sprintf("%s %d", w.request, count)) }
	}
	return seriesInTurns(b.rounds, cases)
}

// peak gives the peak memory in MB of a process that does it once.
func (b *bench) peak(ctx context.Context, w way, count int) (string, error) {
	args := []string{b.inside}
	if w.python {
		script, err := b.dataScript()
		if err != nil {
			return "", err
		}
		args = []string{b.venv, script}
	}
	used, err := program{name: w.client, args: append(args, fmt.Sprintf("%s %d", w.request, count))}.run(ctx)
	return digits(used.rss), err
}

func (b *bench) dataScript() (string, error) {
	script := filepath.Join(b.work, "data.py")
	return script, write(script, dataPy)
}

// thousands prints a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
