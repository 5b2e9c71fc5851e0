package audit

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// Kind says what is wrong with an entry.
type Kind string

// The kinds of a [Problem].
const (
	// KindEdited: the hash is not that of the line.
	KindEdited Kind = "edited"
	// KindUnreadable: the line is no entry.
	KindUnreadable Kind = "unreadable"
	// KindDeleted: entries are missing between others.
	KindDeleted Kind = "deleted"
	// KindReordered: the entry stands in another place than it was written to.
	KindReordered Kind = "reordered"
	// KindDuplicated: an entry of that number stood there before.
	KindDuplicated Kind = "duplicated"
	// KindCut: entries are missing at the beginning or at the end.
	KindCut Kind = "cut"
	// KindWrongLink: the entry follows another one than it says.
	KindWrongLink Kind = "wrong link"
	// KindUnsigned: the entry is not signed, and there is a key.
	KindUnsigned Kind = "unsigned"
)

// Problem is one thing that is not as it was written.
type Problem struct {
	// File and Line are the place; Line is counted from 1.
	File string `json:"file,omitempty"`
	Line int64  `json:"line"`
	// Seq is the number of the entry; 0 when it is not known.
	Seq int64 `json:"seq,omitempty"`
	// Kind is what was done.
	Kind Kind `json:"kind"`
	// Text says it in a sentence.
	Text string `json:"text"`

	at int64 // among all lines
}

// String returns for example "audit.jsonl:7: entry 7 was edited: its hash is not …".
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d: %s", cmp.Or(p.File, "-"), p.Line, p.Text)
}

// Report is what [Verify] found.
type Report struct {
	// Entries counts the lines that are entries.
	Entries int64 `json:"entries"`
	// First and Last are the lowest and the highest number; Last is what to keep
	// elsewhere as head.
	First int64 `json:"first"`
	Last  Head  `json:"last"`
	// Total counts the problems; Problems holds the first of them, in the order of
	// the lines, as far as [VerifyOptions.MaxProblems] allows.
	Total    int64     `json:"total_problems"`
	Problems []Problem `json:"problems"`
	// Signed tells that the entries were checked with a key.
	Signed bool `json:"signed"`
	// HeadChecked tells that there was a head; without one a cut tail does not
	// show.
	HeadChecked bool `json:"head_checked"`
	// Pruned counts entries at the beginning that an entry says were removed for
	// their age or number.
	Pruned int64 `json:"pruned"`
	// Repairs counts entries that tell of an unfinished line or a lost head.
	Repairs int64 `json:"repairs"`
	// Unfinished is the length of a line at the end that is behind the head and not
	// finished: a crash, or somebody writes just now.
	Unfinished int64 `json:"unfinished_bytes,omitempty"`
}

// OK reports whether nothing is wrong.
func (r Report) OK() bool { return r.Total == 0 }

// DefaultMaxProblems is how many problems a [Report] lists.
const DefaultMaxProblems = 100

// VerifyOptions are the settings of [Verify]. Nil means defaults.
type VerifyOptions struct {
	// Key is what the entries were signed with. Without it a signed log is an error.
	Key secrets.Value
	// Head is the end that the chain must have reached. Nil means that it is not
	// known; then entries that were cut off at the end do not show.
	Head *Head
	// Partial accepts a part of a log: one that begins in the middle, and for
	// [VerifyFiles] one that does not reach its head.
	Partial bool
	// Name is what problems call the file.
	Name string
	// MaxProblems is how many problems the report lists. Default
	// [DefaultMaxProblems].
	MaxProblems int

	_ struct{}
}

// Verify reads a log and tells what was done to it after it was written. It needs
// constant memory. The error tells that it could not be read or that the key does
// not fit, not that something is wrong: ask [Report.OK].
//
// A log whose first entry is not number 1 is a problem, unless an entry of the log
// tells that those before were removed, or [VerifyOptions.Partial] is set.
func Verify(r io.Reader, opts *VerifyOptions) (Report, error) {
	if opts == nil {
		opts = &VerifyOptions{}
	}
	v := newVerifier(opts)
	if err := v.read(opts.Name, r); err != nil {
		return Report{}, err
	}
	return v.finish(), nil
}

// verifier checks lines one after the other; order.go keeps the books on numbers.
type verifier struct {
	opts   VerifyOptions
	signer signer
	report Report
	order  order
	place  place // of the line that is read
	// bad is the number of lines in a row that could not be trusted.
	bad int64
	// torn is the last line when it has no line feed and is no entry.
	torn []byte
}

// place is a line.
type place struct {
	file string
	line int64
	at   int64 // among all lines
}

func newVerifier(opts *VerifyOptions) *verifier {
	v := &verifier{opts: *opts, signer: signer{opts.Key}}
	v.opts.MaxProblems = cmp.Or(opts.MaxProblems, DefaultMaxProblems)
	v.report.Signed, v.report.HeadChecked = !opts.Key.IsZero(), opts.Head != nil
	v.report.Problems = []Problem{}
	v.order.init(v)
	return v
}

// read checks one file.
func (v *verifier) read(name string, r io.Reader) error {
	if v.torn != nil {
		v.unreadable(v.torn) // there is another file behind it
		v.torn = nil
	}
	v.place.file, v.place.line = name, 0
	lines := bufio.NewReaderSize(r, 64<<10)
	var line []byte
	for {
		part, err := lines.ReadSlice('\n')
		if len(line) <= maxLine {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the audit log %s: %w", name, err)
		}
		if len(line) > 0 {
			v.place.line++
			v.place.at++
			if fault := v.line(line, err == nil); fault != nil {
				return fault
			}
		}
		if err != nil {
			return nil
		}
		line = line[:0]
	}
}

// line checks one line; the last one may have no line feed, and then is not whole.
func (v *verifier) line(line []byte, whole bool) error {
	text := bytes.TrimSuffix(line, []byte("\n"))
	e, intact, err := v.signer.open(text)
	switch {
	case err != nil && !whole:
		v.torn = bytes.Clone(text)
		return nil
	case err != nil:
		v.unreadable(text)
		return nil
	case strings.HasPrefix(e.Hash, signedHash) && v.signer.key.IsZero():
		return fmt.Errorf("verify %s:%d: %w", cmp.Or(v.place.file, "-"), v.place.line, keyMismatch(v.signer))
	}
	v.report.Entries++
	switch {
	case strings.HasPrefix(e.Hash, plainHash) && !v.signer.key.IsZero():
		v.problem(KindUnsigned, e.Seq, "entry %d is not signed, and there is a key", e.Seq)
		v.distrust()
	case !intact:
		v.problem(KindEdited, e.Seq, "entry %d was edited: its hash is not that of the line", e.Seq)
		v.distrust()
	default:
		v.trust(e)
	}
	return nil
}

func (v *verifier) unreadable(line []byte) {
	v.problem(KindUnreadable, 0, "the line is no entry: %.40q", line)
	v.distrust()
}

// distrust goes on behind a line whose number cannot be believed.
func (v *verifier) distrust() { v.bad++ }

// trust takes an entry whose hash is right.
func (v *verifier) trust(e Event) {
	bad := v.bad
	v.bad = 0
	switch e.Action {
	case ActionAuditRepaired:
		v.report.Repairs++
	case ActionAuditPruned:
		v.order.prunedTo(e.Metadata["last_seq"], e.Metadata["last_hash"])
	}
	if v.opts.Head != nil && e.Seq == v.opts.Head.Seq && e.Hash != v.opts.Head.Hash {
		v.problem(KindWrongLink, e.Seq, "entry %d is another one than the head says: %s", e.Seq, v.opts.Head.Hash)
	}
	v.order.add(entry{seq: e.Seq, prev: e.Prev, hash: e.Hash, place: v.place}, bad)
}

func (v *verifier) problem(kind Kind, seq int64, format string, args ...any) {
	v.problemAt(v.place, kind, seq, format, args...)
}

func (v *verifier) problemAt(at place, kind Kind, seq int64, format string, args ...any) {
	v.report.Total++
	if len(v.report.Problems) < v.opts.MaxProblems {
		v.report.Problems = append(v.report.Problems, Problem{at.file, at.line, seq, kind, fmt.Sprintf(format, args...), at.at})
	}
}

// finish judges what is missing.
func (v *verifier) finish() Report {
	v.order.finish(v.bad)
	v.report.First, v.report.Last = v.order.first, v.order.top
	head := v.opts.Head
	reached := v.order.reached()
	if head != nil && reached < head.Seq && !v.opts.Partial {
		v.problem(KindCut, head.Seq, "entries are missing at the end: the last one is %d, and the head is %d", reached, head.Seq)
	}
	if v.torn != nil {
		if head != nil && reached >= head.Seq {
			v.report.Unfinished = int64(len(v.torn))
		} else {
			v.problem(KindCut, 0, "the last line is not finished: it ends after %d bytes", len(v.torn))
		}
	}
	return v.report
}
