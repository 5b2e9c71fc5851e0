package main

import (
	"context"
	"errors"
	"fmt"
)

// queries compares a trivial query through our session with the same through
// the stock client's, PySpark and a gRPC stub with nothing around it: the calls it
// makes and how long it takes.
func (b *bench) queries(ctx context.Context) error {
	if b.remote == "" {
		return nil
	}
	calls, err := b.countQueryCalls(ctx)
	if err != nil {
		return err
	}
	ways := b.known([]way{
		{"gRPC stub", calls[2], "query bare", false},
		{"gRPC stub, reattachable", calls[3], "query reattachable", false},
		{ours, calls[0], "query ours", false},
		{stockClient, calls[1], "query stock", false},
		{pyspark, "-", "query pyspark", true},
	})
	got, err := b.askWays(ctx, ways, 50)
	if err != nil {
		return err
	}
	t := newTable("SELECT 1 and its row on an open session", "client", "calls to the server", "ms", "of the gRPC stub's")
	for i, w := range ways {
		t.row(w.client, w.name, got[i].times(1e3).String(), got[i].over(got[0]).String())
	}
	b.target(t, "reattachable over not", got[1].over(got[0]), 1.03)
	b.target(t, "sparkpipe over the gRPC stub", got[2].over(got[0]), 1.2)
	t.note("One round is the median of 50 queries each.")
	t.print(b.out)
	return nil
}

// countQueryCalls counts the calls of one query of each client behind the
// proxy, without those that open the session.
func (b *bench) countQueryCalls(ctx context.Context) (calls []string, err error) {
	p, err := startProxy(ctx, b.remote)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	w, err := startWorker(ctx, program{name: "inside", args: []string{b.inside}, env: []string{"SPARK_REMOTE=" + p.remote()}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	for _, client := range []string{"ours", "stock", "bare", "reattachable"} {
		if _, err := w.ask("query " + client + " 1"); err != nil { // opens the session
			return nil, err
		}
		p.take()
		if _, err := w.ask("query " + client + " 1"); err != nil {
			return nil, err
		}
		calls = append(calls, p.take())
	}
	return calls, nil
}

// plans measures how plans go between the client's DataFrame and ours.
func (b *bench) plans(ctx context.Context) error {
	if b.remote == "" {
		return nil
	}
	requests := []string{"export 20000", "import 20000"}
	got, err := b.askInside(ctx, b.rounds, requests...)
	if err != nil {
		return err
	}
	t := newTable("Plans out of and into a DataFrame, no call to the server", "operation", "ns")
	for i, name := range []string{"export", "import"} {
		t.row(name, got[i].times(1e9).String())
	}
	t.print(b.out)
	return nil
}

// askInside asks a worker of its own the requests in turns.
func (b *bench) askInside(ctx context.Context, rounds int, requests ...string) (got []series, err error) {
	w, err := startWorker(ctx, program{name: "inside", args: []string{b.inside}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	cases := make([]func() (float64, error), len(requests))
	for i, request := range requests {
		cases[i] = func() (float64, error) { return w.ask(request) }
	}
	if got, err = seriesInTurns(rounds, cases); err != nil {
		return nil, fmt.Errorf("measure inside one process: %w", err)
	}
	return got, nil
}
