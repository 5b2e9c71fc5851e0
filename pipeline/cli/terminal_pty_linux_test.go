package cli_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

// openTerminal returns the two ends of a terminal of the size: what a user sees,
// and what a program is given.
func openTerminal(tb testing.TB, rows, columns uint16) (screen, program *os.File) {
	tb.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = screen.Close() })
	fd := int(screen.Fd())
	require.NoError(tb, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(tb, err)
	require.NoError(tb, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns}))
	program, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(tb, err)
	return screen, program
}

// onTerminal starts the program with a terminal as its standard output and
// error, and returns what it prints there.
func onTerminal(tb testing.TB, columns uint16, environment []string, remote string, args ...string) (*process, *lockedBuffer) {
	tb.Helper()
	screen, program := openTerminal(tb, 24, columns)
	p := unstarted(tb, remote, args...)
	p.Env = append(p.Env, environment...)
	p.Stdin, p.Stdout, p.Stderr = program, program, program
	p.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	p.start(tb)
	require.NoError(tb, program.Close())
	seen := &lockedBuffer{}
	read := make(chan struct{})
	go func() {
		defer close(read)
		buf := make([]byte, 4096)
		for {
			n, err := screen.Read(buf)
			_, _ = seen.Write(buf[:n])
			if err != nil { // the program has ended
				return
			}
		}
	}()
	tb.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.ended
		<-read
	})
	return p, seen
}

// reports sends the progress of a job that ends when it is interrupted.
func reports(op *fakeconnect.Operation) error {
	if op.Request.GetPlan().GetCommand() != nil {
		return fakeconnect.ErrUnscripted
	}
	err := op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_ExecutionProgress_{
		ExecutionProgress: &wire.ExecutePlanResponse_ExecutionProgress{
			Stages: []*wire.ExecutePlanResponse_ExecutionProgress_StageInfo{
				{StageId: 1, NumTasks: 100, NumCompletedTasks: 100, InputBytesRead: 1_200_000_000, Done: true},
				{StageId: 2, NumTasks: 100, NumCompletedTasks: 20},
			},
		},
	}})
	if err != nil {
		return err
	}
	return op.Wait()
}

const longOnTerminal = `name: orders
components:
  - {name: 顧客データ, type: sql, config: {sql: SELECT 1 AS x, output_view: v}}
  - {name: look, type: show, depends_on: [顧客データ], config: {input_view: v}}
`

func TestBarsOnATerminal(t *testing.T) {
	t.Parallel()
	const bar = "[############........]"
	tests := map[string]struct {
		columns     uint16
		environment []string
		args        []string
		want        string // while the job runs
		never       string
	}{
		"a bar":              {100, []string{"TERM=xterm", "NO_COLOR="}, nil, "\x1b[36m" + bar + "\x1b[0m  120/200 tasks  stage 2/2  1.2 GB  ", ""},
		"a narrow one":       {64, []string{"TERM=xterm", "NO_COLOR="}, nil, "\x1b[36m[######....]\x1b[0m  120/200 tasks  ", "stage"},
		"without colours":    {100, []string{"TERM=xterm", "NO_COLOR=1"}, nil, "look                  " + bar + "  120/200 tasks", "\x1b[36m"},
		"a dumb terminal":    {100, []string{"TERM=dumb", "NO_COLOR="}, nil, "ok    ", "\x1b"},
		"no terminal type":   {100, []string{"TERM="}, nil, "ok", bar},
		"not wanted":         {100, []string{"TERM=xterm"}, []string{"--progress", "none"}, "ok", bar},
		"JSON":               {100, []string{"TERM=xterm"}, []string{"--json"}, `"component_end"`, "\x1b"},
		"JSON with progress": {200, []string{"TERM=xterm"}, []string{"--json", "--progress", "plain"}, `"tasks":200,"tasks_completed":120,"tasks_running":0,"input_bytes":1200000000`, "\x1b"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := fakeconnect.Start(t)
			server.OnExecute(reports)
			args := append(append([]string{"run"}, test.args...), writeFile(t, "p.yaml", longOnTerminal))
			p, seen := onTerminal(t, test.columns, test.environment, server.Remote(), args...)
			until(t, "it is shown", func() bool { return strings.Contains(seen.String(), test.want) || p.hasEnded() })
			require.Contains(t, seen.String(), test.want)
			until(t, "the job runs", func() bool { return server.Running() > 0 || p.hasEnded() })
			require.NoError(t, p.Process.Signal(os.Interrupt))
			require.Equal(t, cli.ExitInterrupted, p.wait(t, patience))
			until(t, "the end is shown", func() bool { return strings.Contains(seen.String(), "interrupted") })
			if test.never != "" {
				require.NotContains(t, seen.String(), test.never)
			}
			require.NotContains(t, seen.String(), "\x1b[?25l", "the cursor is never hidden")
		})
	}
}

// What a terminal shows at the end is what a file has without one.
func TestATerminalShowsTheReportAtTheEnd(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.OnExecute(reports)
	p, seen := onTerminal(t, 100, []string{"TERM=xterm", "NO_COLOR=1"}, server.Remote(), "run", writeFile(t, "p.yaml", longOnTerminal))
	until(t, "a bar", func() bool { return strings.Contains(seen.String(), "tasks") || p.hasEnded() })
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.Equal(t, cli.ExitInterrupted, p.wait(t, patience))
	until(t, "the end", func() bool {
		return strings.Contains(seen.String(), "cancelled in") && strings.HasSuffix(seen.String(), "s\r\n")
	})

	shown := cli.ShownOn(t, 100, seen.String())
	times := regexp.MustCompile(`\s+[0-9.]+(µs|ms|s)$`)
	for i := range shown {
		shown[i] = times.ReplaceAllString(shown[i], "")
	}
	require.Equal(t, []string{
		"  ok    顧客データ",
		"SIGTERM: stopping the work on the cluster; once more to leave at once",
		"  stop  look",
		"  interrupted by SIGTERM",
		"interrupted: 1 succeeded, 1 cancelled in",
	}, shown[2:])
}

func TestAHangupOfTheTerminalStopsTheRun(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.OnExecute(reports)
	screen, program := openTerminal(t, 24, 100)
	p := unstarted(t, server.Remote(), "run", writeFile(t, "p.yaml", longOnTerminal))
	p.Env = append(p.Env, "TERM=xterm")
	p.Stdin, p.Stdout, p.Stderr = program, program, program
	p.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	p.start(t)
	require.NoError(t, program.Close())
	until(t, "the job runs", func() bool { return server.Running() > 0 })
	require.NoError(t, screen.Close())
	require.Equal(t, cli.ExitInterrupted, p.wait(t, patience))
	require.NotEmpty(t, server.Requests("Interrupt"))
	require.NotEmpty(t, server.Requests("ReleaseSession"))
}

func TestProgressFlag(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "p.yaml", "name: p\ncomponents: [{name: a, type: show, config: {query: SELECT 1}}]\n")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"run", "--progress", "bars", file}, `--progress "bars": want one of ["auto" "bar" "plain" "none"]`},
		{[]string{"run", "--progress", "", file}, `--progress "": want one of ["auto" "bar" "plain" "none"]`},
		{[]string{"run", "--json", "--progress", "bar", file}, "--progress bar: there are no bars in JSON; plain gives events"},
	} {
		require.Equal(t, outcome{cli.ExitUsage, "", "sparkpipe: " + test.want + "\n"}, sparkpipe(t, test.args...))
	}
}

// Bars can be asked for where there is no terminal, for a recording.
func TestBarsWithoutATerminal(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	drawn := make(chan struct{})
	server.OnExecute(func(op *fakeconnect.Operation) error {
		if op.Request.GetPlan().GetCommand() == nil {
			<-drawn
		}
		return fakeconnect.ErrUnscripted
	})
	var stdout, stderr lockedBuffer
	code := make(chan int)
	go func() {
		file := writeFile(t, "p.yaml", onServer(server.Remote(), longOnTerminal))
		code <- cli.Main(t.Context(), []string{"run", "--progress", "bar", file}, &cli.Options{Stdout: &stdout, Stderr: &stderr})
	}()
	require.Eventually(t, func() bool { return strings.Contains(stdout.String(), "  ...   look") }, patience, 10*time.Millisecond)
	close(drawn)
	require.Equal(t, cli.ExitSucceeded, <-code)
	shown := cli.ShownOn(t, 80, stdout.String())
	require.NotContains(t, strings.Join(shown, "\n"), "...")
	interval, _ := server.Conf("spark.connect.progress.reportInterval")
	require.Equal(t, "500ms", interval, "reports come often enough")
}

func TestTheIntervalOfTheFileStays(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	text := strings.Replace(onServer(server.Remote(), longOnTerminal), "spark: {", `spark: {spark_conf: {"spark.connect.progress.reportInterval": 3s}, `, 1)
	require.Equal(t, cli.ExitSucceeded, sparkpipe(t, "run", "--progress", "bar", writeFile(t, "p.yaml", text)).code)
	interval, _ := server.Conf("spark.connect.progress.reportInterval")
	require.Equal(t, "3s", interval)
}
