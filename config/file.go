package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sparkpipe/sparkpipe/config/hocon"
	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// MaxFileSize is the largest configuration or query file that is read, in
// bytes.
const MaxFileSize = 32 << 20

// readFile reads a bounded file. The error says where the file was looked for.
func readFile(path string, from tree.Pos) ([]byte, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		absolute = path
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, openError(path, absolute, from, err)
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, singleError(from, fmt.Sprintf("%q is a directory", absolute), "name a file in it", nil)
	}
	src, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return nil, openError(path, absolute, from, err)
	}
	if len(src) > MaxFileSize {
		return nil, singleError(from, fmt.Sprintf("%q is larger than %d MiB", absolute, MaxFileSize>>20), "", nil)
	}
	return src, nil
}

func openError(path, absolute string, from tree.Pos, err error) error {
	var cause *fs.PathError
	reason := err
	if errors.As(err, &cause) {
		reason = cause.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		what := "the file does not exist"
		if from.Line > 0 {
			what = fmt.Sprintf("the file %q does not exist", path)
		}
		hint := ""
		if absolute != path {
			hint = "looked for " + absolute
		}
		return singleError(from, what, hint, err)
	}
	return singleError(from, fmt.Sprintf("read %q: %v", absolute, reason), "", err)
}

// syntaxError turns an error of the HOCON parser into one of this package.
func syntaxError(err error) error {
	var h *hocon.Error
	if !errors.As(err, &h) {
		return err
	}
	plain := *h
	plain.File, plain.Line, plain.Column, plain.Path, plain.Hint = "", 0, 0, "", ""
	return &Errors{List: []*Error{{
		File: h.File, Line: h.Line, Column: h.Column, Path: h.Path,
		Msg: plain.Error(), Hint: h.Hint, cause: err,
	}}}
}
