package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/pipelinetest"
)

type truth struct {
	InputRows int `json:"input_rows"`
	Columns   []string
	Rows      [][]any
}

func TestFileAndCodeGiveTheSame(t *testing.T) {
	_, err := exec.LookPath("java")
	switch {
	case err == nil, os.Getenv("SPARK_REMOTE") != "", os.Getenv("JAVA_HOME") != "":
	case strings.EqualFold(os.Getenv("CI"), "true"):
		t.Fatal("there is no Spark, and in CI this test must not be skipped")
	default:
		t.Skip("NOT RUN, it needs Spark: set SPARK_REMOTE or install Java")
	}
	text, err := os.ReadFile("expected.json")
	require.NoError(t, err)
	var want truth
	require.NoError(t, json.Unmarshal(text, &want))
	here, err := os.Getwd()
	require.NoError(t, err)

	t.Run("pipeline.yaml", func(t *testing.T) {
		t.Chdir(t.TempDir()) // the input is found beside the file all the same
		result, spark := pipelinetest.RunFile(t, filepath.Join(here, "pipeline.yaml"))
		require.NoError(t, result.Err)
		require.Len(t, result.Succeeded(), 3)
		out, err := filepath.Abs("build/batch-etl/revenue_by_country")
		require.NoError(t, err)
		check(t, spark, out, want)
	})
	t.Run("main.go", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "revenue")
		p, err := newPipeline(filepath.Join(here, "data", "orders.csv"), out)
		require.NoError(t, err)
		spark := pipelinetest.Session(t)
		runner, err := pipeline.NewSimplePipelineRunner(spark, nil)
		require.NoError(t, err)
		_, err = runner.Run(t.Context(), p)
		require.NoError(t, err)
		check(t, spark, out, want)
	})
}

// check compares what a run has written with the truth.
func check(t *testing.T, spark *dataflow.Session, out string, want truth) {
	t.Helper()
	for _, query := range []string{"SELECT * FROM orders", "SELECT country, orders, CAST(revenue AS STRING) AS revenue FROM parquet.`" + out + "` ORDER BY country"} {
		df, err := spark.SQL(t.Context(), query)
		require.NoError(t, err)
		rows, err := df.Collect(t.Context())
		require.NoError(t, err)
		if query == "SELECT * FROM orders" {
			require.Len(t, rows, want.InputRows)
			continue
		}
		require.Len(t, rows, len(want.Rows))
		for i, row := range rows {
			require.Equal(t, want.Columns, row.FieldNames())
			require.Equal(t, fmt.Sprint(want.Rows[i]), fmt.Sprint(row.Values()))
		}
	}
}
