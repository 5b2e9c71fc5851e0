package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// bench is what the sections share.
type bench struct {
	settings
	out io.Writer
	// work is the folder for what is made on the way; absolute, as are all paths.
	work string
	csv  string
	// remote is the connection string of the server, or empty.
	remote        string
	stock, inside string
	// venv is the interpreter that has the predecessor, or empty.
	venv string
}

// prepare finds and builds what the sections need.
func prepare(ctx context.Context, s settings, out io.Writer) (*bench, error) {
	if _, err := os.Stat(filepath.Join("internal", "bench", "overhead.py")); err != nil {
		return nil, errors.New("run it from the root of the repository")
	}
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if s.binary, err = filepath.Abs(s.binary); err != nil {
		return nil, err
	}
	if _, err := os.Stat(s.binary); err != nil {
		return nil, fmt.Errorf("no binary to measure at %s; run make build first", s.binary)
	}
	b := &bench{
		settings: s, out: out, remote: os.Getenv("SPARK_REMOTE"),
		work: filepath.Join(root, "build", "bench"),
		csv:  filepath.Join(root, "examples", "legacy", "customers.csv"),
	}
	if err := os.MkdirAll(b.work, 0o755); err != nil {
		return nil, err
	}
	if b.stock, err = b.compile(ctx, "stock"); err != nil {
		return nil, err
	}
	if b.inside, err = b.compile(ctx, "inside"); err != nil {
		return nil, err
	}
	b.header()
	if s.predecessor {
		b.venv, err = install(ctx, s.python, filepath.Join(root, "build", "bench-venv"))
		if err != nil && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			b.say("SKIPPED: all rows of the predecessor: %v", err)
		}
	}
	if b.remote == "" {
		b.say("SKIPPED: all that needs Spark: SPARK_REMOTE is not set; run it under: build/sparkpipe local -- ...")
	}
	return b, nil
}

// compile builds a program below this one as the sparkpipe binary is built.
func (b *bench) compile(ctx context.Context, name string) (string, error) {
	target := filepath.Join(b.work, name)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", target, "./internal/bench/"+name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build internal/bench/%s: %w\n%s", name, err, text)
	}
	return target, nil
}

func (b *bench) header() {
	b.say("Machine: %d cores, %s/%s, %s. %d rounds after one that does not count; median [min..max].",
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), b.rounds)
	b.say("A ratio is taken within each round.")
}

func (b *bench) footer() {
	if peak := ownPeakMB(); peak > 0 {
		b.say("The measuring process itself peaked at %.1f MB in the end; a child that needs less does not show it.", peak)
	}
}

// say prints a paragraph.
func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.out, format+"\n\n", args...) }
