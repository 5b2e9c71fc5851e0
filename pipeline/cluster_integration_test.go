//go:build linux || darwin

package pipeline_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/internal/localspark"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// TestRealCluster runs on a standalone cluster of one master and one worker: the
// server that is started is the driver, the work is done by an executor.
func TestRealCluster(t *testing.T) {
	sparktest.Remote(t) // skips aloud, or fails in CI, where there is no Spark
	t.Setenv("SPARK_REMOTE", "")
	t.Setenv("SPARK_HOME", "")
	home := sparkHome(t)
	master := startDaemon(t, home, `(spark://127\.0\.0\.1:[0-9]+)`,
		"org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
	startDaemon(t, home, `(Successfully registered with master)`,
		"org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "1g",
		"--webui-port", "0", "--work-dir", t.TempDir(), master)

	p := &pipeline.Pipeline{Name: "cluster", Spark: config.Spark{
		AppName: "on a cluster", Master: master,
		Conf: map[string]string{"spark.executor.memory": "512m", "spark.driver.memory": "1g", "spark.sql.shuffle.partitions": "1"},
	}}
	spark, err := pipeline.Opener{}.Open(t.Context(), p)
	require.NoError(t, err)
	defer func() { require.NoError(t, spark.Close(context.WithoutCancel(t.Context()))) }()
	require.Equal(t, master, setting(t, spark, "spark.master"))
	df, err := spark.SQL(t.Context(), "SELECT sum(id) AS total FROM range(1000)")
	require.NoError(t, err)
	rows, err := df.Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(499500), rows[0].At(0))
}

// sparkHome is the folder of the fetched Spark: what a SPARK_HOME is.
func sparkHome(t *testing.T) string {
	t.Helper()
	cache := os.Getenv("SPARKPIPE_CACHE")
	if cache == "" {
		dir, err := os.UserCacheDir()
		require.NoError(t, err)
		cache = filepath.Join(dir, "sparkpipe")
	}
	home := filepath.Join(cache, "spark-"+localspark.DefaultVersion+"-core")
	if _, err := os.Stat(filepath.Join(home, "manifest.json")); err != nil {
		server, err := localspark.Start(t.Context(), &localspark.Options{Version: localspark.DefaultVersion})
		require.NoError(t, err)
		require.NoError(t, server.Stop(t.Context()))
	}
	return home
}

// startDaemon starts a class of Spark, waits until its log has a match for ready,
// and gives the match. The process ends with the test.
func startDaemon(t *testing.T, home, ready, class string, args ...string) string {
	t.Helper()
	logFile := filepath.Join(t.TempDir(), "daemon.log")
	out, err := os.Create(logFile)
	require.NoError(t, err)
	cmd := exec.Command("java", append([]string{"-Xmx256m", "-cp", filepath.Join(home, "jars", "*"), class}, args...)...)
	// Even an empty SPARK_REMOTE makes Spark leave its SQL jars to a remote server.
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "SPARK_REMOTE=") })
	cmd.Env = append(env, "SPARK_HOME="+home, "SPARK_SCALA_VERSION=2.13", "SPARK_LOCAL_IP=127.0.0.1")
	cmd.Stdout, cmd.Stderr = out, out
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = out.Close()
	})
	var found string
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(logFile)
		match := regexp.MustCompile(ready).FindSubmatch(text)
		if err == nil && match != nil {
			found = string(match[1])
		}
		return found != ""
	}, 60*time.Second, 50*time.Millisecond, "%s does not come up; see %s", class, logFile)
	return found
}
