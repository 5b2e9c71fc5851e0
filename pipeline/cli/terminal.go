package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"
)

// redrawPause is the shortest time between two drawings.
const redrawPause = 100 * time.Millisecond

// screen keeps a block of lines, one for each running component, below
// everything else that is printed on a terminal. Between two writes the cursor
// is at the beginning of the line below the block and it is never hidden, so
// whatever ends the process leaves the terminal in order. It is safe for
// concurrent use.
type screen struct {
	out  io.Writer
	size func() (width, height int)
	// lines gives the lines of the block, none of them wider than width.
	lines func(width, height int) []string

	mu sync.Mutex
	// shown are the lines of the block that are on the terminal.
	shown []string
	// midLine tells that something printed a line without its end. The block waits
	// for the end.
	midLine bool
	drawn   time.Time
	closed  bool

	resumed    <-chan os.Signal
	stop, done chan struct{}
}

// newScreen draws lines on out until close. resumed tells when the process was
// stopped for a while.
func newScreen(out io.Writer, size func() (int, int), lines func(width, height int) []string, resumed <-chan os.Signal) *screen {
	s := &screen{out: out, size: size, lines: lines, resumed: resumed, stop: make(chan struct{}), done: make(chan struct{})}
	go s.keepDrawing()
	return s
}

// keepDrawing draws what has changed.
func (s *screen) keepDrawing() {
	defer close(s.done)
	tick := time.NewTicker(redrawPause)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-s.resumed: // a shell has printed below the block
			s.mu.Lock()
			s.shown = nil
			s.mu.Unlock()
		case <-tick.C:
			s.mu.Lock()
			s.put(s.draw(nil))
			s.mu.Unlock()
		}
	}
}

// close takes the block away. What is written afterwards is passed on.
func (s *screen) close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	s.put(s.erase(nil))
	s.mu.Unlock()
	close(s.stop)
	<-s.done
}

// around returns a writer to w, which is the terminal too, that prints above the
// block.
func (s *screen) around(w io.Writer) io.Writer { return screenWriter{s, w} }

type screenWriter struct {
	screen *screen
	to     io.Writer
}

func (w screenWriter) Write(p []byte) (int, error) {
	s := w.screen
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p) == 0 || s.closed {
		return w.to.Write(p)
	}
	s.put(s.erase(nil))
	n, err := w.to.Write(p)
	s.midLine = p[len(p)-1] != '\n'
	if time.Since(s.drawn) >= redrawPause { // else soon
		s.put(s.draw(nil))
	}
	return n, err
}

// put writes to the terminal; one that has gone does not stop the run.
func (s *screen) put(b []byte) {
	if len(b) > 0 {
		_, _ = s.out.Write(b)
	}
}

// The control sequences in use, which every terminal since the VT100 knows.
const (
	up         = "\x1b[%dA"
	clearLine  = "\x1b[K"
	clearBelow = "\x1b[J"
)

// erase appends what takes the block off the terminal.
func (s *screen) erase(b []byte) []byte {
	if len(s.shown) == 0 {
		return b
	}
	b = fmt.Appendf(b, "\r"+up+clearBelow, s.rows())
	s.shown = nil
	return b
}

// rows counts what the block takes on the terminal, which wraps its lines when
// it has become narrower.
func (s *screen) rows() int {
	width, _ := s.size()
	rows := 0
	for _, line := range s.shown {
		rows += max(1, (displayWidth(line)+width-1)/max(1, width))
	}
	return rows
}

// draw appends what makes the terminal show the block as it is now.
func (s *screen) draw(b []byte) []byte {
	if s.closed || s.midLine {
		return b
	}
	width, height := s.size()
	lines := s.lines(width, height)
	if slices.Equal(lines, s.shown) {
		return b
	}
	s.drawn = time.Now()
	if len(lines) == 0 {
		return s.erase(b)
	}
	if len(s.shown) > 0 {
		b = fmt.Appendf(b, "\r"+up, s.rows())
	}
	for _, line := range lines {
		b = append(append(b, line...), clearLine+"\n"...)
	}
	s.shown = lines
	return append(b, clearBelow...)
}
