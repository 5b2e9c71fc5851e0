package audit_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/audittest"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// fromEnvironment is a number that a heavy proof sets.
func fromEnvironment(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// tampering changes lines at random places and tells the first line that is not
// what it was, counted from 0, and what must be reported.
var tampering = map[string]func(lines [][]byte) (changed [][]byte, at int, want []audit.Kind){
	"edited": func(lines [][]byte) ([][]byte, int, []audit.Kind) {
		at := rand.IntN(len(lines))
		line := bytes.Clone(lines[at])
		if i := rand.IntN(len(line) - 1); line[i] != 'x' { // not the line feed
			line[i] = 'x'
		} else {
			line[i] = 'y'
		}
		lines[at] = line
		return lines, at, []audit.Kind{audit.KindEdited, audit.KindUnreadable}
	},
	"edited and hashed anew": func(lines [][]byte) ([][]byte, int, []audit.Kind) {
		at := rand.IntN(len(lines))
		body, _, _ := strings.Cut(strings.Replace(string(lines[at]), `"failure"`, `"success"`, 1), `,"hash"`)
		lines[at] = fmt.Appendf(nil, "%s,\"hash\":\"sha256:%x\"}\n", body, sha256.Sum256([]byte(body+"}")))
		return lines, at, []audit.Kind{audit.KindWrongLink, audit.KindUnsigned}
	},
	"deleted": func(lines [][]byte) ([][]byte, int, []audit.Kind) {
		at := rand.IntN(len(lines))
		return slices.Delete(lines, at, at+1), at, []audit.Kind{audit.KindDeleted, audit.KindCut}
	},
	"many deleted": func(lines [][]byte) ([][]byte, int, []audit.Kind) {
		at := rand.IntN(len(lines) - 1)
		return slices.Delete(lines, at, at+1+rand.IntN(len(lines)-at-1)), at, []audit.Kind{audit.KindDeleted, audit.KindCut}
	},
	"swapped": func(lines [][]byte) ([][]byte, int, []audit.Kind) {
		at, other := rand.IntN(len(lines)-1), 0
		other = at + 1 + rand.IntN(len(lines)-at-1)
		lines[at], lines[other] = lines[other], lines[at]
		return lines, at, []audit.Kind{audit.KindReordered}
	},
	"swapped with the next": func(lines [][]byte) ([][]byte, int, []audit.Kind) {
		at := rand.IntN(len(lines) - 1)
		lines[at], lines[at+1] = lines[at+1], lines[at]
		return lines, at, []audit.Kind{audit.KindReordered}
	},
	"duplicated": func(lines [][]byte) ([][]byte, int, []audit.Kind) {
		from, at := rand.IntN(len(lines)), rand.IntN(len(lines)+1)
		return slices.Insert(lines, at, lines[from]), at, []audit.Kind{audit.KindDuplicated, audit.KindReordered}
	},
	"put in": func(lines [][]byte) ([][]byte, int, []audit.Kind) {
		at := rand.IntN(len(lines) + 1)
		return slices.Insert(lines, at, []byte("{\"action\":\"nothing\"}\n")), at, []audit.Kind{audit.KindUnreadable}
	},
	"cut between lines": func(lines [][]byte) ([][]byte, int, []audit.Kind) {
		at := rand.IntN(len(lines))
		return lines[:at], at, []audit.Kind{audit.KindCut}
	},
	"cut within a line": func(lines [][]byte) ([][]byte, int, []audit.Kind) {
		at := rand.IntN(len(lines))
		lines = lines[:at+1]
		lines[at] = lines[at][:1+rand.IntN(len(lines[at])-2)]
		return lines, at, []audit.Kind{audit.KindCut}
	},
	"cut at the beginning": func(lines [][]byte) ([][]byte, int, []audit.Kind) {
		return lines[1+rand.IntN(len(lines)-1):], 0, []audit.Kind{audit.KindCut}
	},
}

// TestVerifyFindsEveryTampering changes one thing at a random place, again and
// again. AUDIT_TEST_ENTRIES and AUDIT_TEST_ROUNDS make it as large as one likes.
func TestVerifyFindsEveryTampering(t *testing.T) {
	t.Parallel()
	entries, rounds := fromEnvironment(t, "AUDIT_TEST_ENTRIES", 200), fromEnvironment(t, "AUDIT_TEST_ROUNDS", 15)
	for name, opts := range map[string]*audit.FileOptions{
		"hashed": {Fsync: audit.FsyncNever}, "signed": {Fsync: audit.FsyncNever, Key: key()},
	} {
		opts.RotateBytes, opts.RotateEvery = -1, -1
		path := logOf(t, entries, opts)
		whole := bytes.SplitAfter([]byte(read(t, path)), []byte("\n"))
		whole = whole[:len(whole)-1]
		head, err := audit.ParseHead(strings.Fields(read(t, path+".head"))[0])
		require.NoError(t, err)
		verify := &audit.VerifyOptions{Key: opts.Key, Head: &head}
		report, err := audit.Verify(bytes.NewReader(bytes.Join(whole, nil)), verify)
		require.NoError(t, err)
		require.True(t, report.OK(), report.Problems)
		require.Equal(t, int64(entries), report.Entries)
		for how, tamper := range tampering {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				for range rounds {
					lines, at, want := tamper(slices.Clone(whole))
					report, err := audit.Verify(bytes.NewReader(bytes.Join(lines, nil)), verify)
					require.NoError(t, err)
					require.False(t, report.OK(), "at %d", at)
					first := report.Problems[0]
					require.Contains(t, want, first.Kind, "at %d: %v", at, report.Problems)
					if first.Kind != audit.KindCut && first.Kind != audit.KindDuplicated && first.Kind != audit.KindWrongLink {
						require.Equal(t, int64(at+1), first.Line, "%v", report.Problems)
					}
					require.LessOrEqual(t, report.Total, int64(3), "one deed, few problems: %v", report.Problems)
				}
			})
		}
	}
}

func TestVerifySaysWhatWasDone(t *testing.T) {
	t.Parallel()
	path := logOf(t, 10, nil)
	whole := strings.SplitAfter(strings.TrimSuffix(read(t, path), "\n"), "\n")
	whole[9] += "\n"
	head, err := audit.ParseHead(strings.Fields(read(t, path+".head"))[0])
	require.NoError(t, err)
	l := func(numbers ...int) []string {
		var out []string
		for _, n := range numbers {
			out = append(out, whole[n-1])
		}
		return out
	}
	edited := strings.Replace(whole[4], `"status":"failure"`, `"status":"success"`, 1)
	for name, test := range map[string]struct {
		lines []string
		want  []string
	}{
		"edited": {slices.Concat(l(1, 2, 3, 4), []string{edited}, l(6, 7, 8, 9, 10)),
			[]string{"log:5: entry 5 was edited: its hash is not that of the line"}},
		"deleted": {l(1, 2, 3, 6, 7, 8, 9, 10), []string{"log:4: entries 4 to 5 are missing before this line"}},
		"swapped": {l(1, 7, 3, 4, 5, 6, 2, 8, 9, 10),
			[]string{"log:2: entry 7 stands where entry 2 belongs", "log:7: entry 2 stands behind entry 7"}},
		"the next":     {l(1, 3, 2, 4, 5, 6, 7, 8, 9, 10), []string{"log:2: entry 3 stands where entry 2 belongs"}},
		"moved behind": {l(1, 3, 4, 5, 2, 6, 7, 8, 9, 10), []string{"log:5: entry 2 stands behind entry 5"}},
		"twice":        {l(1, 2, 3, 2, 4, 5, 6, 7, 8, 9, 10), []string{"log:4: entry 2 is there a second time"}},
		"cut":          {l(1, 2, 3, 4, 5, 6, 7), []string{"log:7: entries are missing at the end: the last one is 7, and the head is 10"}},
		"empty":        {nil, []string{"log:0: entries are missing at the end: the last one is 0, and the head is 10"}},
		"beginning":    {l(3, 4, 5, 6, 7, 8, 9, 10), []string{"log:1: entries 1 to 2 are missing at the beginning"}},
		"junk": {slices.Concat(l(1, 2), []string{"junk\n"}, l(3, 4, 5, 6, 7, 8, 9, 10)),
			[]string{`log:3: the line is no entry: "junk"`}},
		"carriage returns": {slices.Concat([]string{strings.TrimSuffix(whole[0], "\n") + "\r\n"}, l(2, 3, 4, 5, 6, 7, 8, 9, 10)),
			[]string{`log:1: the line is no entry: "{\"schema_version\":1,\"seq\":1,\"id\":\"00000`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := audit.Verify(strings.NewReader(strings.Join(test.lines, "")), &audit.VerifyOptions{Name: "log", Head: &head})
			require.NoError(t, err)
			var got []string
			for _, p := range report.Problems {
				text := p.String()
				if p.Kind == audit.KindUnreadable && len(text) > 70 {
					text = text[:len(test.want[0])]
				}
				got = append(got, text)
			}
			require.Equal(t, test.want, got)
		})
	}
}

// TestVerifyFindsAForgedHistory rewrites everything behind an edit so that it is
// consistent in itself: without a key only the head of before tells.
func TestVerifyFindsAForgedHistory(t *testing.T) {
	t.Parallel()
	path := logOf(t, 10, nil)
	honest, err := audit.ParseHead(strings.Fields(read(t, path+".head"))[0])
	require.NoError(t, err)
	forged := filepath.Join(t.TempDir(), "audit.jsonl")
	sink := openFile(t, forged, nil)
	for n := range 10 {
		e := audittest.Event(n)
		e.Status = audit.StatusSuccess
		require.NoError(t, sink.Write(t.Context(), e))
	}
	require.True(t, verified(t, forged, nil).OK(), "without a key it is consistent in itself")
	require.Equal(t, []audit.Kind{audit.KindWrongLink}, kinds(verified(t, forged, &audit.VerifyOptions{Head: &honest})))
	require.Equal(t, int64(10), verified(t, forged, &audit.VerifyOptions{Key: key(), MaxProblems: 3}).Total-1,
		"with a key no entry is, nor is the head")
	tail := verified(t, forged, &audit.VerifyOptions{Key: key(), MaxProblems: 3})
	require.Len(t, tail.Problems, 3)

	// A link to another chain.
	one, other := strings.SplitAfter(read(t, path), "\n"), strings.SplitAfter(read(t, forged), "\n")
	mixed := strings.Join(append(one[:5:5], other[5:]...), "")
	report, err := audit.Verify(strings.NewReader(mixed), nil)
	require.NoError(t, err)
	require.Equal(t, []audit.Kind{audit.KindWrongLink}, kinds(report))
	require.Equal(t, ":6: entry 6 does not follow the entry 5 that stands before it: the hashes differ", report.Problems[0].String()[1:])
}

func TestVerifyFilesWantsTheHead(t *testing.T) {
	t.Parallel()
	path := logOf(t, 5, nil)
	require.NoError(t, os.Remove(path+".head"))
	report := verified(t, path, nil)
	require.Equal(t, []audit.Kind{audit.KindCut}, kinds(report))
	require.Contains(t, report.Problems[0].Text, "the head of the log is missing")
	require.True(t, verified(t, path, &audit.VerifyOptions{Partial: true}).OK())
	require.True(t, verified(t, path, &audit.VerifyOptions{Head: &report.Last}).OK())

	require.NoError(t, os.WriteFile(path+".head", []byte("what?"), 0o600))
	require.Equal(t, []audit.Kind{audit.KindUnreadable}, kinds(verified(t, path, nil)))

	signed := logOf(t, 5, &audit.FileOptions{Key: key()})
	text := read(t, signed+".head")
	require.NoError(t, os.WriteFile(signed+".head", []byte(strings.Replace(text, " 5:", " 4:", 1)), 0o600))
	require.Contains(t, kinds(verified(t, signed, &audit.VerifyOptions{Key: key()})), audit.KindEdited)
}

func TestVerifyFilesOfALog(t *testing.T) {
	t.Parallel()
	path := logOf(t, 20, &audit.FileOptions{RotateBytes: 3000})
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "audit-*.jsonl"))
	require.NoError(t, err)
	require.Greater(t, len(names), 3)
	whole := verified(t, path, nil)
	require.True(t, whole.OK(), whole.Problems)
	require.Equal(t, int64(20), whole.Entries)
	require.Equal(t, whole, verified(t, filepath.Dir(path), nil), "the folder is the same")
	listed, err := audit.VerifyFiles(append(names, path), nil)
	require.NoError(t, err)
	require.True(t, listed.OK())
	part, err := audit.VerifyFiles(names[1:3], &audit.VerifyOptions{Partial: true})
	require.NoError(t, err)
	require.True(t, part.OK(), part.Problems)
	require.Greater(t, part.First, int64(1))

	swapped, err := audit.VerifyFiles([]string{names[1], names[0], path}, &audit.VerifyOptions{Partial: true})
	require.NoError(t, err)
	require.False(t, swapped.OK())
	require.NoError(t, os.Remove(names[2]))
	require.Contains(t, kinds(verified(t, path, nil)), audit.KindDeleted)
	require.NoError(t, os.Remove(path))
	require.Contains(t, kinds(verified(t, path, nil)), audit.KindCut)
	_, err = audit.VerifyFiles([]string{filepath.Join(t.TempDir(), "none.jsonl")}, nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = audit.VerifyFiles(nil, nil)
	require.Error(t, err)
}

func TestVerifyAndKeys(t *testing.T) {
	t.Parallel()
	signed := logOf(t, 5, &audit.FileOptions{Key: key()})
	_, err := audit.VerifyFiles([]string{signed}, nil)
	require.ErrorIs(t, err, audit.ErrKey)
	_, err = audit.Verify(strings.NewReader(read(t, signed)), nil)
	require.ErrorIs(t, err, audit.ErrKey)
	require.ErrorContains(t, err, "-:1")
	report, err := audit.Verify(strings.NewReader(read(t, signed)), &audit.VerifyOptions{Key: secrets.NewValue("another key of the owner")})
	require.NoError(t, err)
	require.Equal(t, int64(5), report.Total)
	report, err = audit.Verify(strings.NewReader(read(t, logOf(t, 2, nil))), &audit.VerifyOptions{Key: key()})
	require.NoError(t, err)
	require.Equal(t, []audit.Kind{audit.KindUnsigned, audit.KindUnsigned}, kinds(report))
}

func TestParseHead(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("0f", 32)
	for text, want := range map[string]string{
		"12:sha256:" + hash: "12:sha256:" + hash, "1:" + strings.ToUpper(hash): "1:sha256:" + hash, " 3:hmac-sha256:" + hash + "\n": "3:hmac-sha256:" + hash,
	} {
		head, err := audit.ParseHead(text)
		require.NoError(t, err)
		require.Equal(t, want, head.String())
	}
	for _, text := range []string{"", "12", ":", "0:" + hash, "-1:" + hash, "x:" + hash, "1:md5:" + hash, "1:sha256:0f", "1:" + hash + "00", "99999999999999999999:" + hash} {
		_, err := audit.ParseHead(text)
		require.ErrorContains(t, err, "want", text)
	}
}

// endless is a log that never was in memory.
type endless struct {
	line []byte
	left int
	rest []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		if e.left == 0 {
			return 0, fmt.Errorf("the disk is gone")
		}
		e.left--
		e.rest = e.line
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func TestVerifyNeedsConstantMemory(t *testing.T) { //nolint:paralleltest // it measures the heap
	line := []byte(strings.SplitAfter(read(t, logOf(t, 1, nil)), "\n")[0])
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	_, err := audit.Verify(&endless{line: line, left: 20_000}, nil)
	require.ErrorContains(t, err, "the disk is gone")
	_, err = audit.Verify(&endless{line: []byte(strings.Repeat("x", 1<<20)), left: 32}, nil)
	require.ErrorContains(t, err, "the disk is gone")
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(8<<20))
}

func FuzzVerify(f *testing.F) {
	f.Add("", "", int64(0))
	f.Add(`{"schema_version":1,"seq":1,"hash":"sha256:00"}`, "\n", int64(3))
	log := read(f, logOf(f, 4, nil))
	f.Add(log[:500], log[500:], int64(4))
	f.Add(log, log, int64(9))
	f.Fuzz(func(t *testing.T, a, b string, seq int64) {
		head := &audit.Head{Seq: seq, Hash: "sha256:x"}
		report, err := audit.Verify(strings.NewReader(a+b), &audit.VerifyOptions{Head: head})
		if err != nil {
			require.ErrorIs(t, err, audit.ErrKey)
			return
		}
		require.LessOrEqual(t, len(report.Problems), audit.DefaultMaxProblems)
		require.GreaterOrEqual(t, report.Total, int64(len(report.Problems)))
	})
}
