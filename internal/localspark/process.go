package localspark

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed watchdog.sh
var watchdog string

// Files in the folder of a run.
const (
	logFile      = "server.log"
	watchdogFile = "watchdog.sh"
)

// process is a command under the watchdog. All methods are safe for concurrent
// use.
type process struct {
	cmd  *exec.Cmd
	hold io.Closer // the write end of the pipe that keeps the command alive
	dir  string    // removed at the end, by the watchdog or by stop
	pid  int

	ended chan struct{} // closed when the command has ended
	gone  chan struct{} // closed when the watchdog has ended too
	code  int           // exit code of the command, -1 if unknown; read after ended

	letGo sync.Once
}

// spawn starts the command under the watchdog. dir is a private folder that
// belongs to the process from now on.
func spawn(dir string, grace time.Duration, env environ, command ...string) (*process, error) {
	shell := env.lookPath("sh")
	if shell == "" {
		shell = "/bin/sh"
	}
	script := filepath.Join(dir, watchdogFile)
	if err := os.WriteFile(script, []byte(watchdog), 0o600); err != nil {
		return nil, err
	}
	seconds := strconv.Itoa(max(1, int(grace.Round(time.Second)/time.Second)))
	cmd := exec.Command(shell, append([]string{script, dir, seconds}, command...)...)
	cmd.Env = env
	ownGroup(cmd)
	hold, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("run %s: %w", shell, err)
	}
	p := &process{cmd: cmd, hold: hold, dir: dir, ended: make(chan struct{}), gone: make(chan struct{}), code: -1}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	p.pid, _ = strconv.Atoi(strings.TrimPrefix(strings.TrimSpace(first), "pid "))
	go p.watch(lines)
	if err != nil || p.pid == 0 {
		p.kill()
		return nil, errors.Join(fmt.Errorf("run %s: no word from it", command[0]), err)
	}
	return p, nil
}

// watch follows the watchdog to its end.
func (p *process) watch(lines *bufio.Reader) {
	orderly := false
	for {
		line, err := lines.ReadString('\n')
		if code, ok := strings.CutPrefix(strings.TrimSpace(line), "exit "); ok && !orderly {
			p.code, _ = strconv.Atoi(code)
			orderly = true
			close(p.ended)
		}
		if err != nil {
			break
		}
	}
	_ = p.cmd.Wait()
	if !orderly { // the watchdog was killed: its command must not outlive it
		killGroup(p.cmd.Process.Pid)
		close(p.ended)
	}
	close(p.gone)
}

// stop ends the command in order and removes its folder. When ctx ends before
// that, it kills.
func (p *process) stop(ctx context.Context) error {
	p.letGo.Do(func() { _ = p.hold.Close() })
	var err error
	select {
	case <-p.gone:
	case <-ctx.Done():
		select {
		case <-p.gone: // both at the same time: it has ended in order
		default:
			killGroup(p.cmd.Process.Pid)
			<-p.gone
			err = fmt.Errorf("killed, as it had not ended in time: %w", context.Cause(ctx))
		}
	}
	return errors.Join(err, removeAll(p.dir))
}

// kill ends the command at once and leaves the folder.
func (p *process) kill() {
	select {
	case <-p.gone: // its number may belong to somebody else by now
	default:
		killGroup(p.cmd.Process.Pid)
	}
	p.letGo.Do(func() { _ = p.hold.Close() })
	<-p.gone
}

// abandon is stop for a command that has ended by itself: the log stays.
func (p *process) abandon() error {
	p.kill()
	return errors.Join(removeAll(dataDir(p.dir)), removeAll(filepath.Join(p.dir, watchdogFile)))
}

func (p *process) logFile() string { return filepath.Join(p.dir, logFile) }

// removeAll tries again for a moment: a killed process may still be writing
// its last file.
func removeAll(dir string) error {
	var err error
	for range 5 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}
