package audit_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/audittest"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func TestFileSink(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]*audit.FileOptions{
		"hashed": nil, "signed": {Key: key()}, "synced always": {Fsync: audit.FsyncAlways}, "never synced": {Fsync: audit.FsyncNever},
		"small files": {RotateBytes: 2000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			audittest.Run(t, func(t *testing.T) audittest.Store {
				path := filepath.Join(t.TempDir(), "logs", "audit.jsonl")
				return audittest.Store{
					Open: func(t *testing.T) audit.Sink { return openFile(t, path, opts) },
					Verify: func(*testing.T) (audit.Report, error) {
						verify := &audit.VerifyOptions{}
						if opts != nil {
							verify.Key = opts.Key
						}
						return audit.VerifyFiles([]string{path}, verify)
					},
				}
			})
		})
	}
}

func TestFileSinkLine(t *testing.T) {
	t.Parallel()
	path := logOf(t, 2, nil)
	file := filepath.Join("testdata", "line.golden")
	text := read(t, path)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	require.Equal(t, read(t, file), text, "run go test ./audit -update and review the difference")

	for line := range strings.Lines(text) { // as the documentation says that others verify
		line = strings.TrimSuffix(line, "\n")
		body, hash, found := strings.Cut(line, `,"hash":"sha256:`)
		require.True(t, found)
		sum := sha256.Sum256([]byte(body + "}"))
		require.Equal(t, hex.EncodeToString(sum[:])+`"}`, hash)
	}
	head, err := audit.ParseHead(strings.Fields(read(t, path+".head"))[0])
	require.NoError(t, err)
	require.Equal(t, int64(2), head.Seq)
	require.Contains(t, text, head.Hash+"\"}\n")
}

func TestFileSinkIsPrivate(t *testing.T) {
	t.Parallel()
	path := logOf(t, 1, nil)
	for _, name := range []string{path, path + ".head", path + ".lock"} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
}

func TestFileSinkRefusesWhatIsNoLog(t *testing.T) {
	t.Parallel()
	logged := read(t, logOf(t, 3, nil))
	signed := read(t, logOf(t, 3, &audit.FileOptions{Key: key()}))
	for name, test := range map[string]struct {
		text string
		opts *audit.FileOptions
		want error
	}{
		"a text":                          {"root:x:0:0\n", nil, audit.ErrNotALog},
		"a text without a line feed":      {"precious", nil, audit.ErrNotALog},
		"other JSON":                      {`{"a":1}` + "\n", nil, audit.ErrNotALog},
		"an edited last entry":            {strings.Replace(logged, `"run-2"`, `"run-9"`, 1), nil, audit.ErrNotALog},
		"a signed log without a key":      {signed, nil, audit.ErrKey},
		"a signed log with another key":   {signed, &audit.FileOptions{Key: secrets.NewValue("another key of the owner")}, audit.ErrNotALog},
		"a log with a key, not signed":    {logged, &audit.FileOptions{Key: key()}, audit.ErrKey},
		"one line that is far too long":   {strings.Repeat("x", 3*audit.MaxEventSize), nil, audit.ErrNotALog},
		"a beginning of something binary": {"\x7fELF\x02\x00", nil, audit.ErrNotALog},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "audit.jsonl")
			require.NoError(t, os.WriteFile(path, []byte(test.text), 0o600))
			sink := openFile(t, path, test.opts)
			err := sink.Write(t.Context(), audittest.Event(1))
			require.ErrorIs(t, err, test.want)
			require.ErrorContains(t, err, "write to the audit log "+path)
			require.Equal(t, test.text, read(t, path), "nothing was touched")
		})
	}
}

func TestFileSinkRefusesAnotherKeyByTheHead(t *testing.T) {
	t.Parallel()
	path := logOf(t, 3, &audit.FileOptions{Key: key()})
	for name, opts := range map[string]*audit.FileOptions{
		"none": {}, "another": {Key: secrets.NewValue("another key of the owner")},
	} {
		err := openFile(t, path, opts).Write(t.Context(), audittest.Event(1))
		require.ErrorIs(t, err, audit.ErrKey, name)
	}
	require.True(t, verified(t, path, &audit.VerifyOptions{Key: key()}).OK())
}

func TestFileSinkAfterACrash(t *testing.T) {
	t.Parallel()
	whole := read(t, logOf(t, 3, nil))
	lines := strings.SplitAfter(whole, "\n")
	for name, test := range map[string]struct {
		left    string // of the file
		head    bool   // that of three entries is there
		found   string
		entries int64 // afterwards, with one more written
		kinds   []audit.Kind
	}{
		"nothing was lost":                   {whole, true, "", 4, nil},
		"half a line behind the head":        {whole + lines[0][:90], true, "a line that was not finished", 5, nil},
		"a few bytes of one":                 {whole + `{"sch`, true, "a line that was not finished", 5, nil},
		"a line feed is missing":             {whole[:len(whole)-1], true, "", 4, nil},
		"half a line that the head knows":    {whole[:len(whole)-50], true, "the log does not end with its head", 5, []audit.Kind{audit.KindDeleted}},
		"an entry that the head knows":       {lines[0] + lines[1], true, "the log does not end with its head", 4, []audit.Kind{audit.KindDeleted}},
		"the head is gone":                   {whole, false, "no head", 5, nil},
		"everything but the head is gone":    {"", true, "the log does not end with its head", 2, []audit.Kind{audit.KindCut}},
		"the last entry is another":          {lines[0] + lines[1] + strings.Replace(lines[2], "run-2", "run-9", 1), true, "the log does not end with its head", 5, []audit.Kind{audit.KindEdited}},
		"half a line is all that there is":   {lines[0][:80], false, "a line that was not finished", 2, nil},
		"zeros, as some file systems leave":  {whole + "\x00\x00\x00", true, "a line that was not finished", 5, nil},
		"junk with a line feed is behind it": {whole + "junk\n", true, "the log does not end with its head", 5, []audit.Kind{audit.KindUnreadable}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := logOf(t, 3, nil)
			require.NoError(t, os.WriteFile(path, []byte(test.left), 0o600))
			if !test.head {
				require.NoError(t, os.Remove(path+".head"))
			}
			sink := openFile(t, path, &audit.FileOptions{RotateEvery: -1})
			require.NoError(t, sink.Write(t.Context(), audittest.Event(7)))
			require.NoError(t, sink.Close(t.Context()))
			report := verified(t, path, nil)
			require.Equal(t, test.kinds, kinds(report), "%v\n%s", report.Problems, read(t, path))
			require.Equal(t, test.entries, report.Entries)
			if test.found != "" {
				require.Contains(t, read(t, path), `"action":"audit_repaired"`)
				require.Contains(t, read(t, path), `"found":"`+test.found+`"`)
			}
		})
	}
}

func TestFileSinkNamesWhatACrashLeft(t *testing.T) {
	t.Parallel()
	path := logOf(t, 1, nil)
	left := `{"schema_version":1,"seq":2,`
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteString(left)
	require.NoError(t, errors.Join(err, file.Close()))
	report := verified(t, path, nil)
	require.True(t, report.OK(), "what is behind the head and not finished is no fault")
	require.Equal(t, int64(len(left)), report.Unfinished)
	require.NoError(t, openFile(t, path, &audit.FileOptions{RotateEvery: -1}).Write(t.Context(), audittest.Event(1)))
	sum := sha256.Sum256([]byte(left))
	require.Contains(t, read(t, path), hex.EncodeToString(sum[:]))
	require.Equal(t, int64(1), verified(t, path, nil).Repairs)
}

func TestFileSinkRotates(t *testing.T) {
	t.Parallel()
	time0 := &clock{time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	sink := openFile(t, path, &audit.FileOptions{RotateEvery: time.Hour, Retention: -1, MaxFiles: 2, Now: time0.Now})
	for n := range 5 {
		require.NoError(t, sink.Write(t.Context(), audittest.Event(n)))
		time0.now = time0.now.Add(time.Hour)
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "audit*.jsonl"))
	require.NoError(t, err)
	// Each file after the second has the entry of the removal and the one that was
	// written.
	require.Equal(t, []string{"audit-000000000003.jsonl", "audit-000000000004.jsonl", "audit.jsonl"}, base(names))
	report := verified(t, path, nil)
	require.True(t, report.OK(), report.Problems)
	require.Equal(t, int64(2), report.Pruned)
	require.Equal(t, int64(3), report.First)

	// Removing one more than the entry says is found, and so is a rest of it.
	require.NoError(t, os.Remove(names[0]))
	require.Equal(t, []audit.Kind{audit.KindCut}, kinds(verified(t, path, nil)))
	require.True(t, verified(t, path, &audit.VerifyOptions{Partial: true}).OK())
}

func base(paths []string) []string {
	var out []string
	for _, path := range paths {
		out = append(out, filepath.Base(path))
	}
	return out
}

func TestFileSinkKeepsForRetention(t *testing.T) {
	t.Parallel()
	now := &clock{time.Now()}
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	opts := &audit.FileOptions{RotateBytes: 1, Retention: 24 * time.Hour, Now: now.Now}
	sink := openFile(t, path, opts)
	write := func() {
		e := audittest.Event(1)
		e.Time = audit.At(now.now)
		require.NoError(t, sink.Write(t.Context(), e))
	}
	write()
	write()
	now.now = now.now.Add(25 * time.Hour)
	// The entry is old, but the file is not: somebody may have set the clock.
	future := now.now
	aside := filepath.Join(filepath.Dir(path), "audit-000000000001.jsonl")
	require.NoError(t, os.Chtimes(aside, future, future))
	write()
	require.FileExists(t, aside)
	past := now.now.Add(-25 * time.Hour)
	require.NoError(t, os.Chtimes(aside, past, past))
	write()
	require.NoFileExists(t, aside)
	require.True(t, verified(t, path, nil).OK())
}

func TestFileSinkOfManyProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	const processes, each = 3, 40
	var running []interface{ Wait() error }
	for range processes {
		cmd := child(t, "write", path)
		require.NoError(t, cmd.Start())
		running = append(running, cmd)
	}
	for _, cmd := range running {
		require.NoError(t, cmd.Wait())
	}
	report := verified(t, path, nil)
	require.True(t, report.OK(), report.Problems)
	require.Zero(t, report.Repairs)
	require.Equal(t, int64(processes*each), report.Entries)
}

func TestFileSinkWaitsForTheLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	release := holdLock(t, path)
	sink := openFile(t, path, &audit.FileOptions{LockTimeout: 5 * time.Millisecond})
	require.ErrorIs(t, sink.Write(t.Context(), audittest.Event(1)), audit.ErrLocked)
	patient := openFile(t, path, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	impatient := errors.New("impatient")
	cancel(impatient)
	require.ErrorIs(t, patient.Write(ctx, audittest.Event(1)), impatient)
	release()
	require.NoError(t, sink.Write(t.Context(), audittest.Event(1)))
}

func TestFileSinkAfterClose(t *testing.T) {
	t.Parallel()
	sink := openFile(t, filepath.Join(t.TempDir(), "a.jsonl"), nil)
	require.NoError(t, sink.Close(t.Context()))
	require.ErrorIs(t, sink.Write(t.Context(), audittest.Event(1)), audit.ErrClosed)
	require.NoError(t, sink.Flush(t.Context()))
}

func TestFileSinkNotWritable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	err := openFile(t, filepath.Join(dir, "file", "audit.jsonl"), nil).Write(t.Context(), audittest.Event(1))
	require.ErrorContains(t, err, "write to the audit log "+dir)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.jsonl"), 0o700))
	require.Error(t, openFile(t, filepath.Join(dir, "folder.jsonl"), nil).Write(t.Context(), audittest.Event(1)))
}

func TestFileOptions(t *testing.T) {
	t.Parallel()
	_, err := audit.NewFileSink("x", &audit.FileOptions{Fsync: "sometimes", FsyncInterval: -1, MaxFiles: -1, LockTimeout: -1})
	require.EqualError(t, err, "new audit file: fsync: \"sometimes\"; want always, interval or never\n"+
		"fsync interval: -1ns cannot be negative\nmax_files: -1 cannot be negative\nlock timeout: -1ns cannot be negative")
	for _, path := range []string{"", "folder/"} {
		_, err = audit.NewFileSink(path, nil)
		require.ErrorContains(t, err, "is no name of a file")
	}
}

func TestEventFitsItsSchema(t *testing.T) {
	t.Parallel()
	var schema struct {
		Required   []string
		Properties map[string]struct{ Type string }
	}
	require.NoError(t, json.Unmarshal(audit.Schema(), &schema))
	jsonType := func(v any) string {
		return map[bool]string{true: "object"}[v != nil && bytes.HasPrefix(mustJSON(t, v), []byte("{"))]
	}
	for line := range strings.Lines(read(t, logOf(t, 2, nil))) {
		var e map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		for _, name := range schema.Required {
			require.Contains(t, e, name)
		}
		for name, value := range e {
			require.Contains(t, schema.Properties, name)
			if schema.Properties[name].Type == "object" {
				require.Equal(t, "object", jsonType(value), name)
			}
		}
		if e["seq"] == 2.0 {
			require.Len(t, e, len(schema.Properties), "the event of the test has every key")
		}
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return text
}
