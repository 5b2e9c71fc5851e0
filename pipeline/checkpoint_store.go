package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

// EnvCheckpoints is the environment variable that says where records of runs are
// kept when nothing else does.
const EnvCheckpoints = "SPARKPIPE_CHECKPOINTS"

// OpenCheckpointStore returns the store of a location, a folder on this machine;
// empty means that of [DefaultCheckpoints]. It touches nothing.
func OpenCheckpointStore(location string) (checkpoint.Store, error) {
	if location == "" {
		found, err := DefaultCheckpoints()
		if err != nil {
			return nil, err
		}
		location = found
	}
	return checkpoint.NewFileStore(location)
}

// DefaultCheckpoints is the location of the environment variable
// [EnvCheckpoints], else "sparkpipe/checkpoints" where the system keeps the state
// of programs for the user: XDG_STATE_HOME or ~/.local/state, ~/Library/Application
// Support on macOS, %LocalAppData% on Windows.
func DefaultCheckpoints() (string, error) {
	if location := os.Getenv(EnvCheckpoints); location != "" {
		return location, nil
	}
	state, err := stateDir()
	if err != nil {
		return "", fmt.Errorf("find a place for the checkpoints: %w; set %s or checkpoint.location", err, EnvCheckpoints)
	}
	return filepath.Join(state, "sparkpipe", "checkpoints"), nil
}

func stateDir() (string, error) {
	switch runtime.GOOS {
	case "windows":
		return os.UserCacheDir() // %LocalAppData%
	case "darwin":
		return os.UserConfigDir() // ~/Library/Application Support
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state"), err
}

// CheckpointOptions are the options that the block "checkpoint" of the pipeline's
// file asks for, or nil when it asks for none.
func (p *Pipeline) CheckpointOptions() (*CheckpointOptions, error) {
	c := p.Checkpoint
	if !c.Enabled {
		return nil, nil //nolint:nilnil // nil options are what the runner takes for none
	}
	store, err := OpenCheckpointStore(c.Location)
	if err != nil {
		return nil, fmt.Errorf("checkpoint.location: %w", err)
	}
	options := &CheckpointOptions{
		Store: store, AllowChanges: c.AllowChanges, DeleteOnSuccess: c.CleanupOnSuccess, KeepBreakers: c.KeepBreakers,
	}
	if c.AutoResume {
		options.Resume = ResumeLatest
	}
	return options, nil
}
