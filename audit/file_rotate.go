package audit

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// asideFile is a file that was put aside.
type asideFile struct {
	path  string
	first int64 // number of its first entry, as its name says
}

// asideName is what a file is called when it is put aside.
func asideName(path string, first int64) string {
	extension := filepath.Ext(path)
	return fmt.Sprintf("%s-%012d%s", strings.TrimSuffix(path, extension), first, extension)
}

// asideFiles lists what was put aside of a log, the oldest first.
func asideFiles(path string) ([]asideFile, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	extension := filepath.Ext(path)
	before := strings.TrimSuffix(filepath.Base(path), extension) + "-"
	var out []asideFile
	for _, entry := range entries {
		name, ours := strings.CutPrefix(entry.Name(), before)
		digits, same := strings.CutSuffix(name, extension)
		first, err := strconv.ParseInt(digits, 10, 64)
		if ours && same && err == nil && first > 0 && entry.Type().IsRegular() && len(digits) >= 12 {
			out = append(out, asideFile{filepath.Join(filepath.Dir(path), entry.Name()), first})
		}
	}
	slices.SortFunc(out, func(a, b asideFile) int { return cmp.Compare(a.first, b.first) })
	return out, nil
}

// rotate puts the file aside when it is large or old enough, and removes what is
// too old or too many.
func (s *FileSink) rotate() error {
	large := s.opts.RotateBytes > 0 && s.size >= s.opts.RotateBytes
	old := s.opts.RotateEvery > 0 && s.opts.Now().Sub(s.born) >= s.opts.RotateEvery
	if s.size == 0 || !large && !old {
		return nil
	}
	if err := s.syncNow(); err != nil {
		return err
	}
	name := asideName(s.path, s.first)
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fmt.Errorf("put the log aside: %s is there already", name))
	}
	if err := s.release(); err != nil {
		return err
	}
	if err := os.Rename(s.path, name); err != nil {
		return fmt.Errorf("put the log aside: %w", err)
	}
	last := s.last
	file, err := os.OpenFile(s.path, os.O_CREATE|os.O_EXCL|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	s.file = file
	if s.head, err = os.OpenFile(s.path+".head", os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return errors.Join(err, s.release())
	}
	if s.info, err = file.Stat(); err != nil {
		return errors.Join(err, s.release())
	}
	s.size, s.first, s.last = 0, 0, last
	if s.opts.Fsync != FsyncNever {
		if err := syncDir(filepath.Dir(s.path)); err != nil {
			return err
		}
	}
	return s.prune()
}

// prune removes the oldest files that were put aside, as far as the options say.
// An entry says which, and with which entry they ended, before they are gone. A
// file that cannot be read stays, and those behind it.
func (s *FileSink) prune() error {
	files, err := asideFiles(s.path)
	if err != nil {
		return err
	}
	var names []string
	var end Head
	surplus := 0
	if s.opts.MaxFiles > 0 {
		surplus = len(files) - s.opts.MaxFiles
	}
	for i, file := range files {
		last, tooOld, err := s.ended(file.path)
		if err != nil || i >= surplus && !tooOld {
			break
		}
		end, names = last, append(names, filepath.Base(file.path))
	}
	if len(names) == 0 {
		return nil
	}
	if err := s.append(own(ActionAuditPruned, StatusSuccess, filepath.Base(s.path), s.opts.Now, map[string]string{
		"files": strings.Join(names, " "), "first_seq": strconv.FormatInt(files[0].first, 10),
		"last_seq": strconv.FormatInt(end.Seq, 10), "last_hash": end.Hash,
	})); err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Remove(filepath.Join(filepath.Dir(s.path), name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove an old audit log: %w", err)
		}
	}
	return nil
}

// ended returns the last entry of a file, and whether both it and the file are too
// old: neither a wrong date of the file nor a wrong clock removes what is new.
func (s *FileSink) ended(name string) (Head, bool, error) {
	file, err := os.Open(name)
	if err != nil {
		return Head{}, false, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return Head{}, false, err
	}
	tail, err := readTail(file, info.Size(), s.signer)
	if err != nil {
		return Head{}, false, err
	}
	if !tail.intact {
		return Head{}, false, ErrNotALog
	}
	limit := s.opts.Now().Add(-s.opts.Retention)
	old := s.opts.Retention > 0 && tail.entry.Time.Before(limit) && info.ModTime().Before(limit)
	return Head{tail.entry.Seq, tail.entry.Hash}, old, nil
}
