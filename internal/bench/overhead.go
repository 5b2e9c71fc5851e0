package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"path/filepath"
)

//go:embed overhead.py
var overheadPy string

// overhead compares what the runners add to components that do nothing.
func (b *bench) overhead(ctx context.Context) (err error) {
	programs := []program{{name: ours, args: []string{b.inside}}}
	if b.venv != "" {
		script := filepath.Join(b.work, "overhead.py")
		if err := write(script, overheadPy); err != nil {
			return err
		}
		programs = append(programs, program{name: predecessor, args: []string{b.venv, script}})
	}
	var workers []*worker
	defer func() {
		for _, w := range workers {
			err = errors.Join(err, w.stop())
		}
	}()
	for _, p := range programs {
		w, err := startWorker(ctx, p)
		if err != nil {
			return err
		}
		workers = append(workers, w)
	}
	return b.compareOverhead(workers)
}

func (b *bench) compareOverhead(workers []*worker) error {
	sizes := []int{1, 10, 100, 1000}
	if b.quick {
		sizes = []int{1, 100}
	}
	t := newTable("Cost of the runner per component, components that do nothing",
		"components", "logging", ours+", µs", predecessor+", µs", "predecessor / sparkpipe")
	for _, shape := range []string{"independent", "chain"} {
		for _, size := range sizes {
			for _, logging := range []string{"off", "on"} {
				request := fmt.Sprintf("runner %s %d %s", shape, size, logging)
				got, err := askInTurns(b.rounds, workers, request)
				if err != nil {
					return err
				}
				perComponent := got[0].times(1e6 / float64(size))
				row := []string{fmt.Sprintf("%d %s", size, shape), logging, perComponent.String(), "-", "-"}
				if len(got) > 1 {
					row[3], row[4] = got[1].times(1e6/float64(size)).String(), got[1].over(got[0]).String()
				}
				t.row(row...)
			}
		}
	}
	t.note("Each run builds the pipeline from its loaded configuration, checks it and runs it; no file is read and no server asked.")
	t.note("The cheapest query, below, takes a thousand times as long: this is no reason to choose either.")
	t.print(b.out)
	return nil
}

// askInTurns asks the workers the same in turns.
func askInTurns(rounds int, workers []*worker, request string) ([]series, error) {
	cases := make([]func() (float64, error), len(workers))
	for i, w := range workers {
		cases[i] = func() (float64, error) { return w.ask(request) }
	}
	return seriesInTurns(rounds, cases)
}

func seriesInTurns(rounds int, cases []func() (float64, error)) ([]series, error) {
	values, err := inTurns(rounds, cases)
	out := make([]series, len(values))
	for i := range values {
		out[i] = values[i]
	}
	return out, err
}
