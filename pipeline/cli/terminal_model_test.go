package cli

import (
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// terminal is a model of a terminal: text with characters of two columns, the
// end of a line, colours, and the control sequences that a screen uses. It fails
// at any other. It never scrolls off, so that everything stays to be looked at.
type terminal struct {
	tb testing.TB

	mu       sync.Mutex
	width    int
	rows     [][]rune // a character of two columns has a 0 behind it
	row, col int
	writes   int
}

func newTerminal(tb testing.TB, width int) *terminal {
	return &terminal{tb: tb, width: width, rows: [][]rune{nil}}
}

// Write interprets whole sequences: nobody splits them.
func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writes++
	for rest := string(p); rest != ""; {
		if strings.HasPrefix(rest, "\x1b[") {
			end := strings.IndexFunc(rest[2:], func(r rune) bool { return r >= '@' }) + 2
			t.control(rest[2:end], rest[end])
			rest = rest[end+1:]
			continue
		}
		r, n := utf8.DecodeRuneInString(rest)
		t.character(r)
		rest = rest[n:]
	}
	return len(p), nil
}

func (t *terminal) control(argument string, command byte) {
	switch command {
	case 'A':
		n := 0
		for _, digit := range argument {
			n = 10*n + int(digit-'0')
		}
		require.GreaterOrEqual(t.tb, t.row, n, "the cursor leaves the terminal")
		t.row -= n
	case 'K':
		require.Empty(t.tb, argument)
		t.rows[t.row] = t.rows[t.row][:min(t.col, len(t.rows[t.row]))]
	case 'J':
		require.Empty(t.tb, argument)
		t.rows[t.row] = t.rows[t.row][:min(t.col, len(t.rows[t.row]))]
		t.rows = t.rows[:t.row+1]
	case 'm':
	default:
		require.Fail(t.tb, "unknown sequence", "%q%c", argument, command)
	}
}

func (t *terminal) character(r rune) {
	switch r {
	case '\r':
		t.col = 0
		return
	case '\n':
		t.down()
		return
	}
	require.GreaterOrEqual(t.tb, r, ' ', "a control character")
	cells := []rune{r, 0}[:runeWidth(r)]
	if t.col+len(cells) > t.width {
		t.down()
	}
	line := t.rows[t.row]
	for len(line) < t.col {
		line = append(line, ' ')
	}
	t.rows[t.row] = append(line[:t.col], append(cells, line[min(len(line), t.col+len(cells)):]...)...)
	t.col += len(cells)
}

func (t *terminal) down() {
	t.row, t.col = t.row+1, 0
	if t.row == len(t.rows) {
		t.rows = append(t.rows, nil)
	}
}

// resize makes the terminal narrower or wider and breaks long lines anew, as
// terminals do.
func (t *terminal) resize(width int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var rows [][]rune
	for i, line := range t.rows {
		if i == t.row {
			t.row = len(rows)
		}
		for len(line) > width {
			rows, line = append(rows, line[:width:width]), line[width:]
		}
		rows = append(rows, line)
	}
	t.rows, t.width = rows, width
}

func (t *terminal) size() (int, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.width, 24
}

// lines are what can be read.
func (t *terminal) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []string
	for _, row := range t.rows {
		line := strings.ReplaceAll(string(row), "\x00", "")
		out = append(out, strings.TrimRight(line, " "))
	}
	if last := len(out) - 1; out[last] == "" {
		out = out[:last]
	}
	return out
}

// ShownOn returns the lines that a terminal shows after everything was printed
// on it.
func ShownOn(tb testing.TB, width int, printed string) []string {
	tb.Helper()
	t := newTerminal(tb, width)
	_, _ = t.Write([]byte(printed))
	return t.lines()
}
