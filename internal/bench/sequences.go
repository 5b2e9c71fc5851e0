package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed sequences.yaml
var sequencesYAML string

//go:embed sequences.py
var sequencesPy string

// sequencesAtOnce is the width in the YAML file and of the program by hand.
const sequencesAtOnce = 8

// sequences compares a file of eight independent sequences, and nothing else, with a
// program that somebody wrote by hand for the same work.
func (b *bench) sequences(ctx context.Context) error {
	if b.remote == "" {
		return nil
	}
	if b.venv == "" {
		b.say("SKIPPED: the sequences: there is no PySpark")
		return nil
	}
	rows, warm := 3_000_000, 3
	if b.quick {
		rows, warm = 20_000, 1
	}
	programs, err := b.sequencePrograms(ctx, rows)
	if err != nil {
		return err
	}
	for range warm {
		for _, p := range programs {
			if _, err := p.run(ctx); err != nil {
				return err
			}
		}
	}
	runs, err := measure(ctx, b.rounds, programs)
	if err != nil {
		return err
	}
	if err := b.sameSequences(programs); err != nil {
		return err
	}
	t := newTable(fmt.Sprintf("Eight sequences over %s rows of Parquet on a warm server, process start to exit", thousands(rows)),
		"program", "wall, s", "its own CPU, ms", "peak memory, MB", "wall of sparkpipe / its wall")
	for i, p := range programs {
		t.row(p.name, runs[i].wall.String(), runs[i].cpu.times(1e3).String(), runs[i].rss.String(), runs[0].wall.over(runs[i].wall).String())
	}
	if !b.quick {
		t.target("wall of sparkpipe / PySpark with threads", runs[0].wall.over(runs[1].wall), 1.15, "")
	}
	t.note("sparkpipe runs a YAML file with max_parallel %d; the other two are one program by hand, with a pool of %d threads and with one.",
		sequencesAtOnce, sequencesAtOnce)
	t.print(b.out)
	return nil
}

// sequencePrograms makes the data and the programs, ours first.
func (b *bench) sequencePrograms(ctx context.Context, rows int) ([]program, error) {
	data, script, file := b.sequencesDir("data"), filepath.Join(b.work, "sequences.py"), filepath.Join(b.work, "sequences.yaml")
	made := filepath.Join(b.work, "sequences-data.yaml")
	text := strings.NewReplacer("DATA", data, "OUT", b.sequencesDir(ours)).Replace(sequencesYAML)
	if err := errors.Join(write(script, sequencesPy), write(file, text), write(made, sequencesData(data, rows))); err != nil {
		return nil, err
	}
	if _, err := (program{name: "the data", args: []string{b.binary, "run", made}}).run(ctx); err != nil {
		return nil, err
	}
	byHand := func(name string, threads int) program {
		return program{name: name, args: []string{b.venv, script, data, b.sequencesDir(name), fmt.Sprint(threads)}}
	}
	return []program{
		{name: ours, args: []string{b.binary, "run", file}}, byHand(pyspark+", threads", sequencesAtOnce), byHand(pyspark+", a loop", 1),
	}, nil
}

func (b *bench) sequencesDir(name string) string {
	return filepath.Join(b.work, "sequences-"+strings.NewReplacer(",", "", " ", "-").Replace(strings.ToLower(name)))
}

// sequencesData is a file that makes the tables: orders in several files and stores
// in one.
func sequencesData(dir string, rows int) string {
	return fmt.Sprintf(`name: sequences-data
components:
  - {name: orders, type: write_parquet, config: {path: "%[1]s/orders", query: "SELECT id, id %% 400 AS store, date_add(DATE'2024-01-01',
      CAST(id %% 365 AS INT)) AS day, pmod(hash(id), 200000) AS customer, pmod(hash(id, 7), 10000) AS amount, concat('kind ', id %% 12) AS kind
      FROM range(0, %[2]d, 1, 4)"}}
  - {name: stores, type: write_parquet, config: {path: "%[1]s/stores", query: "SELECT id AS store, concat('region ', id %% 9) AS region
      FROM range(0, 400, 1, 1)"}}
`, dir, rows)
}

// sameSequences checks that all programs have written the same rows.
func (b *bench) sameSequences(programs []program) error {
	all := map[string][]string{}
	for i, p := range programs {
		folders, err := os.ReadDir(b.sequencesDir(p.name))
		if err != nil {
			return err
		}
		if len(folders) != sequencesAtOnce {
			return fmt.Errorf("%s has written %d results and not %d", p.name, len(folders), sequencesAtOnce)
		}
		for _, folder := range folders {
			rows, err := outputRows(filepath.Join(b.sequencesDir(p.name), folder.Name()))
			if err != nil {
				return err
			}
			rows = slices.Compact(rows) // a header stands in each file
			if i == 0 {
				all[folder.Name()] = rows
			}
			if len(rows) < 2 || !slices.Equal(all[folder.Name()], rows) {
				return fmt.Errorf("%s has written other rows than %s for %s", p.name, programs[0].name, folder.Name())
			}
		}
	}
	return nil
}
