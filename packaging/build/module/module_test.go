package module

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

const (
	modulePath = "github.com/sparkpipe/sparkpipe"
	// maxSize is our own limit in bytes; Go refuses a module of more than 500 MB.
	maxSize = 20 << 20
)

// root is where the module is.
const root = "../../.."

// file is a file of the module.
type file struct{ name string }

func (f file) Path() string                 { return f.name }
func (f file) Lstat() (os.FileInfo, error)  { return os.Lstat(filepath.Join(root, f.name)) }
func (f file) Open() (io.ReadCloser, error) { return os.Open(filepath.Join(root, f.name)) }

// files are those that a commit of this tree has.
func files(t *testing.T) []zip.File {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	require.NoError(t, err)
	var list []zip.File
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if _, err := os.Lstat(filepath.Join(root, name)); err == nil { // else it is deleted
			list = append(list, file{name})
		}
	}
	return list
}

// TestModule packs the module as a proxy does. A file with a name that not every
// system can have would make it impossible to get.
func TestModule(t *testing.T) {
	t.Parallel()
	checked, err := zip.CheckFiles(files(t))
	require.NoError(t, err)
	require.Empty(t, checked.Invalid)
	require.NoError(t, checked.SizeError)
	require.Contains(t, checked.Valid, "LICENSE")
	require.Contains(t, checked.Valid, "cmd/sparkpipe/main.go")
	for _, omitted := range checked.Omitted {
		// Modules of their own, by intent.
		require.Regexp(t, `^(audit/testdata/databases|packaging/build|pipeline/checkpoint/testdata/sqlite)/`, omitted.Path, omitted.Err)
	}
	size := int64(0)
	for _, name := range checked.Valid {
		require.NotRegexp(t, `^(build|\.git)/`, name)
		info, err := file{name}.Lstat()
		require.NoError(t, err)
		size += info.Size()
	}
	t.Logf("%d files, %d bytes", len(checked.Valid), size)
	require.Less(t, size, int64(maxSize))
}

// pack writes the module as version into the folder of a proxy.
func pack(t *testing.T, proxy, version string) {
	t.Helper()
	dir := filepath.Join(proxy, modulePath, "@v")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	f, err := os.Create(filepath.Join(dir, version+".zip"))
	require.NoError(t, err)
	require.NoError(t, zip.Create(f, module.Version{Path: modulePath, Version: version}, files(t)))
	require.NoError(t, f.Close())
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	for name, text := range map[string]string{"list": version + "\n", version + ".info": `{"Version":"` + version + `"}`, version + ".mod": string(mod)} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
}
