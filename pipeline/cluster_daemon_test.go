//go:build linux || darwin

package pipeline_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

// cluster is a standalone cluster on this machine: a master and its workers,
// each with one core.
type cluster struct {
	// master is the address for spark.master, page that of the master's web page.
	master, page string
	workers      []*daemon
}

// startCluster starts a cluster from the jars of the embedded server; it ends
// with the test.
func startCluster(t *testing.T, workers int) *cluster {
	t.Helper()
	home := sparkHome(t)
	m := startDaemon(t, home, "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
	c := &cluster{
		master: m.logged(t, `(spark://127\.0\.0\.1:[0-9]+)`),
		page:   "http://127.0.0.1:" + m.logged(t, `service 'MasterUI' on port ([0-9]+)`),
	}
	for range workers {
		c.workers = append(c.workers, startDaemon(t, home, "org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1",
			"--cores", "1", "--memory", "768m", "--webui-port", "0", "--work-dir", t.TempDir(), c.master))
	}
	for _, w := range c.workers {
		w.logged(t, `(Successfully registered with master)`)
	}
	return c
}

// states counts the workers by what the master thinks of them, such as "ALIVE".
func (c *cluster) states(t *testing.T) map[string]int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.page+"/json/", nil)
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	var page struct {
		Workers []struct{ State string }
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&page))
	states := map[string]int{}
	for _, w := range page.Workers {
		states[w.State]++
	}
	return states
}

// daemon is a Java program and what it has started.
type daemon struct {
	class string
	log   string
	cmd   *exec.Cmd
}

// startDaemon starts a class of Spark, which ends with the test and with this
// process. It leads a group of processes of its own.
func startDaemon(t *testing.T, home, class string, args ...string) *daemon {
	t.Helper()
	d := &daemon{class: class, log: filepath.Join(t.TempDir(), "daemon.log")}
	out, err := os.Create(d.log)
	require.NoError(t, err)
	// The shell ends the group when its input closes, however this process ends.
	d.cmd = exec.Command("sh", append([]string{
		"-c", `"$@" </dev/null & cat >/dev/null; kill -KILL 0`, "sh",
		"java", "-Xmx256m", "-cp", filepath.Join(home, "jars", "*"), class,
	}, args...)...)
	// Even an empty SPARK_REMOTE makes Spark leave its SQL jars to a remote server.
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "SPARK_REMOTE=") })
	d.cmd.Env = append(env, "SPARK_HOME="+home, "SPARK_SCALA_VERSION=2.13", "SPARK_LOCAL_IP=127.0.0.1")
	d.cmd.Stdout, d.cmd.Stderr = out, out
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := d.cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, d.cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = d.cmd.Wait()
		_ = out.Close()
	})
	return d
}

// group is the id of the daemon's processes, executors included.
func (d *daemon) group() int { return d.cmd.Process.Pid }

// kill ends the daemon and what it has started, as the loss of its machine would.
func (d *daemon) kill() error { return syscall.Kill(-d.group(), syscall.SIGKILL) }

// logged waits until the log has a match and gives its group.
func (d *daemon) logged(t *testing.T, pattern string) string {
	t.Helper()
	var found string
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(d.log)
		match := regexp.MustCompile(pattern).FindSubmatch(text)
		if err == nil && match != nil {
			found = string(match[1])
		}
		return found != ""
	}, 60*time.Second, 50*time.Millisecond, "the log of %s never has %s", d.class, pattern)
	return found
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
