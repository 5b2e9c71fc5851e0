//go:build linux || darwin

package localspark_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

func TestStart_answersAndStopLeavesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	server, err := localspark.Start(t.Context(), b.options())
	require.NoError(t, err)

	require.Equal(t, fmt.Sprintf("sc://127.0.0.1:%d", b.calls.port), server.Remote())
	require.Equal(t, "4.0.1", server.Version())
	require.Equal(t, localspark.OriginMaven, server.Origin())
	require.True(t, server.Owned())
	require.True(t, alive(server.PID()))
	require.FileExists(t, server.LogFile())
	require.Equal(t, []string{"AnalyzePlan", "ReleaseSession"}, b.calls.methods)
	require.Empty(t, b.calls.sessions, "the probe's session is released")

	require.NoError(t, server.Stop(t.Context()))
	require.NoError(t, server.Stop(t.Context()), "a second time")
	<-server.Done()
	gone(t, server.PID())
	require.Empty(t, b.runFolders())
}

func TestStart_settingsReachTheServer(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	opts := b.options()
	opts.Connectors = []string{"iceberg", "delta", "delta", "core"}
	opts.Conf = map[string]string{
		"spark.sql.shuffle.partitions":       "4",
		"spark.ui.enabled":                   "true",
		"spark.app.name":                     "grüße = x",
		"spark.driver.memory":                "2gb",
		"spark.driver.extraJavaOptions":      `-Da=b "-Dc=d e"`,
		"spark.driver.extraClassPath":        "/opt/extra.jar",
		"spark.connect.authenticate.token":   "s3cr3t",
		"fs.s3a.bucket.b.endpoint":           "of a session",
		"spark.hadoop.fs.s3a.secret.key":     `back\slash`,
		"spark.sql.catalog.ice.warehouse":    "/data/ice",
		"spark.connect.grpc.binding.address": "127.0.0.1",
	}
	b.start(opts)

	conf := b.noted("conf")
	for _, line := range []string{
		"spark.sql.shuffle.partitions=4",
		"spark.ui.enabled=true",
		`spark.app.name=gr\u00fc\u00dfe = x`,
		"spark.master=local[*]",
		"spark.connect.grpc.binding.port=0",
		"spark.driver.host=127.0.0.1",
		"spark.driver.bindAddress=127.0.0.1",
		`spark.hadoop.fs.s3a.secret.key=back\\slash`,
		"spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension,org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
		"spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog",
	} {
		require.Contains(t, conf, line)
	}
	require.NotContains(t, strings.Join(conf, "\n"), "of a session")
	args := b.noted("args")
	for _, line := range []string{`"-Xmx2g"`, `"-XX:+ExitOnOutOfMemoryError"`, `"-Da=b"`, `"-Dc=d e"`, `"--add-opens=java.base/sun.nio.ch=ALL-UNNAMED"`} {
		require.Contains(t, args, line)
	}
	require.NotContains(t, strings.Join(args, "\n"), "s3cr3t")
	require.Contains(t, strings.Join(args, "\n"), `"/opt/extra.jar:`)
	for _, line := range b.noted("modes") {
		require.True(t, strings.HasPrefix(line, "-rw-------"), line)
	}
	require.Equal(t, "Bearer s3cr3t", b.calls.tokens[0])
	require.Contains(t, strings.Join(b.noted("home"), ""), "spark-4.0.1-delta-iceberg")
}

func TestStart_clusterMasterKeepsOnlyConnectOnLoopback(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	opts := b.options()
	opts.Master = "spark://head:7077"
	b.start(opts)
	conf := strings.Join(b.noted("conf"), "\n")
	require.Contains(t, conf, "spark.master=spark://head:7077")
	require.Contains(t, conf, "spark.connect.grpc.binding.address=127.0.0.1")
	require.NotContains(t, conf, "spark.driver.host")
	require.NotContains(t, conf, "spark.driver.bindAddress")
}

func TestStart_failures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fake    string
		timeout time.Duration
		want    string
		is      error
	}{
		"server ends": {
			fake: "crash", timeout: 30 * time.Second,
			want: "start Spark 4.0.1 (from maven): the server ended with exit code 3 before it answered\n" +
				"last lines of LOG:\n  java.net.BindException: Address already in use\n" +
				"hint: the port is taken; leave spark.connect.grpc.binding.port unset to have a free one chosen",
		},
		"no answer in time": {
			fake: "silent", timeout: 300 * time.Millisecond, is: localspark.ErrNotReady,
			want: "start Spark 4.0.1 (from maven): no answer in time (300ms)\nlast lines of LOG:\n  thinking",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, "java", "mvn")
			b.env = append(b.env, "FAKE_JAVA="+test.fake)
			opts := b.options()
			opts.StartTimeout = test.timeout
			_, err := localspark.Start(t.Context(), opts)
			var failed *localspark.StartError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, test.want, strings.ReplaceAll(err.Error(), failed.LogFile, "LOG"))
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
			require.FileExists(t, failed.LogFile, "the log stays")
			require.NoDirExists(t, filepath.Join(filepath.Dir(failed.LogFile), "data"), "the settings do not")
		})
	}
}

func TestStart_endsWithItsContext(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	b.env = append(b.env, "FAKE_JAVA=silent")
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	result := make(chan error, 1)
	go func() {
		_, err := localspark.Start(ctx, b.options())
		result <- err
	}()
	require.Eventually(t, func() bool { return b.noted("starts") != nil }, 30*time.Second, 5*time.Millisecond)
	cancel(cause)
	err := <-result
	require.ErrorIs(t, err, cause)
}

func TestStop_concurrentCallsAllWait(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	server := b.start(b.options())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := server.Stop(context.Background()); err != nil || alive(server.PID()) {
				t.Errorf("stop: %v, alive %v", err, alive(server.PID()))
			}
		})
	}
	wg.Wait()
	require.Empty(t, b.runFolders())
}

func TestStop_killsWhenContextEnds(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	b.env = append(b.env, "FAKE_JAVA=deaf")
	server, err := localspark.Start(t.Context(), b.options())
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err = server.Stop(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, fmt.Sprintf("stop the Spark server (process %d): killed, as it had not ended in time", server.PID()))
	gone(t, server.PID())
	require.Empty(t, b.runFolders())
	require.NoError(t, server.Stop(t.Context()))
}

func TestDone_closesWhenTheServerDies(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	server := b.start(b.options())
	require.NoError(t, syscall.Kill(server.PID(), syscall.SIGKILL))
	<-server.Done()
	require.FileExists(t, server.LogFile(), "the log is there until Stop")
	require.NoError(t, server.Stop(t.Context()))
	require.Empty(t, b.runFolders())
}

func TestDone_closesWhenTheWatchdogDies(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	server := b.start(b.options())
	group, err := syscall.Getpgid(server.PID())
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(group, syscall.SIGKILL))
	<-server.Done()
	gone(t, server.PID())
	require.NoError(t, server.Stop(t.Context()))
	require.Empty(t, b.runFolders())
}

func TestServer_hasItsOwnProcessGroup(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	server := b.start(b.options())
	group, err := syscall.Getpgid(server.PID())
	require.NoError(t, err)
	require.NotEqual(t, syscall.Getpgrp(), group)
}

func TestServer_diesWithItsParent(t *testing.T) {
	t.Parallel()
	for _, behaviour := range []string{"polite", "deaf"} {
		t.Run(behaviour, func(t *testing.T) {
			t.Parallel()
			b := setup(t, "java", "mvn")
			report := killParent(t, append(b.env, "FAKE_JAVA="+behaviour))
			gone(t, report.PID)
			removed(t, filepath.Dir(report.LogFile))
		})
	}
}

// killParent runs the test binary as the parent of a server and kills it with
// SIGKILL.
func killParent(t *testing.T, env []string) childReport {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(env, childEnv+"=1")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var report childReport
	err = json.NewDecoder(out).Decode(&report)
	if err != nil {
		rest, _ := io.ReadAll(out)
		_ = cmd.Wait()
		require.NoError(t, err, "%s%s", rest, stderr.String())
	}
	require.True(t, alive(report.PID), "process "+strconv.Itoa(report.PID))
	require.DirExists(t, filepath.Dir(report.LogFile))
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	return report
}

func TestStart_remoteIsUsedAndLeftAlone(t *testing.T) {
	t.Parallel()
	opts := &localspark.Options{Env: []string{"SPARK_REMOTE=sc://spark.example:15002/;token=t"}}
	server, err := localspark.Start(t.Context(), opts)
	require.NoError(t, err)
	require.Equal(t, "sc://spark.example:15002/;token=t", server.Remote())
	require.Equal(t, localspark.OriginRemote, server.Origin())
	require.False(t, server.Owned())
	require.Zero(t, server.PID())
	require.Empty(t, server.LogFile())
	require.Empty(t, server.Version())
	require.NoError(t, server.Stop(t.Context()))
	select {
	case <-server.Done():
		t.Fatal("the server of somebody else has not ended")
	default:
	}
}

func TestStart_remoteThatIsNoAddress(t *testing.T) {
	t.Parallel()
	for _, remote := range []string{"local[*]", "https://user:pw@host", "sc://"} {
		_, err := localspark.Start(t.Context(), &localspark.Options{Env: []string{"SPARK_REMOTE=" + remote}})
		require.EqualError(t, err, "local Spark: SPARK_REMOTE does not hold an address such as sc://host:15002; "+
			"correct it, or unset it to have a server started here")
	}
}
