package pipeline_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/internal/localspark"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// on returns a pipeline whose block "spark" is spark.
func on(spark config.Spark) *pipeline.Pipeline {
	return &pipeline.Pipeline{Name: "p", Spark: spark}
}

// openOn opens a session and closes it with the test.
func openOn(t *testing.T, spark config.Spark) *dataflow.Session {
	t.Helper()
	session, err := pipeline.Opener{}.Open(t.Context(), on(spark))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, session.Close(context.Background())) })
	return session
}

func TestOpenerPrefersTheServerOfTheFile(t *testing.T) {
	file, environment := fakeconnect.Start(t), fakeconnect.Start(t)
	t.Setenv("SPARK_REMOTE", environment.Remote())
	conf := map[string]string{"spark.sql.shuffle.partitions": "3"}

	openOn(t, config.Spark{Remote: secrets.NewValue(file.Remote()), Conf: conf, Master: "no master"})
	require.NotEmpty(t, file.Requests())
	require.Empty(t, environment.Requests())
	value, _ := file.Conf("spark.sql.shuffle.partitions")
	require.Equal(t, "3", value)

	openOn(t, config.Spark{Conf: conf, Master: "no master"})
	require.NotEmpty(t, environment.Requests())
	value, _ = environment.Conf("spark.sql.shuffle.partitions")
	require.Equal(t, "3", value)
}

func TestOpenerTellsWhoIsThere(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	var opened *dataflow.Session
	var at string
	opener := pipeline.Opener{Opened: func(session *dataflow.Session, remote string) { opened, at = session, remote }}
	session, err := opener.Open(t.Context(), on(config.Spark{Remote: secrets.NewValue(server.Remote())}))
	require.NoError(t, err)
	require.Same(t, session, opened)
	require.Equal(t, server.Remote(), at)
	require.Equal(t, fakeconnect.Version, session.ServerVersion())
	require.NoError(t, session.Close(t.Context()))
	require.Equal(t, []string{session.ID()}, server.Released())
}

func TestOpenerSaysWhoNamedTheServer(t *testing.T) {
	_, err := pipeline.Opener{}.Open(t.Context(), on(config.Spark{Remote: secrets.NewValue("sc://h:99999/;token=hush")}))
	require.EqualError(t, err, `spark.remote: the port "99999" of the connection string is not a number from 1 to 65535`)

	t.Setenv("SPARK_REMOTE", "h:15002;token=hush")
	_, err = pipeline.Opener{}.Open(t.Context(), on(config.Spark{}))
	require.EqualError(t, err, `SPARK_REMOTE: a connection string must begin with "sc://", for example sc://localhost:15002`)

	server := fakeconnect.Start(t)
	server.Stop()
	t.Setenv("SPARK_REMOTE", server.Remote()+"/;token=hush;use_ssl=false")
	_, err = pipeline.Opener{}.Open(t.Context(), on(config.Spark{}))
	require.ErrorContains(t, err, "SPARK_REMOTE: connect to Spark at "+server.Remote()+": ")
	require.ErrorContains(t, err, "is a Spark Connect server listening there?")
	require.NotContains(t, err.Error(), "hush")
	var spark *component.SparkError
	require.ErrorAs(t, err, &spark)
	require.Equal(t, "Unavailable", spark.Code)
}

func TestOpenerOnAServerThatRefusesAProperty(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.SetStatic("spark.executor.memory", "1g")
	server.SetStatic("spark.sql.warehouse.dir", "/w")
	_, err := pipeline.Opener{}.Open(t.Context(), on(config.Spark{
		Remote: secrets.NewValue(server.Remote()),
		Conf:   map[string]string{"spark.executor.memory": "2g", "spark.sql.warehouse.dir": "/w", "spark.sql.ansi.enabled": "true"},
	}))
	require.ErrorContains(t, err, "spark.remote: set spark.executor.memory on the running server: ")
	require.NotContains(t, err.Error(), "spark.sql.warehouse.dir", "it has the wanted value")
	require.Len(t, server.Released(), 1, "the session is not left open")
}

func TestOpenerWithoutJava(t *testing.T) {
	t.Setenv("SPARK_REMOTE", "")
	t.Setenv("JAVA_HOME", "")
	t.Setenv("PATH", t.TempDir())
	_, err := pipeline.Opener{}.Open(t.Context(), on(config.Spark{}))
	require.ErrorIs(t, err, localspark.ErrNoJava)
	require.ErrorContains(t, err, "; or name a running server in spark.remote or SPARK_REMOTE")
}

func TestOpenerWithABadBlock(t *testing.T) {
	t.Setenv("SPARK_REMOTE", "")
	for name, test := range map[string]struct {
		spark config.Spark
		want  string
	}{
		"master":    {config.Spark{Master: "mesos://h"}, `master "mesos://h": want local, local[N], local[*] or spark://host:port`},
		"connector": {config.Spark{Connectors: []string{"nope"}}, `connector "nope": unknown`},
		"address":   {config.Spark{Master: "sc://h:1/;token=hush"}, "use it as remote"},
	} {
		_, err := pipeline.Opener{}.Open(t.Context(), on(test.spark))
		require.ErrorContains(t, err, test.want, name)
		require.NotContains(t, err.Error(), "hush")
	}
}

func TestBlockSparkIsCheckedWithTheFile(t *testing.T) {
	t.Parallel()
	const components = "name: p\ncomponents: [{name: a, type: show, config: {input_view: v}}]\n"
	_, err := pipeline.FromFile(writeFile(t, "p.yaml", components+"spark: {master: \"mesos://h\", connectors: [nope]}\n"), builtins(t), nil)
	require.ErrorContains(t, err, `spark: master "mesos://h": want local, `)
	require.ErrorContains(t, err, `spark: connector "nope": unknown`)

	_, err = pipeline.FromFile(writeFile(t, "p.yaml", components+"spark: {remote: \"sc://h\", master: \"mesos://h\"}\n"), builtins(t), nil)
	require.NoError(t, err, "with a remote the master is not used")
}
