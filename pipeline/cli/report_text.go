package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/quality"
)

// textReport tells of a run in lines for people. It is safe for concurrent use.
type textReport struct {
	hooks.Base
	mu     sync.Mutex
	out    io.Writer
	err    io.Writer
	colour bool
	width  int  // of the column of names
	inLine bool // a component has printed a line without its end
	live   liveProgress
	stop   func()
}

// liveProgress shows how far the running components are.
type liveProgress interface {
	begin(name string)
	end(name string)
	retry(e hooks.RetryAttempt)
	progress(e hooks.ComponentProgress)
}

// maxWidth bounds the column of names; what is longer sticks out.
const maxWidth = 60

func newTextReport(out, err io.Writer, colour bool, p *pipeline.Pipeline) *textReport {
	t := &textReport{out: out, err: err, colour: colour, width: 20}
	for i := range p.Steps {
		t.width = max(t.width, min(maxWidth, displayWidth(p.Steps[i].Name)))
	}
	return t
}

// close takes away what shows the progress.
func (t *textReport) close() {
	if t.stop != nil {
		t.stop()
	}
}

// observer is nil when nobody shows the progress.
func (t *textReport) observer() hooks.PipelineHooks {
	if t.live == nil {
		return nil
	}
	return hooks.Funcs{Name: "report", OnProgressFunc: func(_ context.Context, e hooks.ComponentProgress) { t.live.progress(e) }}
}

// HookName names the report in errors.
func (*textReport) HookName() string { return "report" }

func (t *textReport) BeforePipeline(ctx context.Context, e hooks.PipelineStart) (context.Context, error) {
	t.line("%s: %s, run %s", t.bold(e.Pipeline), count(e.Total, "component"), e.RunID)
	return ctx, nil
}

func (t *textReport) BeforeComponent(ctx context.Context, e hooks.ComponentStart) (context.Context, error) {
	if t.live != nil {
		t.live.begin(e.Name)
	}
	return ctx, nil
}

func (t *textReport) OnRetryAttempt(_ context.Context, e hooks.RetryAttempt) {
	if t.live != nil {
		t.live.retry(e)
	}
}

func (t *textReport) AfterComponent(_ context.Context, e hooks.ComponentEnd) {
	t.ended(e.Name)
	t.step("32", "ok  ", e.Name, fmt.Sprintf("%8s", took(e.Duration)))
}

func (t *textReport) OnComponentFailure(_ context.Context, e hooks.ComponentFailure) {
	t.ended(e.Name)
	duration := fmt.Sprintf("%8s", took(e.Duration))
	if e.Result.Status == component.StatusCancelled {
		t.step("33", "stop", e.Name, duration) // why is told once, at the end
		return
	}
	t.step("31", "FAIL", e.Name, duration)
	t.line("%s", indent(e.Err.Error(), "        "))
}

func (t *textReport) ended(name string) {
	if t.live != nil {
		t.live.end(name)
	}
}

// step is the line of one component.
func (t *textReport) step(colour, word, name, rest string) {
	t.line("  %s  %s  %s", t.paint(colour, word), pad(name, t.width), rest)
}

func (t *textReport) session(version, remote string) {
	t.line("  Spark %s at %s", version, endpoint(remote))
}

func (t *textReport) progress(message string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintln(t.err, "  "+message)
}

func (t *textReport) output() io.Writer { return textOutput{t} }

func (t *textReport) result(r *pipeline.Result) {
	counts := map[component.Status]int{}
	causes := untold(r.Err)
	started := slices.ContainsFunc(r.Components, func(c component.Result) bool { return c.Attempts > 0 })
	for i := range r.Components {
		c := &r.Components[i]
		counts[c.Status]++
		switch {
		case c.Attempts > 0 || c.Reason == "":
		case c.Status == component.StatusCancelled:
			t.step("33", "stop", c.Name, "not started")
		case c.Status == component.StatusDisabled || started || len(causes) == 0:
			t.step("33", shortStatus(c.Status), c.Name, c.Reason)
		}
	}
	for _, report := range r.Quality {
		t.checks(report)
	}
	for _, warning := range slices.Concat(r.Warnings, r.HookErrors) {
		t.line("  warning: %v", warning)
	}
	for _, cause := range causes {
		t.line("%s", indent(cause.Error(), "  "))
	}
	var parts []string
	for _, status := range []component.Status{
		component.StatusSucceeded, component.StatusFailed, component.StatusSkipped,
		component.StatusCancelled, component.StatusDisabled,
	} {
		if counts[status] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[status], status))
		}
	}
	t.line("%s: %s in %s", t.bold(strings.ReplaceAll(r.Status.String(), "_", " ")), strings.Join(parts, ", "), took(r.Duration))
}

// checks tells what checks found that did not stop the run: what did stop it is in
// its error.
func (t *textReport) checks(r *quality.Report) {
	failed := r.Failed()
	for i := range r.Results {
		result := &r.Results[i]
		if result.Status == quality.StatusPassed || slices.ContainsFunc(failed, func(f quality.Result) bool { return f.Rule == result.Rule }) {
			continue
		}
		t.line("  %s %s: %s: %s", t.paint("33", "check"), r.Subject, result.Rule, result.Message)
	}
	if r.Dropped > 0 || r.Quarantined > 0 {
		t.line("  %s %s: %s left out, %s put aside", t.paint("33", "check"), r.Subject, count(int(r.Dropped), "row"), count(int(r.Quarantined), "row"))
	}
}

func (t *textReport) line(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inLine {
		format = "\n" + format
		t.inLine = false
	}
	fmt.Fprintf(t.out, format+"\n", args...)
}

func (t *textReport) paint(code, text string) string {
	if !t.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (t *textReport) bold(text string) string { return t.paint("1", text) }

// untold are the causes of a failed run that no line of a component tells.
func untold(err error) []error {
	var failed *pipeline.RunError
	if !errors.As(err, &failed) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(failed.Errs), func(cause error) bool {
		_, told := cause.(*pipeline.ComponentError) //nolint:errorlint // an error around it says more than the line of the component
		return told
	})
}

func shortStatus(s component.Status) string {
	if s == component.StatusDisabled {
		return "off "
	}
	return "skip"
}

// endpoint is the address without its parameters: a token may be among them.
func endpoint(remote string) string {
	addr, err := connect.ParseAddress(remote)
	if err != nil {
		return "an address that cannot be read"
	}
	return addr.String()
}

func took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < 10*time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by)
}

// textOutput keeps what components print apart from the lines of the report.
type textOutput struct{ report *textReport }

func (o textOutput) Write(p []byte) (int, error) {
	o.report.mu.Lock()
	defer o.report.mu.Unlock()
	if len(p) > 0 {
		o.report.inLine = p[len(p)-1] != '\n'
	}
	return o.report.out.Write(p)
}
