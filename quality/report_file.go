package quality

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// replaceFile writes a file in one step: a reader sees the old text or the new
// one. The folder is made if needed.
func replaceFile(path string, text []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+shorten(filepath.Base(path), 100)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = errors.Join(f.Chmod(0o644), f.Sync())
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// appendLine adds a line to a file in one write, so that writers of other
// processes do not come between. What a writer that was killed left of a line is
// ended first. The folder is made if needed.
func appendLine(path string, line []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return appendTo(f, line)
	}
	if last := make([]byte, 1); info.Size() > 0 {
		if _, err := f.ReadAt(last, info.Size()-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			line = append([]byte("\n"), line...)
		}
	}
	return errors.Join(appendTo(f, line), f.Sync())
}

func appendTo(f *os.File, line []byte) error {
	_, err := f.Write(append(line[:len(line):len(line)], '\n'))
	return err
}

// filePath checks the path of a file that reports go to.
func filePath(what, path string) error {
	if path == "" {
		return fmt.Errorf("%s: the path is empty", what)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s: %w", what, &fs.PathError{Op: "write", Path: path, Err: errors.New("is a folder")})
	}
	return nil
}

// shorten cuts a text to so many bytes.
func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return text[:most]
}
