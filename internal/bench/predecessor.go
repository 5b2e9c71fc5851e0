package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// requirements are what the predecessor's users install.
var requirements = []string{"pyspark-pipeline-framework==1.0.0", "pyspark[connect]==4.0.1"}

// installTimeout bounds the installation, which downloads some 500 MB.
const installTimeout = 10 * time.Minute

// install makes a virtual environment with the predecessor, unless it is there,
// and returns its interpreter.
func install(ctx context.Context, python, dir string) (string, error) {
	interpreter := filepath.Join(dir, "bin", "python")
	stamp := filepath.Join(dir, "requirements.txt")
	wanted := strings.Join(requirements, "\n") + "\n"
	if have, err := os.ReadFile(stamp); err == nil && string(have) == wanted {
		return interpreter, nil
	}
	if _, err := exec.LookPath(python); err != nil {
		return "", fmt.Errorf("no interpreter: %w", err)
	}
	fmt.Fprintln(os.Stderr, "bench: installing the predecessor into", dir, "once; this takes a minute")
	ctx, cancel := context.WithTimeout(ctx, installTimeout)
	defer cancel()
	if err := quiet(ctx, python, "-m", "venv", "--clear", dir); err != nil {
		return "", fmt.Errorf("make a virtual environment: %w", err)
	}
	pip := append([]string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check"}, requirements...)
	if err := quiet(ctx, interpreter, pip...); err != nil {
		return "", fmt.Errorf("install %s with pip: %w", strings.Join(requirements, " "), err)
	}
	return interpreter, os.WriteFile(stamp, []byte(wanted), 0o644)
}

// quiet runs a command; the error has what it said last.
func quiet(ctx context.Context, name string, args ...string) error {
	output, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, reason(string(output)))
	}
	return nil
}

// places are addresses, which belong to the machine and not into a report.
var places = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://\S+|host='[^']*'|\b([a-z0-9-]+\.)+[a-z]{2,}\b(:\d+)?`)

// reason is the last error of pip's output without addresses.
func reason(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	last := lines[len(lines)-1]
	for _, line := range lines {
		if strings.HasPrefix(line, "ERROR:") {
			last = line
		}
	}
	return places.ReplaceAllString(strings.TrimSpace(last), "(address)")
}
