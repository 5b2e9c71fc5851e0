package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// worker is a child that measures within its own process. It reads one request
// a line and answers each with a number on a line, or with "error: " and text.
type worker struct {
	name   string
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
}

// startWorker starts a child; stop must be called.
func startWorker(ctx context.Context, p program) (*worker, error) {
	cmd := exec.CommandContext(ctx, p.args[0], p.args[1:]...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	return &worker{name: p.name, cmd: cmd, stdin: stdin, stdout: bufio.NewReader(stdout)}, nil
}

// ask blocks until the child has answered.
func (w *worker) ask(request string) (float64, error) {
	if _, err := io.WriteString(w.stdin, request+"\n"); err != nil {
		return 0, fmt.Errorf("%s: %q: %w", w.name, request, err)
	}
	line, err := w.stdout.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("%s: %q: no answer: %w", w.name, request, err)
	}
	line = strings.TrimSpace(line)
	if text, failed := strings.CutPrefix(line, "error: "); failed {
		return 0, fmt.Errorf("%s: %q: %s", w.name, request, text)
	}
	value, err := strconv.ParseFloat(line, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %q: the answer is no number: %q", w.name, request, line)
	}
	return value, nil
}

// stop ends the child and waits for it.
func (w *worker) stop() error {
	_ = w.stdin.Close() // tells it to end
	if err := w.cmd.Wait(); err != nil {
		return fmt.Errorf("end of %s: %w", w.name, err)
	}
	return nil
}
