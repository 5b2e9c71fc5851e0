package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// The values of --progress.
const (
	progressAuto  = "auto"
	progressBar   = "bar"
	progressPlain = "plain"
	progressNone  = "none"
)

// progressModes are all values.
var progressModes = []string{progressAuto, progressBar, progressPlain, progressNone}

// progressMode settles how progress is shown.
func (a *app) progressMode(wanted string) (string, error) {
	switch {
	case !slices.Contains(progressModes, wanted):
		return "", wrongUsage(fmt.Errorf("--progress %q: want one of %q", wanted, progressModes))
	case a.json && wanted == progressBar:
		return "", wrongUsage(errors.New("--progress bar: there are no bars in JSON; plain gives events"))
	case wanted != progressAuto:
		return wanted, nil
	case a.json:
		return progressNone, nil
	case canDraw(a.stdout):
		return progressBar, nil
	}
	return progressPlain, nil
}

// isTerminal reports whether people see w as it is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// canDraw reports whether w is a terminal on which lines can be drawn anew.
func canDraw(w io.Writer) bool {
	kind := os.Getenv("TERM")
	return isTerminal(w) && kind != "" && kind != "dumb"
}

// wantsColour reports whether w is a terminal on which people want colours
// (no-color.org).
func wantsColour(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// The size of a terminal that does not tell.
const (
	defaultColumns = 80
	defaultRows    = 24
)

// sizeOf returns what tells the size of w at every moment.
func sizeOf(w io.Writer) func() (width, height int) {
	return func() (int, int) {
		if f, ok := w.(*os.File); ok {
			if width, height, err := term.GetSize(int(f.Fd())); err == nil && width > 0 && height > 0 {
				return width, height
			}
		}
		return defaultColumns, defaultRows
	}
}

// showBars draws bars below everything that is printed on the terminal.
func (a *app) showBars(t *textReport) {
	b := &bars{width: t.width, paint: t.paint}
	resumed, ignore := resumptions()
	s := newScreen(a.stdout, sizeOf(a.stdout), b.lines, resumed)
	a.stdout = s.around(a.stdout)
	if isTerminal(a.stderr) {
		a.stderr = s.around(a.stderr)
	}
	t.out, t.err = a.stdout, a.stderr
	t.live, t.stop = b, func() {
		s.close()
		ignore()
	}
}

// progressInterval makes servers report often enough for bars; their default is
// two seconds.
const progressInterval = "500ms"

// hasten sets the interval of the session unless the file does. A server that
// refuses keeps its own.
func hasten(ctx context.Context, p *pipeline.Pipeline, session *dataflow.Session) {
	const key = "spark.connect.progress.reportInterval"
	if _, set := p.Spark.Conf[key]; !set {
		_ = session.Conf().Set(ctx, map[string]string{key: progressInterval})
	}
}

// plainPause is the shortest time between two lines about one component.
const plainPause = 10 * time.Second

// plainProgress prints a line now and then. It is safe for concurrent use.
type plainProgress struct {
	line func(name, text string)
	now  func() time.Time

	mu   sync.Mutex
	told map[string]time.Time
	// since is when the component began.
	since map[string]time.Time
}

func newPlainProgress(line func(name, text string)) *plainProgress {
	return &plainProgress{line: line, now: time.Now, told: map[string]time.Time{}, since: map[string]time.Time{}}
}

func (p *plainProgress) begin(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told[name], p.since[name] = p.now(), p.now()
}

func (p *plainProgress) end(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.told, name)
	delete(p.since, name)
}

func (p *plainProgress) retry(hooks.RetryAttempt) {}

func (p *plainProgress) progress(e hooks.ComponentProgress) {
	p.mu.Lock()
	now, told, since := p.now(), p.told[e.Name], p.since[e.Name]
	if told.IsZero() || now.Sub(told) < plainPause {
		p.mu.Unlock()
		return
	}
	p.told[e.Name] = now
	p.mu.Unlock()
	p.line(e.Name, plainText(e, now.Sub(since)))
}

// plainText says how far a component is.
func plainText(e hooks.ComponentProgress, elapsed time.Duration) string {
	text := elapsed.Truncate(time.Second).String()
	if e.InputBytes > 0 {
		text = byteSize(e.InputBytes) + " read, " + text
	}
	if e.Tasks > 0 {
		text = stageNow(e) + ", " + tasksDone(e) + ", " + text
	}
	if e.Attempt > 1 {
		text = fmt.Sprintf("attempt %d, %s", e.Attempt, text)
	}
	return text
}
