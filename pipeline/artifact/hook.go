package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// Hook writes the manifest and the results of the runs of one pipeline into a
// folder. Before the first component it removes the results of an earlier run
// and writes the manifest; when it cannot, the run is vetoed. At the end it writes
// the results, whatever became of the run. Give it first in
// [pipeline.RunnerOptions.Hooks], so that it writes after the others have ended.
//
// It is safe for concurrent use, but two runs at a time overwrite each other's
// files.
type Hook struct {
	hooks.Base
	dir  string
	p    *pipeline.Pipeline
	opts HookOptions

	mu      sync.Mutex
	started map[string]time.Time // by run
	err     error
}

var _ hooks.PipelineHooks = (*Hook)(nil)

// HookOptions are the settings of [NewHook]. Nil means defaults.
type HookOptions struct {
	// GeneratedBy names the program in the documents, for example "sparkpipe
	// v1.2.3". Default empty.
	GeneratedBy string

	_ struct{}
}

// NewHook returns a hook that writes [ManifestFile] and [RunResultsFile] into
// dir, which is made when the run begins.
func NewHook(dir string, p *pipeline.Pipeline, opts *HookOptions) (*Hook, error) {
	switch {
	case dir == "":
		return nil, errors.New("new artifact hook: no folder is given")
	case p == nil:
		return nil, fmt.Errorf("new artifact hook: %w", pipeline.ErrNoPipeline)
	case opts == nil:
		opts = &HookOptions{}
	}
	return &Hook{dir: dir, p: p, opts: *opts, started: map[string]time.Time{}}, nil
}

// HookName names the hook in errors.
func (*Hook) HookName() string { return "artifact" }

// BeforePipeline writes the manifest.
func (h *Hook) BeforePipeline(ctx context.Context, e hooks.PipelineStart) (context.Context, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.started[e.RunID], h.err = e.Started, nil
	if err := os.Remove(h.resultsFile()); err != nil && !errors.Is(err, fs.ErrNotExist) && !isNoFolder(h.dir) {
		return ctx, fmt.Errorf("remove the results of an earlier run: %w", err)
	}
	manifest := NewManifest(h.p)
	manifest.RunID, manifest.GeneratedBy = e.RunID, h.opts.GeneratedBy
	return ctx, manifest.WriteFile(filepath.Join(h.dir, ManifestFile))
}

// AfterPipeline writes the results; see [Hook.Err].
func (h *Hook) AfterPipeline(_ context.Context, e hooks.PipelineEnd) {
	h.mu.Lock()
	started := h.started[e.RunID]
	delete(h.started, e.RunID)
	h.mu.Unlock()
	h.keep(h.write(&pipeline.Result{
		Pipeline: e.Pipeline, RunID: e.RunID, Status: e.Status, Components: e.Results,
		Started: started, Duration: e.Duration, Err: e.Err, Warnings: e.Warnings,
	}))
}

// Complete writes the results again when there is more to tell than the hook
// could know: the panics of hooks that ended after it. Call it with the result
// of the run. It returns the error of [Hook.Err].
func (h *Hook) Complete(result *pipeline.Result) error {
	if result != nil && len(result.HookErrors) > 0 {
		h.keep(h.write(result))
	}
	return h.Err()
}

// Err tells why the results of the last run could not be written, or nil.
func (h *Hook) Err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

func (h *Hook) keep(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = err
}

func (h *Hook) write(result *pipeline.Result) error {
	out := NewRunResults(result, h.p)
	out.GeneratedBy = h.opts.GeneratedBy
	return out.WriteFile(h.resultsFile())
}

func (h *Hook) resultsFile() string { return filepath.Join(h.dir, RunResultsFile) }

// isNoFolder reports whether something else stands at the place, which the
// manifest tells better.
func isNoFolder(dir string) bool {
	info, err := os.Stat(dir)
	return err != nil || !info.IsDir()
}
