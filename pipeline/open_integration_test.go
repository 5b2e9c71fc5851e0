package pipeline_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// ownServer makes the opener start a server, whose files go below the folder
// that is returned. Without Java the test is skipped, and fails in CI.
func ownServer(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("java"); err != nil && os.Getenv("JAVA_HOME") == "" {
		if strings.EqualFold(os.Getenv("CI"), "true") {
			t.Fatal("there is no Java, and in CI this test must not be skipped")
		}
		t.Skip("NOT RUN, it needs Java: put it on PATH or set JAVA_HOME")
	}
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv("SPARK_REMOTE", "")
	return tmp
}

// setting returns a property as SQL shows it.
func setting(t *testing.T, spark *dataflow.Session, key string) string {
	t.Helper()
	df, err := spark.SQL(t.Context(), "SET `"+key+"`")
	require.NoError(t, err)
	rows, err := df.Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, 1)
	value, _ := rows[0].At(1).(string)
	return value
}

func TestOpenerStartsAServer(t *testing.T) {
	tmp := ownServer(t)
	warehouse := filepath.Join(t.TempDir(), "warehouse")
	p, err := pipeline.FromFile(writeFile(t, "p.conf", `
		name = p
		spark {
		  app_name = shop
		  master = "local[1]"
		  spark_conf {
		    "spark.sql.shuffle.partitions" = 3
		    "spark.sql.warehouse.dir" = "`+warehouse+`"
		    spark.sql.session.timeZone = "Asia/Tokyo"
		  }
		}
		components = [{ name = a, type = show, config { query = "SELECT 1" } }]
	`), builtins(t), nil)
	require.NoError(t, err)
	spark, err := pipeline.Opener{}.Open(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, "3", setting(t, spark, "spark.sql.shuffle.partitions"), "a quoted key is one key")
	require.Equal(t, "Asia/Tokyo", setting(t, spark, "spark.sql.session.timeZone"), "a nested key is one too")
	require.Contains(t, setting(t, spark, "spark.sql.warehouse.dir"), warehouse, "what cannot be set later")
	require.Equal(t, "local[1]", setting(t, spark, "spark.master"))
	require.Equal(t, "shop", setting(t, spark, "spark.app.name"))
	started := servers(t, tmp)
	require.Len(t, started, 1)
	require.NoError(t, spark.Close(t.Context()))
	require.Empty(t, servers(t, tmp), "the server ends with its session")

	t.Run("on a running server", func(t *testing.T) {
		// The same properties on a session: the static one is an error.
		running, err := pipeline.Opener{}.Open(t.Context(), &pipeline.Pipeline{Name: "server"})
		require.NoError(t, err)
		defer func() { require.NoError(t, running.Close(context.Background())) }()
		t.Setenv("SPARK_REMOTE", remoteOf(t, tmp))
		_, err = pipeline.Opener{}.Open(t.Context(), p)
		require.ErrorContains(t, err, "SPARK_REMOTE: set spark.sql.warehouse.dir on the running server: [CANNOT_MODIFY_CONFIG] ")
		delete(p.Spark.Conf, "spark.sql.warehouse.dir")
		spark, err := pipeline.Opener{}.Open(t.Context(), p)
		require.NoError(t, err)
		require.Equal(t, "3", setting(t, spark, "spark.sql.shuffle.partitions"))
		require.Equal(t, "Asia/Tokyo", setting(t, spark, "spark.sql.session.timeZone"))
		require.NoError(t, spark.Close(t.Context()))
		require.Len(t, servers(t, tmp), 1, "it is not ours to stop")
	})
	require.Empty(t, servers(t, tmp))
}

// TestOpenerThatIsCancelled ends the context while the server comes up.
func TestOpenerThatIsCancelled(t *testing.T) {
	tmp := ownServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for len(servers(t, tmp)) == 0 && ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
	}()
	_, err := pipeline.Opener{}.Open(ctx, &pipeline.Pipeline{Name: "p"})
	cancel()
	<-watched
	require.ErrorIs(t, err, context.Canceled)
	for _, log := range servers(t, tmp) {
		left, err := filepath.Glob(filepath.Join(log, "*"))
		require.NoError(t, err)
		for _, file := range left {
			require.Equal(t, "server.log", filepath.Base(file), "at most the log stays")
		}
	}
}

// servers are the folders of the servers whose files are in tmp.
func servers(tb testing.TB, tmp string) []string {
	tb.Helper()
	found, err := filepath.Glob(filepath.Join(tmp, "sparkpipe-spark-*"))
	require.NoError(tb, err)
	return found
}

// remoteOf is the address of the only server in tmp, out of its log.
func remoteOf(t *testing.T, tmp string) string {
	t.Helper()
	folders := servers(t, tmp)
	require.Len(t, folders, 1)
	text, err := os.ReadFile(filepath.Join(folders[0], "server.log"))
	require.NoError(t, err)
	_, rest, ok := bytes.Cut(text, []byte("Spark Connect server started at: "))
	require.True(t, ok)
	address, _, _ := bytes.Cut(rest, []byte("\n"))
	return "sc://" + strings.TrimSpace(string(address))
}
