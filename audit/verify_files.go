package audit

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// DefaultFile is the name of the log in a folder of logs.
const DefaultFile = "audit.jsonl"

// VerifyFiles verifies the files of one log, in the order in which they are given.
// Of a single one, those that were put aside of it are verified with it, the oldest
// first; of a folder, [DefaultFile] in it. The chain must reach the head that stands
// beside the last file, or [VerifyOptions.Head] when that is set; a missing head is
// a problem. With [VerifyOptions.Partial] only what is given is looked at, and the
// head only when it is given.
//
// The error tells that a file could not be read or that the key does not fit.
// Verify again when files are put aside in the meantime.
func VerifyFiles(files []string, opts *VerifyOptions) (Report, error) {
	if opts == nil {
		opts = &VerifyOptions{}
	}
	if len(files) == 0 {
		return Report{}, errors.New("verify an audit log: no file is given")
	}
	files, err := logFiles(files, opts.Partial)
	if err != nil {
		return Report{}, fmt.Errorf("verify an audit log: %w", err)
	}
	v := newVerifier(opts)
	last := files[len(files)-1]
	if err := v.readHead(last); err != nil {
		return Report{}, err
	}
	for _, name := range files {
		if err := v.readFile(name, name == last); err != nil {
			return Report{}, err
		}
	}
	return v.finish(), nil
}

// logFiles completes what was given.
func logFiles(given []string, partial bool) ([]string, error) {
	var files []string
	for _, name := range given {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			name = filepath.Join(name, DefaultFile)
		}
		files = append(files, name)
	}
	if len(files) > 1 || partial {
		return files, nil
	}
	aside, err := asideFiles(files[0])
	if err != nil {
		return nil, err
	}
	var all []string
	for _, file := range aside {
		all = append(all, file.path)
	}
	return append(all, files[0]), nil
}

// readHead reads the head beside the last file, before the file: who writes
// meanwhile only adds to it.
func (v *verifier) readHead(last string) error {
	if v.opts.Head != nil || v.opts.Partial {
		return nil
	}
	v.place = place{file: last + ".head", line: 1}
	file, err := os.Open(v.place.file)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(last); err != nil {
			return fmt.Errorf("verify an audit log: %w", err)
		}
		v.problem(KindCut, 0, "the head of the log is missing: entries that were cut off at the end would not show; give the head, or say that this is a part of a log")
		return nil
	}
	if err != nil {
		return fmt.Errorf("verify an audit log: %w", err)
	}
	defer func() { _ = file.Close() }()
	head, err := readHead(file, v.signer)
	switch {
	case errors.Is(err, ErrKey) && v.signer.key.IsZero():
		return fmt.Errorf("verify %s: %w", v.place.file, err)
	case errors.Is(err, ErrKey):
		v.problem(KindEdited, 0, "the head was edited: %v", err)
	case err != nil:
		return fmt.Errorf("verify %s: %w", v.place.file, err)
	case head.Seq == 0:
		v.problem(KindUnreadable, 0, "the file is no head of a log")
	default:
		v.opts.Head, v.report.HeadChecked = &head, true
	}
	return nil
}

// readFile reads one file; the last one may be missing where its head is not.
func (v *verifier) readFile(name string, last bool) error {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) && last && !v.opts.Partial {
		v.place = place{file: name, at: v.place.at}
		v.problem(KindCut, 0, "the file is missing")
		return nil
	}
	if err != nil {
		return fmt.Errorf("verify an audit log: %w", err)
	}
	defer func() { _ = file.Close() }()
	return v.read(cmp.Or(name, v.opts.Name), file)
}
