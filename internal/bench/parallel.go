package main

import (
	"context"
	"fmt"
	"math"
	"runtime"
)

// components is how many run in each measurement with a server; the worker has
// the same number.
const components = 10

// parallel measures what running components at the same time gains.
func (b *bench) parallel(ctx context.Context) error {
	if err := b.parallelRunner(ctx); err != nil || b.remote == "" {
		return err
	}
	wait, rows, rounds := 1000, 2_000_000, min(b.rounds, 5)
	if b.quick {
		wait, rows = 100, 100_000
	}
	waits, err := b.askInside(ctx, rounds, fmt.Sprintf("parallel wait 1 %d", wait), fmt.Sprintf("parallel wait 10 %d", wait))
	if err != nil {
		return err
	}
	if !b.quick {
		if rows, err = b.rowsOfASecond(ctx, rows); err != nil {
			return err
		}
	}
	widths := []int{1, 2, 10}
	requests := make([]string, len(widths))
	for i, width := range widths {
		requests[i] = fmt.Sprintf("parallel cpu %d %d", width, rows)
	}
	work, err := b.askInside(ctx, rounds, requests...)
	if err != nil {
		return err
	}
	t := newTable(fmt.Sprintf("%d independent components", components), "each", "max_parallel", "s", "times as fast as one at a time")
	what := fmt.Sprintf("waits %s s on the server", digits(float64(wait)/1000))
	t.row(what, "1", waits[0].String(), "1")
	t.row(what, "10", waits[1].String(), waits[0].over(waits[1]).String())
	what = fmt.Sprintf("calculates over %s rows in one task", thousands(rows))
	for i, width := range widths {
		t.row(what, fmt.Sprint(width), work[i].String(), work[0].over(work[i]).String())
	}
	if !b.quick {
		t.target("ten waits of 1 s, all at once", waits[1], 1.4, " s")
		atLeast(t, "ten waits over one at a time", waits[0].over(waits[1]), 7.5)
		if runtime.NumCPU() >= 2 {
			atLeast(t, "ten calculations over one at a time", work[0].over(work[2]), 1.6)
		}
	}
	t.note("A wait takes a thread of the server and no core, as one for a database does. One at a time is what the predecessor does: it had 10.9 s.")
	t.note("Calculations gain what the server has of free cores; other work on the machine takes from that.")
	t.print(b.out)
	return nil
}

// rowsOfASecond gives the size of a calculation that takes about a second alone,
// on a server that has warmed up.
func (b *bench) rowsOfASecond(ctx context.Context, rows int) (int, error) {
	for range 2 { // the server gets faster while it is asked
		got, err := b.askInside(ctx, 1, fmt.Sprintf("parallel cpu 1 %d", rows))
		if err != nil {
			return 0, err
		}
		each := got[0].median() / components
		rows = max(1, int(math.Round(float64(rows)/each/1e5))) * 1e5
	}
	return rows, nil
}

// atLeast notes whether the median of a ratio reaches a bound.
func atLeast(t *table, what string, s series, bound float64) {
	verdict := "met"
	if s.median() < bound {
		verdict = "MISSED"
	}
	t.note("Target %s: %s at least %s, measured %s.", verdict, what, digits(bound), s)
}

// parallelRunner measures what the runner adds to components that do nothing.
func (b *bench) parallelRunner(ctx context.Context) error {
	sizes, widths := []int{100, 10_000}, []int{1, 10, 100}
	if b.quick {
		sizes = []int{100}
	}
	t := newTable("Cost of the runner at several at a time, components that do nothing",
		"components", "max_parallel", "µs per component", "peak memory, MB")
	for _, size := range sizes {
		requests := make([]string, len(widths))
		for i, width := range widths {
			requests[i] = fmt.Sprintf("parallel nothing %d %d", width, size)
		}
		got, err := b.askInside(ctx, b.rounds, requests...)
		if err != nil {
			return err
		}
		for i, width := range widths {
			used, err := program{name: ours, args: []string{b.inside, requests[i]}}.run(ctx)
			if err != nil {
				return err
			}
			t.row(thousands(size), fmt.Sprint(width), got[i].times(1e6/float64(size)).String(), digits(used.rss))
		}
	}
	t.note("Peak memory is that of a process of its own that does this once.")
	t.print(b.out)
	return nil
}
