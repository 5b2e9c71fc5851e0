package audit

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// logFile is the file that is written, as this process knows it.
type logFile struct {
	file  *os.File
	info  fs.FileInfo // of file
	size  int64
	first int64     // number of the first entry; 0 in an empty file
	born  time.Time // time of the first entry
	last  Head      // end of the chain
}

// maxLine is the length of the longest line that is read.
const maxLine = MaxEventSize + 4096

// refresh opens the file, or opens it again when another process wrote to it or
// put it aside.
func (s *FileSink) refresh() error {
	if s.file != nil {
		info, err := os.Stat(s.path)
		if err == nil && os.SameFile(info, s.info) && info.Size() == s.size {
			return nil
		}
	}
	if err := s.release(); err != nil {
		return err
	}
	findings, err := s.load()
	if err != nil {
		return errors.Join(err, s.release())
	}
	for _, metadata := range findings {
		if err := s.append(own(ActionAuditRepaired, StatusWarning, filepath.Base(s.path), s.opts.Now, metadata)); err != nil {
			return err
		}
	}
	if !s.pruned {
		s.pruned = true
		return s.prune()
	}
	return nil
}

// release closes the file and its head.
func (s *FileSink) release() error {
	var faults []error
	for _, file := range []*os.File{s.file, s.head} {
		if file != nil {
			faults = append(faults, file.Close())
		}
	}
	s.file, s.head = nil, nil
	return errors.Join(faults...)
}

// load opens the file and finds out where the chain goes on, and what is not as it
// was left.
func (s *FileSink) load() (findings []map[string]string, err error) {
	if err := s.openFiles(); err != nil {
		return nil, err
	}
	head, err := readHead(s.head, s.signer)
	if err != nil {
		return nil, err
	}
	tail, err := readTail(s.file, s.size, s.signer)
	if err != nil {
		return nil, err
	}
	finding, err := s.goOn(tail, head)
	if err != nil {
		return nil, err
	}
	if tail.torn != nil {
		findings = append(findings, tail.torn)
	}
	if finding != nil {
		findings = append(findings, finding)
	}
	if err := s.mend(tail); err != nil {
		return nil, err
	}
	return findings, s.readFirst()
}

// openFiles opens the file and its head, and makes them where they are not.
func (s *FileSink) openFiles() (err error) {
	_, existed := os.Lstat(s.path)
	if s.file, err = os.OpenFile(s.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600); err != nil {
		return err
	}
	if s.head, err = os.OpenFile(s.path+".head", os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	if errors.Is(existed, fs.ErrNotExist) && s.opts.Fsync != FsyncNever {
		if err := syncDir(filepath.Dir(s.path)); err != nil {
			return err
		}
	}
	if s.info, err = s.file.Stat(); err != nil {
		return err
	}
	if !s.info.Mode().IsRegular() {
		return fmt.Errorf("%w: it is no regular file", ErrNotALog)
	}
	s.size = s.info.Size()
	return nil
}

// goOn decides behind which entry the chain goes on: behind the last one or behind
// the head, whichever is later. What is missing then stays missing.
func (s *FileSink) goOn(tail tail, head Head) (finding map[string]string, err error) {
	found := tail.entry
	switch {
	case found.Seq > 0 && strings.HasPrefix(found.Hash, signedHash) == s.signer.key.IsZero():
		return nil, keyMismatch(s.signer)
	case found.Seq == 0 && tail.foreign && head.Seq == 0:
		return nil, fmt.Errorf("%w: its last line is no entry; move it away", ErrNotALog)
	case found.Seq > 0 && !tail.intact && head.Seq == 0:
		return nil, fmt.Errorf("%w: the hash of its last entry is wrong; verify it, or move it away", ErrNotALog)
	}
	end := Head{found.Seq, found.Hash}
	switch {
	case head == end && (tail.intact || end.Seq == 0), head.Seq > 0 && head.Seq < end.Seq && tail.intact:
		s.last = end // at most a crash between an entry and its head
		return nil, nil
	case head.Seq == 0:
		s.last = end
		return map[string]string{"found": "no head", "log_ends_at": strconv.FormatInt(end.Seq, 10)}, nil
	}
	s.last = head
	return map[string]string{
		"found": "the log does not end with its head", "log_ends_at": strconv.FormatInt(end.Seq, 10), "head": head.String(),
	}, nil
}

func keyMismatch(s signer) error {
	if s.key.IsZero() {
		return fmt.Errorf("%w: its entries are signed, and there is no key", ErrKey)
	}
	return fmt.Errorf("%w: its entries are not signed, and there is a key; move it away to begin a log that is", ErrKey)
}

// append writes one entry and its head. Of one that could not be written whole
// nothing is left.
func (s *FileSink) append(e Event) error {
	line, head, err := s.signer.seal(e, s.last)
	if err != nil {
		return err
	}
	_, err = s.file.Write(line)
	if err == nil {
		err = writeHead(s.head, s.signer, head)
	}
	if err != nil {
		if undo := s.file.Truncate(s.size); undo != nil {
			return errors.Join(err, undo, s.release()) // the next Write looks at what is left
		}
		return err
	}
	if s.size == 0 {
		s.first, s.born = head.Seq, s.opts.Now()
	}
	s.size += int64(len(line))
	s.last = head
	return nil
}

// readFirst finds the number and the time of the first entry.
func (s *FileSink) readFirst() error {
	s.first, s.born = 0, time.Time{}
	if s.size == 0 {
		return nil
	}
	line, err := bufio.NewReader(io.NewSectionReader(s.file, 0, maxLine)).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	e, _, err := s.signer.open(bytes.TrimSuffix(line, []byte("\n")))
	if err != nil { // it was tampered with; what it is called when it is put aside does not matter
		s.first, s.born = s.last.Seq, s.opts.Now()
		return nil
	}
	s.first, s.born = e.Seq, e.Time.Time
	return nil
}

// headSize is the size of a file with a head, which is written in one piece.
const headSize = 256

// writeHead writes the head with the signature of it, if there is a key.
func writeHead(file *os.File, s signer, head Head) error {
	text := head.String()
	if !s.key.IsZero() {
		text += " " + s.sum([]byte(text))
	}
	_, err := file.WriteAt(append(bytes.Repeat([]byte{' '}, headSize-1-len(text)), text+"\n"...), 0)
	return err
}

// readHead reads a head. A file without a readable one is the zero head.
func readHead(r io.Reader, s signer) (Head, error) {
	text, err := io.ReadAll(io.LimitReader(r, headSize))
	if err != nil {
		return Head{}, err
	}
	words := strings.Fields(string(text))
	if len(words) == 0 {
		return Head{}, nil
	}
	head, err := ParseHead(words[0])
	if err != nil {
		return Head{}, nil //nolint:nilerror // it is as good as none, and is written anew
	}
	if strings.HasPrefix(head.Hash, signedHash) == s.key.IsZero() {
		return Head{}, keyMismatch(s)
	}
	if !s.key.IsZero() && (len(words) != 2 || !hmac.Equal([]byte(words[1]), []byte(s.sum([]byte(words[0]))))) {
		return Head{}, fmt.Errorf("%w: its head is signed with another key", ErrKey)
	}
	return head, nil
}

// tail is the end of a file.
type tail struct {
	entry   Event // the last one; Seq is 0 when there is none or it cannot be read
	intact  bool
	foreign bool // what stands there is neither an entry nor the beginning of one
	// end is where the last line ends; torn tells of what follows, nil when that is
	// an entry without its line feed.
	end  int64
	torn map[string]string
}

// mend cuts off a line that was not finished, or finishes it.
func (s *FileSink) mend(t tail) error {
	switch {
	case t.end == s.size:
		return nil
	case t.torn != nil:
		s.size = t.end
		return s.file.Truncate(t.end)
	}
	s.size++
	_, err := s.file.WriteString("\n")
	return err
}

// entryBegins is how every line begins.
const entryBegins = `{"schema_version":`

// readTail finds the last entry.
func readTail(file io.ReaderAt, size int64, s signer) (out tail, err error) {
	text := make([]byte, min(size, 2*maxLine))
	if _, err := file.ReadAt(text, size-int64(len(text))); err != nil && !errors.Is(err, io.EOF) {
		return out, err
	}
	rest := text[bytes.LastIndexByte(text, '\n')+1:]
	if len(rest) > maxLine {
		return out, fmt.Errorf("%w: its last line is longer than any entry; move it away", ErrNotALog)
	}
	out.end = size - int64(len(rest))
	if len(rest) > 0 {
		if e, intact, err := s.open(rest); err == nil && intact {
			out.entry, out.intact = e, true
			return out, nil
		}
		sum := sha256.Sum256(rest)
		out.torn = map[string]string{
			"found": "a line that was not finished", "bytes": strconv.Itoa(len(rest)), "sha256": hex.EncodeToString(sum[:]),
		}
		begin := rest[:min(len(rest), len(entryBegins))]
		out.foreign = !strings.HasPrefix(entryBegins, string(begin))
	}
	text = text[:len(text)-len(rest)]
	if len(text) == 0 {
		return out, nil
	}
	line := text[bytes.LastIndexByte(text[:len(text)-1], '\n')+1 : len(text)-1]
	if e, intact, err := s.open(line); err == nil {
		out.entry, out.intact = e, intact
		return out, nil
	}
	out.foreign = true
	return out, nil
}
