package main

import (
	"context"
	"path/filepath"
)

// startComponents is the size of the files that are checked.
const startComponents = 1000

// start compares what needs no server: the start of the programs and the check
// of a large file.
func (b *bench) start(ctx context.Context) error {
	conf, yaml := filepath.Join(b.work, "chain.conf"), filepath.Join(b.work, "chain.yaml")
	if err := write(conf, chainHOCON(startComponents)); err != nil {
		return err
	}
	if err := write(yaml, chainYAML(startComponents)); err != nil {
		return err
	}
	programs := []program{
		{name: ours + " version", args: []string{b.binary, "version"}},
		{name: ours + " validate, HOCON of 1,000 components", args: []string{b.binary, "validate", conf}},
		{name: ours + " validate, YAML of 1,000 components", args: []string{b.binary, "validate", yaml}},
	}
	if b.venv != "" {
		programs = append(programs,
			program{name: "Python alone", args: []string{b.venv, "-c", "pass"}},
			program{name: predecessor + ", its import", args: []string{b.venv, "-c", "import pyspark_pipeline_framework.runner"}},
			program{name: predecessor + " --dry-run, the same HOCON", args: []string{
				b.venv, "-m", "pyspark_pipeline_framework.runner.cli", "--dry-run", conf,
			}},
		)
	}
	runs, err := measure(ctx, b.rounds, programs)
	if err != nil {
		return err
	}
	t := newTable("Start of a process, without a server", "program", "wall, ms", "CPU, ms", "peak memory, MB")
	for i, p := range programs {
		t.row(p.name, runs[i].wall.times(1e3).String(), runs[i].cpu.times(1e3).String(), runs[i].rss.String())
	}
	t.target("version", runs[0].wall.times(1e3), 20, " ms")
	t.target("validate, HOCON", runs[1].wall.times(1e3), 200, " ms")
	t.target("validate, YAML", runs[2].wall.times(1e3), 200, " ms")
	if b.venv != "" {
		t.note("The predecessor's import takes %s times as long as version, its dry run %s times as long as validate.",
			runs[4].wall.over(runs[0].wall), runs[5].wall.over(runs[1].wall))
	}
	t.print(b.out)
	return nil
}
