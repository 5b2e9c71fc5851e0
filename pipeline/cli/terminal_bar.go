package cli

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/sparkpipe/sparkpipe/hooks"
)

// bars are the lines of the running components. They are safe for concurrent
// use.
type bars struct {
	width int // of the column of names
	paint func(code, text string) string

	mu      sync.Mutex
	running []*bar // in the order of their start
}

// bar is how far a component is.
type bar struct {
	name    string
	started time.Time
	note    string
	seen    hooks.ComponentProgress
}

func (b *bars) begin(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running = append(b.running, &bar{name: name, started: time.Now()})
}

func (b *bars) end(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.running {
		if b.running[i].name == name {
			b.running = append(b.running[:i:i], b.running[i+1:]...)
			return
		}
	}
}

// change changes the bar of a component, if there is one.
func (b *bars) change(name string, f func(*bar)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range b.running {
		if one.name == name {
			f(one)
		}
	}
}

func (b *bars) progress(e hooks.ComponentProgress) {
	b.change(e.Name, func(one *bar) { one.seen = e })
}

func (b *bars) retry(e hooks.RetryAttempt) {
	b.change(e.Name, func(one *bar) {
		one.note, one.seen = fmt.Sprintf("attempt %d/%d", e.Attempt+1, e.MaxAttempts), hooks.ComponentProgress{}
	})
}

// lines draws the bars for a terminal of the size. One column and one row stay
// free, so that the terminal does not scroll.
func (b *bars) lines(width, height int) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	most := max(1, height-2)
	var out []string
	for i, one := range b.running {
		if i == most-1 && len(b.running) > most {
			out = append(out, truncate(fmt.Sprintf("  ...   and %d more", len(b.running)-i), width-1))
			break
		}
		out = append(out, b.line(one, width-1))
	}
	return out
}

// barMargin is before the name: the word for what runs, and space.
const barMargin = "  ...   "

// line draws one bar. When there is not enough space it says less, and at last
// less of the name.
func (b *bars) line(one *bar, width int) string {
	elapsed := time.Since(one.started).Truncate(time.Second).String()
	name := printable(one.name)
	column := min(b.width, max(8, width-len(barMargin)-2-len(elapsed)))
	space := width - len(barMargin) - 2 - max(column, displayWidth(truncate(name, column)))
	for _, parts := range one.variants() {
		text := strings.Join(append(parts, elapsed), "  ")
		if len(text) > space {
			continue
		}
		if bar, rest, ok := strings.Cut(text, "]"); ok {
			text = b.paint("36", bar+"]") + rest
		}
		return b.paint("36", barMargin) + pad(truncate(name, column), column) + "  " + text
	}
	return truncate(barMargin+name, width)
}

// variants are what can be said of the component, the longest first.
func (one *bar) variants() [][]string {
	e := one.seen
	if e.Tasks == 0 {
		if one.note == "" {
			return [][]string{nil}
		}
		return [][]string{{one.note}, nil}
	}
	long, short := drawBar(20, e), drawBar(10, e)
	tasks := tasksDone(e)
	out := [][]string{{long, tasks, stageNow(e)}, {long, tasks}, {short, tasks}, {short}, {percent(e)}, nil}
	if e.InputBytes > 0 {
		size := byteSize(e.InputBytes)
		out = append([][]string{{long, tasks, stageNow(e), size}, {long, tasks, size}}, out...)
	}
	if one.note != "" {
		out = append([][]string{append([]string{out[0][0], one.note}, out[0][1:]...)}, out...)
	}
	return out
}

func drawBar(width int, e hooks.ComponentProgress) string {
	full := int(int64(width) * min(e.TasksCompleted, e.Tasks) / e.Tasks)
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", width-full) + "]"
}

func percent(e hooks.ComponentProgress) string {
	return fmt.Sprintf("%d%%", 100*min(e.TasksCompleted, e.Tasks)/e.Tasks)
}

func tasksDone(e hooks.ComponentProgress) string {
	return fmt.Sprintf("%d/%d tasks", e.TasksCompleted, e.Tasks)
}

// stageNow counts the stages that are done and the one that runs.
func stageNow(e hooks.ComponentProgress) string {
	return fmt.Sprintf("stage %d/%d", min(e.StagesDone+1, e.Stages), e.Stages)
}

// byteSize writes a number of bytes in powers of 1000, as Spark's users know it
// from object stores.
func byteSize(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1000, 0
	for value >= 999.95 && unit < len("kMGTPE")-1 {
		value, unit = value/1000, unit+1
	}
	return fmt.Sprintf("%.1f %cB", value, "kMGTPE"[unit])
}
