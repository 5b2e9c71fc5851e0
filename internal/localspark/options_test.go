package localspark_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

func TestOptions_Validate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		opts *localspark.Options
		want string
	}{
		"nil":           {nil, ""},
		"zero":          {&localspark.Options{}, ""},
		"newer version": {&localspark.Options{Version: "4.3.0"}, ""},
		"all masters":   {&localspark.Options{Master: "spark://a:1,b:2"}, ""},
		"local cluster": {&localspark.Options{Master: "local-cluster[2,1,1024]"}, ""},
		"version text": {
			&localspark.Options{Version: "4.0"},
			`version "4.0": want three numbers such as "4.0.1"`,
		},
		"version with a path": {
			&localspark.Options{Version: "4.0.1/../x"},
			`version "4.0.1/../x": want three numbers such as "4.0.1"`,
		},
		"old version": {
			&localspark.Options{Version: "3.5.4"},
			`version "3.5.4": the embedded server needs Spark 4.0.0 or newer`,
		},
		"unknown connector": {
			&localspark.Options{Connectors: []string{"mongo"}},
			`connector "mongo": unknown; known are avro, delta, gcs, h2, iceberg, kafka, mariadb, mysql, postgresql, s3, sqlite`,
		},
		"connector of another version": {
			&localspark.Options{Version: "4.2.0", Connectors: []string{"delta"}},
			`connector "delta": no version of it is known for Spark 4.2.0; there is one for 4.0.0, 4.0.1`,
		},
		"master": {
			&localspark.Options{Master: "host:7077"},
			`master "host:7077": want local, local[N], local[*] or spark://host:port`,
		},
		"host without a scheme": {
			&localspark.Options{Conf: map[string]string{"spark.master": "localhost:7077"}},
			`master "localhost:7077": want local, local[N], local[*] or spark://host:port`,
		},
		"remote as master": {
			&localspark.Options{Master: "sc://host:15002/;token=secret"},
			`master "sc://host:15002/;…": this is the address of a Connect server; use it as remote, with no master`,
		},
		"several at once": {
			&localspark.Options{
				Version: "x", StartTimeout: -time.Second,
				Conf: map[string]string{" spark.a": "1", "": "2", "spark.driver.memory": "lots"},
			},
			"version \"x\": want three numbers such as \"4.0.1\"\n" +
				"start timeout -1s: must not be negative\n" +
				"conf key \"\": must not be empty or have white space around it\n" +
				"conf key \" spark.a\": must not be empty or have white space around it\n" +
				"conf spark.driver.memory \"lots\": want a size such as 2g or 512m",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.opts.Validate()
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, test.want)
		})
	}
}

func TestStart_refusesBadOptionsFirst(t *testing.T) {
	t.Parallel()
	_, err := localspark.Start(t.Context(), &localspark.Options{Version: "1", Env: []string{"SPARK_REMOTE=sc://h:1"}})
	require.EqualError(t, err, `local Spark: version "1": want three numbers such as "4.0.1"`)
}
