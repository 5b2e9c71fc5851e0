package localspark_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

func TestKafkaBroker_saysWhatIsMissing(t *testing.T) {
	t.Parallel()
	empty := "PATH=" + t.TempDir()
	_, err := localspark.KafkaBroker(t.Context(), &localspark.Options{Env: []string{empty}, CacheDir: t.TempDir()})
	require.ErrorIs(t, err, localspark.ErrNoJava)

	java, err := exec.LookPath("java")
	if err != nil {
		return // the first half is what this machine can tell
	}
	java, err = filepath.EvalSymlinks(java)
	require.NoError(t, err)
	env := []string{empty, "JAVA_HOME=" + filepath.Dir(filepath.Dir(java))}
	_, err = localspark.KafkaBroker(t.Context(), &localspark.Options{Env: env, CacheDir: t.TempDir()})
	require.ErrorIs(t, err, localspark.ErrNoMaven)
}
