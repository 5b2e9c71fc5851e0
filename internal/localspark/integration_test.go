//go:build linux || darwin

package localspark_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

// realSpark returns the environment for a server from Maven. Without Java and
// Maven the test is skipped, in CI it fails.
func realSpark(t *testing.T) []string {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED: a real Spark is not started with -short")
	}
	for _, tool := range []string{"java", "mvn"} {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("no %s on PATH; run .ci/setup", tool)
		}
		t.Skipf("SKIPPED: no %s on PATH; run .ci/setup to have it", tool)
	}
	return append(os.Environ(), "SPARK_REMOTE=", "SPARK_HOME=", "TMPDIR="+t.TempDir())
}

func TestRealServer(t *testing.T) {
	env := realSpark(t)
	began := time.Now()
	server, err := localspark.Start(t.Context(), &localspark.Options{
		Env: env, Version: localspark.DefaultVersion, Progress: func(msg string) { t.Log(msg) },
		Conf: map[string]string{"spark.driver.memory": "1g"},
	})
	require.NoError(t, err)
	defer func() { _ = server.Stop(context.Background()) }()
	t.Logf("%s after %s", server.Remote(), time.Since(began))
	require.Equal(t, localspark.DefaultVersion, server.Version())

	address := strings.TrimPrefix(server.Remote(), "sc://")
	ports := listening(t, server.PID())
	if ports != nil {
		_, port, err := net.SplitHostPort(address)
		require.NoError(t, err)
		require.Contains(t, ports, port)
	}
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	log, err := os.ReadFile(server.LogFile())
	require.NoError(t, err)
	require.NotContains(t, string(log), "ERROR", "the probe's session is released without a fault")

	require.NoError(t, server.Stop(t.Context()))
	<-server.Done()
	gone(t, server.PID())
	require.NoDirExists(t, filepath.Dir(server.LogFile()))
	left, err := os.ReadDir(filepath.Dir(filepath.Dir(server.LogFile())))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestRealServer_diesWithItsParent(t *testing.T) {
	report := killParent(t, realSpark(t))
	gone(t, report.PID)
	removed(t, filepath.Dir(report.LogFile))
}

// listening returns the ports that a process listens on, by way of /proc, and
// fails for one that is not on loopback. It returns nil where there is no /proc.
func listening(t *testing.T, pid int) []string {
	t.Helper()
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	require.NoError(t, err)
	sockets := map[string]bool{}
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, "socket:[") {
			sockets[strings.Trim(to, "socket:[]")] = true
		}
	}
	var ports []string
	for _, table := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) < 10 || fields[3] != "0A" || !sockets[fields[9]] { // 0A: listening
				continue
			}
			host, hexPort, _ := strings.Cut(fields[1], ":")
			loopback := host == "0100007F" || host == "0000000000000000FFFF00000100007F" || host == "00000000000000000000000001000000"
			require.True(t, loopback, "listens on %s", fields[1])
			port, err := strconv.ParseUint(hexPort, 16, 16)
			require.NoError(t, err)
			ports = append(ports, strconv.FormatUint(port, 10))
		}
	}
	return ports
}
