package quality

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// DefaultHistoryRuns is how many runs of a pipeline a [FileHistory] keeps.
const DefaultHistoryRuns = 100

// FileHistory is a [History] in a folder on this machine: a folder for each
// pipeline, and in it a file of JSON lines for each run, in the form of
// [ReportSchema]. Processes may use one folder at the same time. It is safe for
// concurrent use.
type FileHistory struct {
	dir  string
	runs int
	now  func() time.Time

	mu    sync.Mutex
	files map[[2]string]string // by pipeline and run
}

var _ History = (*FileHistory)(nil)

// FileHistoryOptions are the settings of [NewFileHistory]. Nil means defaults.
type FileHistoryOptions struct {
	// Runs is how many runs of each pipeline are kept; default
	// [DefaultHistoryRuns]. Below 0 all are kept.
	Runs int
	// Now is the clock; default [time.Now].
	Now func() time.Time

	_ struct{}
}

// NewFileHistory returns the history of a folder, which is made for the first
// report.
func NewFileHistory(dir string, opts *FileHistoryOptions) (*FileHistory, error) {
	if opts == nil {
		opts = &FileHistoryOptions{}
	}
	switch {
	case dir == "" || strings.ContainsRune(dir, 0):
		return nil, fmt.Errorf("history of checks: %q is no path of a folder", dir)
	case strings.Contains(dir, "://"):
		return nil, errors.New("history of checks: want a folder on this machine, not a URL; a table of Spark can keep it too")
	}
	h := &FileHistory{dir: dir, runs: cmp.Or(opts.Runs, DefaultHistoryRuns), now: opts.Now, files: map[[2]string]string{}}
	if h.now == nil {
		h.now = time.Now
	}
	return h, nil
}

// Add implements [History]. It removes the oldest runs that are too many.
func (h *FileHistory) Add(ctx context.Context, r *Report) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("add to the history of checks: %w", context.Cause(ctx))
	}
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("add to the history of checks: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	run := [2]string{r.Pipeline, r.RunID}
	file, known := h.files[run]
	if !known {
		file = filepath.Join(h.folder(r.Pipeline), h.now().UTC().Format("20060102T150405.000000000")+"-"+folderName(r.RunID)+".jsonl")
	}
	if err = appendLine(file, line); err == nil && !known {
		h.files[run] = file
		err = h.prune(r.Pipeline)
	}
	if err != nil {
		return fmt.Errorf("add to the history of checks: %w", err)
	}
	return nil
}

// prune removes files of the oldest runs.
func (h *FileHistory) prune(pipeline string) error {
	if h.runs < 0 {
		return nil
	}
	files, err := h.newest(pipeline)
	if err != nil {
		return err
	}
	kept := 0
	for _, file := range files {
		if kept < h.runs {
			if !file.empty {
				kept++
			}
			continue
		}
		if err := os.Remove(file.path); err != nil && !errors.Is(err, fs.ErrNotExist) { // another process may do the same
			return err
		}
	}
	return nil
}

// historyFile is a file of a run. It is empty when a process is about to write its
// first line, or was killed then.
type historyFile struct {
	path  string
	empty bool
}

// newest lists the files of a pipeline, the newest first.
func (h *FileHistory) newest(pipeline string) ([]historyFile, error) {
	entries, err := os.ReadDir(h.folder(pipeline))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var files []historyFile
	for _, entry := range entries { // in the order of their names, and so of their times
		if !entry.Type().IsRegular() || !strings.HasSuffix(entry.Name(), ".jsonl") {
			continue
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // another process has removed it
		}
		if err != nil {
			return nil, err
		}
		files = append(files, historyFile{filepath.Join(h.folder(pipeline), entry.Name()), info.Size() == 0})
	}
	slices.Reverse(files)
	return files, nil
}

func (h *FileHistory) folder(pipeline string) string {
	return filepath.Join(h.dir, "pipeline="+folderName(pipeline))
}

// Last implements [History].
func (h *FileHistory) Last(ctx context.Context, pipeline, subject string) (*Report, error) {
	reports, err := h.Reports(ctx, pipeline, subject, 1)
	if err != nil || len(reports) == 0 {
		return nil, err
	}
	return reports[0], nil
}

// Reports returns the newest reports on a subject, the newest first; at most so
// many unless limit is 0. Lines that are not whole, as a process leaves them that is
// killed, are passed over.
func (h *FileHistory) Reports(ctx context.Context, pipeline, subject string, limit int) ([]*Report, error) {
	for tries := historyReads; ; tries-- {
		out, whole, err := h.read(ctx, pipeline, subject, limit)
		if err != nil {
			return nil, fmt.Errorf("read the history of checks: %w", err)
		}
		if whole || tries == 1 {
			return out, nil
		}
	}
}

// historyReads is how often a folder is read at most while others remove files that
// were listed: there are newer ones then.
const historyReads = 100

// read gives the reports of the files that were listed, and reports whether these are
// all that there were at some time: files are removed while it reads, and a list of
// a folder is not of one moment either.
func (h *FileHistory) read(ctx context.Context, pipeline, subject string, limit int) (out []*Report, whole bool, err error) {
	files, err := h.newest(pipeline)
	if err != nil {
		return nil, false, err
	}
	found := 0
	whole = true
	for _, file := range files {
		if ctx.Err() != nil {
			return nil, false, context.Cause(ctx)
		}
		reports, err := readReports(file.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			whole = false
		case err != nil:
			return nil, false, err
		case len(reports) > 0:
			found++
		}
		for _, r := range slices.Backward(reports) {
			if r.Pipeline == pipeline && r.Subject == subject {
				out = append(out, r)
			}
			if limit > 0 && len(out) == limit {
				return out, whole, nil
			}
		}
	}
	if found == 0 {
		_, err := os.Stat(h.folder(pipeline))
		whole = errors.Is(err, fs.ErrNotExist)
	}
	return out, whole, nil
}

// readReports reads the lines of a file, without those that cannot be read.
func readReports(file string) ([]*Report, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out []*Report
	for line := range bytes.Lines(data) {
		r := new(Report)
		if json.Unmarshal(line, r) == nil {
			out = append(out, r)
		}
	}
	return out, nil
}
