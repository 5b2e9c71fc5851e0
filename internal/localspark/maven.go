package localspark

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	mavenWaitDelay   = 5 * time.Second
	progressInterval = 15 * time.Second
	tailLines        = 15
)

// runMaven copies the jars of the entry into dir/jars.
func (s *settings) runMaven(ctx context.Context, entry *cacheEntry, dir string) error {
	mvn := s.env.lookPath("mvn")
	if mvn == "" {
		return fmt.Errorf("fetch Spark %s: %w: no mvn on PATH; install it with: %s (or set SPARK_HOME to a Spark of at least 4.0, "+
			"or SPARK_REMOTE to a running server)", s.Version, ErrNoMaven, installMaven())
	}
	pom := filepath.Join(dir, "pom.xml")
	if err := os.WriteFile(pom, entry.pom, 0o644); err != nil {
		return fmt.Errorf("fetch Spark %s: %w", s.Version, err)
	}
	args := []string{"-q", "-B", "-f", pom}
	if repo := s.env.get("SPARKPIPE_MAVEN_REPO"); repo != "" {
		args = append(args, "-Dmaven.repo.local="+repo)
	}
	args = append(args, "dependency:copy-dependencies", "-DoutputDirectory="+filepath.Join(dir, "jars"), "-DincludeScope=runtime")

	s.say(fmt.Sprintf("fetching Spark %s%s with Maven (%s, once)…", s.Version, withConnectors(s.connectors), expectedSize(s.connectors)))
	defer s.reportEvery(progressInterval, "still fetching Spark "+s.Version)()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, mvn, args...)
	cmd.Env = s.env
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = mavenWaitDelay
	killWithGroup(cmd)
	err := cmd.Run()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return &FetchError{Version: s.Version, Connectors: s.connectors, Tail: lastLines(out.Bytes(), tailLines), Err: err}
}

// expectedSize tells people how long they will wait.
func expectedSize(sets []string) string {
	if len(sets) > 0 {
		return "about 300 MB"
	}
	return "about 290 MB"
}

// reportEvery says the message with the time gone by until the returned
// function is called, which waits for the last one.
func (s *settings) reportEvery(interval time.Duration, msg string) func() {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		began := time.Now()
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				s.say(fmt.Sprintf("%s (%s)", msg, time.Since(began).Round(time.Second)))
			}
		}
	})
	return func() {
		close(stop)
		wg.Wait()
	}
}

// colours are what Maven prints also where nobody can see them.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// lastLines returns the last n lines that say anything: neither blank, nor a
// frame of a stack, nor Maven's advice on how to run Maven.
func lastLines(text []byte, n int) []string {
	var lines []string
	for line := range strings.Lines(colours.ReplaceAllString(string(text), "")) {
		if line = strings.TrimRight(line, " \t\r\n"); !isNoise(line) {
			lines = append(lines, line)
		}
	}
	return lines[max(0, len(lines)-n):]
}

func isNoise(line string) bool {
	frame := strings.HasPrefix(line, "\tat ") || (strings.HasPrefix(line, "\t... ") && strings.HasSuffix(line, " more"))
	return line == "" || line == "[ERROR]" || frame || strings.Contains(line, "re-run Maven") ||
		strings.Contains(line, "Re-run Maven") || strings.Contains(line, "[Help 1] http") ||
		strings.Contains(line, "please read the following articles")
}

// tailOf returns the last lines of a file, nil if it cannot be read.
func tailOf(file string, n int) []string {
	const window = 64 << 10
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Size() > window {
		_, _ = f.Seek(-window, 2)
	}
	var buf bytes.Buffer
	if _, err := buf.ReadFrom(f); err != nil && !errors.Is(err, os.ErrClosed) {
		return nil
	}
	return lastLines(buf.Bytes(), n)
}
