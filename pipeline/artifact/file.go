package artifact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// WriteFile writes the document in one step: a reader sees the old file or the
// new one. The folder is made if needed.
func (r *RunResults) WriteFile(path string) error {
	if err := write(path, r); err != nil {
		return fmt.Errorf("write the run results: %w", err)
	}
	return nil
}

// WriteFile writes the document in one step: a reader sees the old file or the
// new one. The folder is made if needed.
func (m *Manifest) WriteFile(path string) error {
	if err := write(path, m); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return nil
}

// ReadRunResults reads what [RunResults.WriteFile] wrote. A newer version is a
// [*VersionError], another document [ErrKind].
func ReadRunResults(path string) (*RunResults, error) {
	out := &RunResults{}
	if err := read(path, KindRunResults, RunResultsVersion, out); err != nil {
		return nil, fmt.Errorf("read the run results %s: %w", path, err)
	}
	return out, nil
}

// ReadManifest reads what [Manifest.WriteFile] wrote. A newer version is a
// [*VersionError], another document [ErrKind].
func ReadManifest(path string) (*Manifest, error) {
	out := &Manifest{}
	if err := read(path, KindManifest, ManifestVersion, out); err != nil {
		return nil, fmt.Errorf("read the manifest %s: %w", path, err)
	}
	return out, nil
}

// read checks what the document is before it looks at the rest, which means
// nothing in another version.
func read(path, kind string, newest int, out any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		var where *fs.PathError
		if errors.As(err, &where) {
			err = where.Err // the path stands before it
		}
		return err
	}
	var head struct {
		SchemaVersion *int    `json:"schema_version"`
		Kind          *string `json:"kind"`
	}
	switch err := json.Unmarshal(data, &head); {
	case err != nil:
		return err
	case head.Kind == nil || head.SchemaVersion == nil:
		return fmt.Errorf("%w: the keys kind and schema_version are missing", ErrKind)
	case *head.Kind != kind:
		return fmt.Errorf("%w: its kind is %q, not %q", ErrKind, *head.Kind, kind)
	case *head.SchemaVersion < 1 || *head.SchemaVersion > newest:
		return &VersionError{Kind: kind, Have: *head.SchemaVersion, Want: newest}
	}
	return json.Unmarshal(data, out)
}

func write(path string, document any) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(document); err != nil {
		return err
	}
	dir, name := filepath.Split(path)
	if name == "" {
		return fmt.Errorf("%q is no path of a file", path)
	}
	dir = filepath.Clean(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	temp := filepath.Join(dir, fmt.Sprintf(".%s.%016x", name, rand.Uint64()))
	if err := writeNew(temp, &text); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(dir)
}

// writeNew leaves a file that is on the disk, or none.
func writeNew(path string, text io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// syncDir makes the names in the folder last, where the file system can.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	if err := dir.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
