package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
)

// settings are the flags.
type settings struct {
	rounds      int
	quick       bool
	binary      string
	python      string
	only        string
	predecessor bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var s settings
	flag.IntVar(&s.rounds, "rounds", 7, "rounds of each comparison, after one that does not count")
	flag.BoolVar(&s.quick, "quick", false, "three rounds and small sizes: does it work, not how fast is it")
	flag.StringVar(&s.binary, "binary", filepath.Join("build", "sparkpipe"), "the sparkpipe binary to measure")
	flag.StringVar(&s.python, "python", "python3", "the interpreter to install the predecessor with")
	flag.StringVar(&s.only, "only", "", "one section: demo, start, overhead, parallel, queries, sequences, streams, plans, rows, uploads, jdbc or quality")
	flag.BoolVar(&s.predecessor, "predecessor", true, "measure the predecessor too")
	flag.Parse()
	err := run(ctx, s, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings, out io.Writer) error {
	if s.quick {
		s.rounds = min(s.rounds, 3)
	}
	if s.rounds < 1 {
		return errors.New("-rounds must be at least 1")
	}
	b, err := prepare(ctx, s, out)
	if err != nil {
		return err
	}
	known := false
	for _, section := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"demo", b.demo}, {"start", b.start}, {"overhead", b.overhead}, {"parallel", b.parallel}, {"queries", b.queries}, {"sequences", b.sequences},
		{"streams", b.streams}, {"plans", b.plans}, {"rows", b.rows}, {"uploads", b.uploads}, {"jdbc", b.jdbc},
		{"quality", b.quality},
	} {
		if s.only != "" && s.only != section.name {
			continue
		}
		known = true
		if err := section.run(ctx); err != nil {
			return err
		}
	}
	if !known {
		return fmt.Errorf("unknown section %q in -only", s.only)
	}
	b.footer()
	return nil
}
