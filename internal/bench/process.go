package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// program is a command line under the name of its row.
type program struct {
	name string
	args []string
	env  []string // added to ours
}

// usage is what one process took.
type usage struct {
	wall, cpu float64 // seconds, from start to exit; user and system time of the process
	rss       float64 // peak resident memory in MB
}

// run starts the program and waits for its end. An exit code that is not zero
// is an error with the end of the output.
func (p program) run(ctx context.Context) (usage, error) {
	cmd := exec.CommandContext(ctx, p.args[0], p.args[1:]...)
	cmd.Env = append(os.Environ(), p.env...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	started := time.Now()
	err := cmd.Run()
	wall := time.Since(started)
	if err != nil {
		return usage{}, fmt.Errorf("%s: %w\n%s", p.name, err, lastLines(output.String(), 15))
	}
	state := cmd.ProcessState
	return usage{wall: wall.Seconds(), cpu: (state.UserTime() + state.SystemTime()).Seconds(), rss: peakMB(state)}, nil
}

// measured are the series of one program.
type measured struct{ wall, cpu, rss series }

// measure runs the programs in turns.
func measure(ctx context.Context, rounds int, programs []program) ([]measured, error) {
	cases := make([]func() (usage, error), len(programs))
	for i, p := range programs {
		cases[i] = func() (usage, error) { return p.run(ctx) }
	}
	runs, err := inTurns(rounds, cases)
	if err != nil {
		return nil, err
	}
	out := make([]measured, len(programs))
	for i, all := range runs {
		for _, u := range all {
			out[i].wall = append(out[i].wall, u.wall)
			out[i].cpu = append(out[i].cpu, u.cpu)
			out[i].rss = append(out[i].rss, u.rss)
		}
	}
	return out, nil
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
