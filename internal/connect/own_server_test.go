package connect_test

import (
	"context"
	"maps"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// ownServer starts a server for this test alone, with settings of its own. The
// test is skipped where none is named for tests in general.
func ownServer(t *testing.T, master string, conf map[string]string) *localspark.Server {
	t.Helper()
	return ownServerOf(t, localspark.DefaultVersion, master, conf)
}

// ownServerOf is ownServer for another version of Spark.
func ownServerOf(t *testing.T, version, master string, conf map[string]string) *localspark.Server {
	t.Helper()
	sparktest.Remote(t) // says that a Spark can be had here
	all := map[string]string{
		"spark.driver.memory": "1g", "spark.sql.shuffle.partitions": "1",
		"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1", // what is run here is small
	}
	maps.Copy(all, conf)
	server, err := localspark.Start(t.Context(), &localspark.Options{
		Version: version, Master: master, Conf: all,
		Env: append(os.Environ(), sparktest.EnvRemote+"=", "SPARK_HOME=", "TMPDIR="+t.TempDir()),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
	return server
}
