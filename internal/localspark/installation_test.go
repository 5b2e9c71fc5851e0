//go:build linux || darwin

package localspark_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

func TestStart_orderOfChoice(t *testing.T) {
	t.Parallel()
	const connect = "spark-connect_2.13-4.0.1.jar"
	tests := map[string]struct {
		home, pyspark []string // jars; nil: not installed
		opts          localspark.Options
		want          localspark.Origin
		progress      []string
	}{
		"SPARK_HOME first":           {home: []string{connect}, pyspark: []string{connect}, want: localspark.OriginSparkHome},
		"pyspark when there is none": {pyspark: []string{connect}, want: localspark.OriginPySpark},
		"Maven last":                 {want: localspark.OriginMaven},
		"SPARK_HOME without Connect": {
			home: []string{"spark-core_2.13-4.0.1.jar"}, pyspark: []string{connect}, want: localspark.OriginPySpark,
			progress: []string{"not used: SPARK_HOME (DIR/home): there is no spark-connect_2.13-*.jar in its jars folder; " +
				"add the one of its version or unset SPARK_HOME"},
		},
		"both too old": {
			home: []string{"spark-connect_2.13-3.5.4.jar"}, pyspark: []string{"spark-connect_2.13-3.4.0.jar"}, want: localspark.OriginMaven,
			progress: []string{
				"not used: SPARK_HOME (DIR/home): it is Spark 3.5.4, and 4.0.0 or newer is needed",
				"not used: pyspark (DIR/pyspark): it is Spark 3.4.0, and 4.0.0 or newer is needed",
			},
		},
		"another version than asked for": {
			home: []string{"spark-connect_2.13-4.2.0.jar"}, opts: localspark.Options{Version: "4.0.1"}, want: localspark.OriginMaven,
			progress: []string{"not used: SPARK_HOME (DIR/home): it is Spark 4.2.0, and 4.0.1 is asked for"},
		},
		"any version when none is asked for": {home: []string{"spark-connect_2.13-4.3.0.jar"}, want: localspark.OriginSparkHome},
		"a connector is missing": {
			home: []string{connect}, opts: localspark.Options{Connectors: []string{"delta"}}, want: localspark.OriginMaven,
			progress: []string{`not used: SPARK_HOME (DIR/home): it lacks the connector "delta" (no delta-spark_*.jar in its jars folder)`},
		},
		"the connector is there": {
			home: []string{connect, "delta-spark_2.13-4.0.1.jar"}, opts: localspark.Options{Connectors: []string{"delta"}},
			want: localspark.OriginSparkHome,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, "java", "mvn", "python3")
			if test.home != nil {
				b.env = append(b.env, "SPARK_HOME="+b.sparkHome("home", test.home...))
			}
			if test.pyspark != nil {
				b.env = append(b.env, "FAKE_PYSPARK="+b.sparkHome("pyspark", test.pyspark...))
			}
			opts := b.options()
			opts.Version, opts.Connectors = test.opts.Version, test.opts.Connectors
			server, err := localspark.Start(t.Context(), opts)
			require.NoError(t, err)
			require.NoError(t, server.Stop(context.WithoutCancel(t.Context())))
			require.Equal(t, test.want, server.Origin())
			if test.want == localspark.OriginMaven {
				b.progress = b.progress[:len(b.progress)-2] // fetching, fetched
			}
			require.Equal(t, append([]string{}, test.progress...), append([]string{}, b.progress...))
		})
	}
}

func TestStart_sparkHomeKeepsItsOwnSettings(t *testing.T) {
	t.Parallel()
	b := setup(t, "java")
	home := b.sparkHome("home", "spark-connect_2.13-4.0.1.jar")
	b.env = append(b.env, "SPARK_HOME="+home)
	b.start(b.options())
	require.Equal(t, []string{home}, b.noted("home"))
	require.Contains(t, b.noted("args"), `"--load-spark-defaults"`)
	require.Contains(t, b.noted("args"), `"`+home+"/conf:"+home+`/jars/spark-connect_2.13-4.0.1.jar"`)
}
