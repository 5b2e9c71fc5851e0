package sparktest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

// EnvConnectors is the environment variable with the connection string of a
// server that has the connectors already; a test that starts one takes it instead.
const EnvConnectors = "SPARKPIPE_TEST_CONNECTORS"

// Start starts a server of the test's own with connectors, as
// [localspark.Options] names them, and with more settings. It has the default
// version, or the one given, and ends with the test. Without Java and Maven the
// test is skipped, and in CI it fails.
func Start(tb testing.TB, version string, connectors []string, conf map[string]string) string {
	tb.Helper()
	if remote := os.Getenv(EnvConnectors); remote != "" {
		return remote
	}
	return StartServer(tb, version, connectors, conf).Remote()
}

// StartServer is [Start] for tests that need the process. It always starts one,
// with more variables of the environment ("name=value").
func StartServer(tb testing.TB, version string, connectors []string, conf map[string]string, env ...string) *localspark.Server {
	tb.Helper()
	if testing.Short() {
		tb.Skip("NOT RUN with -short: it starts a Spark server")
	}
	for _, tool := range []string{"java", "mvn"} {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if strings.EqualFold(os.Getenv("CI"), "true") {
			tb.Fatalf("no %s on PATH, and in CI this test must not be skipped", tool)
		}
		tb.Skipf("NOT RUN, it starts a Spark server: no %s on PATH", tool)
	}
	server, err := localspark.Start(tb.Context(), &localspark.Options{
		Env:     append(append(os.Environ(), "SPARK_REMOTE=", "SPARK_HOME=", "TMPDIR="+tb.TempDir()), env...),
		Version: version, Connectors: connectors, Conf: conf,
		Progress: func(msg string) { tb.Log(msg) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(tb.Context())); err != nil {
			tb.Error(err)
		}
	})
	return server
}

// Lakehouse starts a server of [Version] with connectors, among them delta and
// iceberg: Delta is the catalog of the session and Iceberg the catalog ice. It
// ends with the test; see [Start].
func Lakehouse(tb testing.TB, connectors ...string) *localspark.Server {
	tb.Helper()
	return StartServer(tb, Version, append([]string{"delta", "iceberg"}, connectors...), map[string]string{
		"spark.driver.memory": "1g", "spark.checkpoint.dir": tb.TempDir(),
		// The tables are tiny: what takes time is to compile code for them.
		"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1", "spark.sql.codegen.wholeStage": "false",
		"spark.sql.codegen.factoryMode": "NO_CODEGEN", "spark.sql.adaptive.enabled": "false", "spark.sql.shuffle.partitions": "1",
		"spark.databricks.delta.snapshotPartitions": "1",
		"spark.sql.catalog.ice":                     "org.apache.iceberg.spark.SparkCatalog", "spark.sql.catalog.ice.type": "hadoop",
		"spark.sql.catalog.ice.warehouse": tb.TempDir(), "spark.sql.warehouse.dir": tb.TempDir(),
	})
}
