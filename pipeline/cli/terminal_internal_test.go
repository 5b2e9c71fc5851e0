package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/hooks"
)

// block is what a screen shows below; it can be changed at any time.
type block struct {
	mu    sync.Mutex
	lines []string
}

func (b *block) set(lines ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = lines
}

func (b *block) draw(width, _ int) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := slices.Clone(b.lines)
	for i := range out {
		out[i] = truncate(out[i], width-1)
	}
	return out
}

// onScreen runs a test with a screen on a terminal; after tick everything that
// is to be drawn has been.
func onScreen(t *testing.T, width int, test func(t *testing.T, term *terminal, s *screen, b *block, tick func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		term, b := newTerminal(t, width), &block{}
		s := newScreen(term, term.size, b.draw, nil)
		defer s.close()
		test(t, term, s, b, func() {
			time.Sleep(redrawPause + time.Millisecond) // of the bubble
			synctest.Wait()
		})
	})
}

func TestTheBlockStaysBelow(t *testing.T) {
	t.Parallel()
	onScreen(t, 40, func(t *testing.T, term *terminal, s *screen, b *block, tick func()) {
		stdout, stderr := s.around(term), s.around(term)
		fmt.Fprintln(stdout, "first")
		b.set("a 1", "b 1")
		tick()
		require.Equal(t, []string{"first", "a 1", "b 1"}, term.lines())
		fmt.Fprint(stdout, "second\nthird\n")
		fmt.Fprint(stderr, "a warning\n")
		b.set("a 2", "b 2")
		tick()
		require.Equal(t, []string{"first", "second", "third", "a warning", "a 2", "b 2"}, term.lines())
		b.set("b 3")
		tick()
		require.Equal(t, []string{"first", "second", "third", "a warning", "b 3"}, term.lines())
		b.set()
		tick()
		require.Equal(t, []string{"first", "second", "third", "a warning"}, term.lines())
		b.set("c")
		tick()
		s.close()
		s.close()
		fmt.Fprintln(stdout, "end")
		require.Equal(t, []string{"first", "second", "third", "a warning", "end"}, term.lines())
		require.Zero(t, term.col)
	})
}

func TestTheBlockWaitsForTheEndOfALine(t *testing.T) {
	t.Parallel()
	onScreen(t, 40, func(t *testing.T, term *terminal, s *screen, b *block, tick func()) {
		b.set("a")
		tick()
		out := s.around(term)
		fmt.Fprint(out, "half")
		tick()
		require.Equal(t, []string{"half"}, term.lines())
		fmt.Fprint(out, " a line\n")
		tick()
		require.Equal(t, []string{"half a line", "a"}, term.lines())
	})
}

func TestTheTerminalIsLeftInOrderAtAnyMoment(t *testing.T) {
	t.Parallel()
	onScreen(t, 40, func(t *testing.T, term *terminal, _ *screen, b *block, tick func()) {
		for i := range 5 {
			b.set("a", strings.Repeat("b", i))
			tick()
			term.mu.Lock()
			require.Zero(t, term.col, "a prompt begins its own line")
			require.Equal(t, len(term.rows)-1, term.row, "below the block")
			term.mu.Unlock()
		}
	})
}

func TestNothingIsDrawnWhenNothingChanges(t *testing.T) {
	t.Parallel()
	onScreen(t, 40, func(t *testing.T, term *terminal, s *screen, b *block, tick func()) {
		b.set("a")
		tick()
		writes := term.writes
		for range 20 {
			tick()
		}
		require.Equal(t, writes, term.writes)
		out := s.around(io.Discard)
		for i := range 100 {
			b.set("a", fmt.Sprint(i))
			fmt.Fprintln(out, i)
		}
		require.LessOrEqual(t, term.writes, writes+3, "not at every write")
	})
}

func TestTheBlockBeginsAnewAfterAStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		term, b, resumed := newTerminal(t, 40), &block{}, make(chan os.Signal)
		s := newScreen(term, term.size, b.draw, resumed)
		defer s.close()
		b.set("a", "b")
		time.Sleep(2 * redrawPause)
		synctest.Wait()
		fmt.Fprintln(term, "[1]+  Stopped\nfg") // by the shell, not through the screen
		resumed <- os.Interrupt
		time.Sleep(2 * redrawPause)
		synctest.Wait()
		require.Equal(t, []string{"a", "b", "[1]+  Stopped", "fg", "a", "b"}, term.lines())
	})
}

func TestResize(t *testing.T) {
	t.Parallel()
	onScreen(t, 40, func(t *testing.T, term *terminal, s *screen, b *block, tick func()) {
		fmt.Fprintln(s.around(term), "first")
		b.set(strings.Repeat("a", 39), "b", strings.Repeat("統", 19))
		tick()
		require.Len(t, term.lines(), 4)
		term.resize(15)
		tick()
		require.Equal(t, []string{"first", strings.Repeat("a", 13) + "…", "b", strings.Repeat("統", 6) + "…"}, term.lines())
		term.resize(60)
		tick()
		require.Equal(t, []string{"first", strings.Repeat("a", 39), "b", strings.Repeat("統", 19)}, term.lines())
	})
}

func TestDisplayWidth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 0, "abc": 3, "größte": 6, "顧客データ": 10, "한국어": 6, "e\u0301": 1, "📦": 2, "\x1b[32mok\x1b[0m": 2, "ﾃﾞｰﾀ": 4, "\u200b": 0, "…": 1, "\xff": 1,
	} {
		require.Equal(t, want, displayWidth(text), "%q", text)
	}
}

func TestTruncate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		width int
		want  string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"abc", 1, "…"}, {"abc", 0, ""}, {"abc", -1, ""},
		{"顧客データ", 10, "顧客データ"}, {"顧客データ", 9, "顧客デー…"}, {"顧客データ", 8, "顧客デ…"}, {"e\u0301e\u0301", 1, "…"},
	}
	for _, test := range tests {
		got := truncate(test.text, test.width)
		require.Equal(t, test.want, got)
		require.LessOrEqual(t, displayWidth(got), max(0, test.width))
	}
}

func TestByteSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 1234567: "1.2 MB", 999949: "999.9 kB", 999950: "1.0 MB", 999999: "1.0 MB",
		1_200_000_000: "1.2 GB", 1 << 62: "4.6 EB",
	} {
		require.Equal(t, want, byteSize(n))
	}
}

// seen is a typical event.
func seen(name string) hooks.ComponentProgress {
	return hooks.ComponentProgress{
		Name: name, Attempt: 1, Stages: 3, StagesDone: 1, Tasks: 200, TasksCompleted: 41, TasksRunning: 4, InputBytes: 1_234_567_890,
	}
}

func TestBars(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &bars{width: 20, paint: func(_, text string) string { return text }}
		b.begin("clean")
		time.Sleep(34*time.Second + 900*time.Millisecond)
		require.Equal(t, []string{"  ...   clean                 34s"}, b.lines(100, 24))
		b.progress(seen("clean"))
		for width, want := range map[int]string{
			100: "  ...   clean                 [####................]  41/200 tasks  stage 2/3  1.2 GB  34s",
			85:  "  ...   clean                 [####................]  41/200 tasks  1.2 GB  34s",
			75:  "  ...   clean                 [####................]  41/200 tasks  34s",
			62:  "  ...   clean                 [##........]  41/200 tasks  34s",
			50:  "  ...   clean                 [##........]  34s",
			40:  "  ...   clean                 20%  34s",
			35:  "  ...   clean                 34s",
			22:  "  ...   clean     34s",
			10:  "  ...   …",
			1:   "",
		} {
			lines := b.lines(width, 24)
			require.Equal(t, []string{want}, lines, width)
			require.Less(t, displayWidth(lines[0]), max(2, width))
		}
		b.retry(hooks.RetryAttempt{Name: "clean", Attempt: 1, MaxAttempts: 3})
		require.Equal(t, []string{"  ...   clean                 attempt 2/3  34s"}, b.lines(100, 24))
		b.progress(seen("clean"))
		require.Contains(t, b.lines(120, 24)[0], "attempt 2/3")
		b.end("nobody")
		b.end("clean")
		b.progress(seen("clean"))
		require.Empty(t, b.lines(100, 24))
	})
}

func TestBarsOfManyComponents(t *testing.T) {
	t.Parallel()
	b := &bars{width: 20, paint: func(_, text string) string { return text }}
	for i := range 30 {
		b.begin(fmt.Sprintf("c%02d", i))
	}
	lines := b.lines(80, 10)
	require.Len(t, lines, 8)
	require.Equal(t, "  ...   and 23 more", lines[7])
	require.Len(t, b.lines(80, 1), 1)
	require.Len(t, b.lines(80, 100), 30)
}

func TestBarsKeepControlCharactersOut(t *testing.T) {
	t.Parallel()
	b := &bars{width: 20, paint: func(_, text string) string { return text }}
	b.begin("a\x1b[2J\nb\u2028c")
	require.Equal(t, []string{"  ...   a\uFFFD[2J\uFFFDb\uFFFDc             0s"}, b.lines(80, 24))
}

func TestBarsOfOddNumbers(t *testing.T) {
	t.Parallel()
	for _, e := range []hooks.ComponentProgress{
		{}, {Tasks: 1}, {Tasks: 1, TasksCompleted: 1, Stages: 1, StagesDone: 1}, {Tasks: 2, TasksCompleted: 5}, {Tasks: 1 << 58, TasksCompleted: 1 << 57},
	} {
		e.Name = "a"
		b := &bars{width: 20, paint: func(_, text string) string { return text }}
		b.begin("a")
		b.progress(e)
		require.LessOrEqual(t, displayWidth(b.lines(80, 24)[0]), 79)
	}
}

func TestPlainProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lines []string
		p := newPlainProgress(func(name, text string) { lines = append(lines, name+": "+text) })
		p.progress(seen("stranger"))
		p.begin("clean")
		for range 34 {
			time.Sleep(time.Second)
			p.progress(seen("clean"))
		}
		require.Equal(t, []string{
			"clean: stage 2/3, 41/200 tasks, 1.2 GB read, 10s",
			"clean: stage 2/3, 41/200 tasks, 1.2 GB read, 20s",
			"clean: stage 2/3, 41/200 tasks, 1.2 GB read, 30s",
		}, lines)
		p.end("clean")
		time.Sleep(time.Minute)
		p.progress(seen("clean"))
		require.Len(t, lines, 3)
		require.Equal(t, "attempt 2, 5s", plainText(hooks.ComponentProgress{Attempt: 2}, 5*time.Second))
	})
}
