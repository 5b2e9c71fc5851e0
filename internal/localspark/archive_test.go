//go:build linux || darwin

package localspark_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestArchive_madeOnceAndUsed(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	b.env = append(b.env, "SPARKPIPE_CLASS_ARCHIVE=")
	b.start(b.options())
	b.start(b.options())
	require.Len(t, b.noted("starts"), 3, "one of them made the archive")
	found, err := filepath.Glob(filepath.Join(b.cache, "spark-4.0.1-core", "classes-*"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Contains(t, b.noted("args"), `"-XX:SharedArchiveFile=`+found[0]+`"`)
	require.Contains(t, b.calls.methods, "ExecutePlan")
	require.Empty(t, b.calls.sessions)
	require.Len(t, b.runFolders(), 2, "the folder of the training is gone")
	require.Equal(t, "preparing Spark 4.0.1 for fast starts (about 15 s, once)…", b.progress[2])
}

func TestArchive_doesWithoutWhenItCannotBeMade(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	b.env = append(b.env, "SPARKPIPE_CLASS_ARCHIVE=", "FAKE_JAVA=noarchive")
	b.start(b.options())
	b.start(b.options())
	require.Len(t, b.noted("starts"), 3, "it is tried once")
	require.NotContains(t, strings.Join(b.noted("args"), "\n"), "SharedArchiveFile")
	require.Len(t, b.runFolders(), 2)
}

func TestArchive_off(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	b.start(b.options())
	require.Len(t, b.noted("starts"), 1)
}
