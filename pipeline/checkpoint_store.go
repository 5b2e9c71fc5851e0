package pipeline

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// EnvCheckpoints is the environment variable that says where records of runs are
// kept when nothing else does.
const EnvCheckpoints = "SPARKPIPE_CHECKPOINTS"

// CheckpointOpener opens the stores of some locations. The library itself knows
// folders only, so that a program links no client that it does not use.
//
//	s3 := pipeline.CheckpointOpener{Schemes: []string{"s3", "s3a"}, Open: func(location string) (checkpoint.Store, error) {
//		return objectstore.Open(location, nil)
//	}}
//	store, err := pipeline.OpenCheckpointStore("s3://bucket/checkpoints", s3)
type CheckpointOpener struct {
	// Schemes are what its locations begin with, in lower case and without "://".
	Schemes []string
	// Open returns the store of a location, and touches nothing. Its errors show
	// no credentials.
	Open func(location string) (checkpoint.Store, error)
}

var locationScheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]+)://`)

// OpenCheckpointStore returns the store of a location: a folder on this machine,
// or a URL with a scheme of one of the openers. Empty means that of
// [DefaultCheckpoints]. It touches nothing, and its errors show no credentials. A
// store that has a method Close should be closed at the end.
func OpenCheckpointStore(location string, openers ...CheckpointOpener) (checkpoint.Store, error) {
	if location == "" {
		found, err := DefaultCheckpoints()
		if err != nil {
			return nil, err
		}
		location = found
	}
	match := locationScheme.FindStringSubmatch(location)
	if match == nil {
		return checkpoint.NewFileStore(location)
	}
	scheme, known := strings.ToLower(match[1]), []string{"a folder"}
	for _, opener := range openers {
		if slices.Contains(opener.Schemes, scheme) {
			store, err := opener.Open(location)
			if err != nil {
				return nil, err // not a store with a nil pointer in it
			}
			return store, nil
		}
		for _, name := range opener.Schemes {
			known = append(known, name+"://…")
		}
	}
	return nil, fmt.Errorf("checkpoint location: there is no store for %s://; known are %s", scheme, strings.Join(known, ", "))
}

// RedactCheckpoints returns a location as it may be shown: without the password
// of a URL and without the values of its parameters that may be secret. A URL
// that cannot be read keeps its scheme only.
func RedactCheckpoints(location string) string {
	scheme := locationScheme.FindString(location)
	if scheme == "" {
		return location
	}
	u, err := url.Parse(location)
	if err != nil {
		return scheme + secrets.Redacted
	}
	if _, has := u.User.Password(); has {
		u.User = url.User(u.User.Username())
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		query = nil
	}
	for name := range query {
		if lower := strings.ToLower(name); strings.Contains(lower, "pass") || strings.Contains(lower, "secret") ||
			strings.Contains(lower, "key") || strings.Contains(lower, "token") {
			query.Del(name)
		}
	}
	u.RawQuery, u.Fragment = query.Encode(), ""
	return u.String()
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
// file asks for, or nil when it asks for none. The openers are those of
// [OpenCheckpointStore].
func (p *Pipeline) CheckpointOptions(openers ...CheckpointOpener) (*CheckpointOptions, error) {
	c := p.Checkpoint
	if !c.Enabled {
		return nil, nil //nolint:nilnil // nil options are what the runner takes for none
	}
	store, err := OpenCheckpointStore(c.Location, openers...)
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
