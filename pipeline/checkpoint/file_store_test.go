package checkpoint_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/checkpointtest"
)

func fileStore(t *testing.T, dir string) *checkpoint.FileStore {
	t.Helper()
	store, err := checkpoint.NewFileStore(dir)
	require.NoError(t, err)
	return store
}

func TestFileStore(t *testing.T) {
	t.Parallel()
	checkpointtest.Run(t, func(t *testing.T) (one, other checkpoint.Store) {
		dir := filepath.Join(t.TempDir(), "not", "there", "yet")
		return fileStore(t, dir), fileStore(t, dir)
	})
}

func TestNewFileStore_refuses(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"", "a\x00b", "s3a://bucket/x", "hdfs://host/x", "hdfs:/x", "file:///x"} {
		_, err := checkpoint.NewFileStore(dir)
		require.ErrorContains(t, err, "checkpoint folder", "%q", dir)
	}
}

func TestFileStore_staysInItsFolder(t *testing.T) {
	t.Parallel()
	above := t.TempDir()
	dir := filepath.Join(above, "checkpoints")
	store := fileStore(t, dir)
	folded := map[string]string{}
	for _, id := range checkpointtest.HostileIDs() {
		r := checkpointtest.Record(id)
		r.Pipeline = "../../" + id
		require.NoError(t, store.Save(t.Context(), r), "%q", id)
	}
	entries, err := os.ReadDir(above)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	records := 0
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		if d.IsDir() {
			require.Equal(t, dir, path)
			return nil
		}
		info, err := d.Info()
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), path)
		name := d.Name()
		require.LessOrEqual(t, len(name), 200)
		require.Empty(t, folded[strings.ToLower(name)], "%s clashes where case does not count", name)
		folded[strings.ToLower(name)] = name
		if strings.HasPrefix(name, "run-") {
			records++
			require.Regexp(t, `^run-[a-z0-9_%~-]+\.json$`, name)
		}
		return nil
	}))
	require.Equal(t, len(checkpointtest.HostileIDs()), records)
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
}

func TestFileStore_damagedFileIsAnError(t *testing.T) {
	t.Parallel()
	whole := func() string {
		store := fileStore(t, t.TempDir())
		r := checkpointtest.Record("run")
		require.NoError(t, store.Save(t.Context(), r))
		data, err := r.Format()
		require.NoError(t, err)
		return string(data)
	}()
	for name, test := range map[string]struct {
		content string
		is      error
	}{
		"empty":          {"", checkpoint.ErrCorrupt},
		"torn":           {whole[:len(whole)/2], checkpoint.ErrCorrupt},
		"zeros":          {strings.Repeat("\x00", 100), checkpoint.ErrCorrupt},
		"zeros behind":   {whole + "\x00", checkpoint.ErrCorrupt},
		"twice":          {whole + whole, checkpoint.ErrCorrupt},
		"not UTF-8":      {strings.Replace(whole, "unbalanced", "\xff", 1), checkpoint.ErrCorrupt},
		"of another run": {strings.Replace(whole, `"run"`, `"run2"`, 1), checkpoint.ErrCorrupt},
		"never saved":    {strings.Replace(whole, `"revision": 1`, `"revision": 0`, 1), checkpoint.ErrCorrupt},
		"newer":          {strings.Replace(whole, `"version": 1`, `"version": 9, "more": {}`, 1), checkpoint.ErrNewer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			store := fileStore(t, dir)
			path := filepath.Join(dir, "run-run.json")
			require.NoError(t, store.Save(t.Context(), checkpointtest.Record("good")))
			require.NoError(t, os.WriteFile(path, []byte(test.content), 0o600))

			_, err := store.Load(t.Context(), "run")
			require.ErrorIs(t, err, test.is)
			require.ErrorContains(t, err, path)
			require.NotErrorIs(t, err, checkpoint.ErrNotFound)

			fresh := checkpointtest.Record("run")
			require.ErrorIs(t, store.Save(t.Context(), fresh), test.is, "it is not overwritten")
			now, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, test.content, string(now))

			records, err := store.List(t.Context(), nil)
			require.ErrorIs(t, err, test.is)
			require.ErrorContains(t, err, path)
			require.Len(t, records, 1, "it does not hide the others")

			require.NoError(t, store.Delete(t.Context(), "run"))
			require.NoError(t, store.Save(t.Context(), fresh))
		})
	}
}

func TestFileStore_refusesWhatIsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := fileStore(t, dir)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "run-a.json"), 0o700))
	_, err := store.Load(t.Context(), "a")
	require.ErrorIs(t, err, checkpoint.ErrCorrupt)

	outside := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(outside, []byte("{}"), 0o600))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "run-b.json")))
	_, err = store.Load(t.Context(), "b")
	require.ErrorContains(t, err, "run-b.json")
	require.Error(t, store.Save(t.Context(), checkpointtest.Record("b")))
	content, err := os.ReadFile(outside)
	require.NoError(t, err)
	require.Equal(t, "{}", string(content))
}

func TestFileStore_listSkipsForeignFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := fileStore(t, dir)
	require.NoError(t, store.Save(t.Context(), checkpointtest.Record("a")))
	for _, name := range []string{"notes.txt", "x.json", ".saving", "run-a.json.bak", "run-b.lock"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("no record"), 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	records, err := store.List(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, records, 1)
}

func TestFileStore_takesOverWhatAKilledProcessLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := fileStore(t, dir)
	for _, name := range []string{".saving", "run-a.lock"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(`{"host":"gone`+strings.Repeat("x", 500)+`","pid":1}`), 0o600))
	}
	lock, err := store.Lock(t.Context(), "a")
	require.NoError(t, err)
	var locked *checkpoint.LockedError
	_, err = store.Lock(t.Context(), "a")
	require.ErrorAs(t, err, &locked)
	require.Equal(t, os.Getpid(), locked.Holder.PID)
	require.NoError(t, store.Save(t.Context(), checkpointtest.Record("a")))
	require.NoError(t, lock.Release(t.Context()))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, "the record and the guard")
}
