package secrets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// maxSize bounds a secret of a file or a program, in bytes.
const maxSize = 1 << 20

// File is the [Provider] of files below one folder: the path is that of a file in
// it, with slashes. One line end at the end of the file is not part of the
// secret. With a key the file holds a JSON object, see [Member]. A file has at
// most 1 MiB. It is safe for concurrent use.
//
// Symbolic links may lead to another place in the folder, as those of volumes of
// Kubernetes do, and not out of it. A file that others than its owner may read is
// refused unless AllowReadable says otherwise; Windows has no such rights.
type File struct {
	// Root is the folder.
	Root string
	// AllowReadable takes files that the group or everybody may read.
	AllowReadable bool
}

// Fetch implements [Provider].
func (f File) Fetch(ctx context.Context, ref Ref) (Secret, error) {
	value, err := f.fetch(ctx, ref)
	return Secret{Value: value}, asError(ref, err)
}

func (f File) fetch(ctx context.Context, ref Ref) (Value, error) {
	if err := ctx.Err(); err != nil {
		return Value{}, context.Cause(ctx)
	}
	if err := currentOnly(ref, KindFile); err != nil {
		return Value{}, err
	}
	name := filepath.FromSlash(ref.Path)
	if !filepath.IsLocal(name) {
		return Value{}, fmt.Errorf("%w: the path leads out of the folder of secrets", ErrInvalid)
	}
	// The folder is opened each time, so that one that is replaced is seen.
	root, err := os.OpenRoot(f.Root)
	if err != nil {
		return Value{}, fmt.Errorf("open the folder of secrets: %w", fileError(err))
	}
	defer func() { _ = root.Close() }()
	// Before it is opened: a pipe would block.
	info, err := root.Stat(name)
	if err == nil {
		err = f.check(info)
	}
	if err != nil {
		return Value{}, fileError(err)
	}
	text, err := f.read(root, name)
	if err != nil {
		return Value{}, fileError(err)
	}
	return Member(NewValue(trimLineEnd(text)), ref.Key)
}

// check refuses what is no file, and a file that too many may read.
func (f File) check(info fs.FileInfo) error {
	const others = 0o077
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: the path is no file", ErrInvalid)
	case info.Mode().Perm()&others != 0 && !f.AllowReadable && runtime.GOOS != "windows":
		return fmt.Errorf("%w: others than the owner may use the file (mode %04o); make it 0600, or set allow_readable", ErrDenied, info.Mode().Perm())
	}
	return nil
}

func (f File) read(root *os.Root, name string) (string, error) {
	file, err := root.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err == nil {
		err = f.check(info) // it may be another file by now
	}
	if err != nil {
		return "", err
	}
	data, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxSize {
		return "", fmt.Errorf("%w: the file has more than %d bytes", ErrInvalid, maxSize)
	}
	return string(data), nil
}

// fileError says which error of this package one of the operating system is.
func fileError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err // the path is told by the reference
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w", ErrDenied, err)
	}
	return err
}

// trimLineEnd removes one line end.
func trimLineEnd(text string) string {
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
}
