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

// truth is expected.json, which expected.py has computed without Spark.
type truth struct {
	Flights        float64
	Cancelled      float64
	NoArrival      float64            `json:"no_arrival"`
	WithWeather    float64            `json:"flights_with_weather"`
	WithPlane      float64            `json:"flights_with_plane"`
	WithAirline    float64            `json:"flights_with_airline"`
	WeatherReports float64            `json:"weather_reports"`
	Planes         float64            `json:"planes"`
	Airlines       float64            `json:"airlines"`
	RowsByOrigin   map[string]float64 `json:"parquet_rows_by_origin"`
	ByCarrier      []map[string]any   `json:"by_carrier"`
	ByWeather      []map[string]any   `json:"by_origin_and_weather"`
	TopCarriers    []map[string]any   `json:"top_carriers"`
}

func readTruth(t *testing.T) truth {
	t.Helper()
	text, err := os.ReadFile("expected.json")
	require.NoError(t, err)
	var want truth
	require.NoError(t, json.Unmarshal(text, &want))
	return want
}

func needSpark(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath("java")
	switch {
	case err == nil, os.Getenv("SPARK_REMOTE") != "", os.Getenv("JAVA_HOME") != "":
	case strings.EqualFold(os.Getenv("CI"), "true"):
		t.Fatal("there is no Spark, and in CI this test must not be skipped")
	default:
		t.Skip("NOT RUN, it needs Spark: set SPARK_REMOTE or install Java")
	}
}

// TestFileAndCodeGiveTheSame runs the two one after the other: they write the
// same table.
func TestFileAndCodeGiveTheSame(t *testing.T) {
	needSpark(t)
	want := readTruth(t)
	here, err := os.Getwd()
	require.NoError(t, err)

	t.Run("flights.conf", func(t *testing.T) {
		out := t.TempDir()
		t.Setenv("FLIGHTS_OUT", out)
		t.Chdir(t.TempDir()) // the inputs are found beside the file all the same
		result, spark := pipelinetest.RunFile(t, filepath.Join(here, "flights.conf"))
		require.NoError(t, result.Err)
		require.Len(t, result.Succeeded(), 12)
		check(t, spark, out, want)
	})
	t.Run("main.go", func(t *testing.T) {
		out := t.TempDir()
		p, err := newPipeline(filepath.Join(here, "data"), out)
		require.NoError(t, err)
		spark := pipelinetest.Session(t)
		require.NoError(t, spark.Exec(t.Context(), "SET TIME ZONE 'UTC'"))
		require.NoError(t, spark.Exec(t.Context(), "DROP TABLE IF EXISTS carrier_delays"))
		var printed strings.Builder
		runner, err := pipeline.NewSimplePipelineRunner(spark, &pipeline.RunnerOptions{Output: &printed})
		require.NoError(t, err)
		result, err := runner.Run(t.Context(), p)
		require.NoError(t, err)
		require.Len(t, result.Succeeded(), 12)
		check(t, spark, out, want)
		for _, carrier := range want.TopCarriers {
			require.Contains(t, printed.String(), "|"+fmt.Sprint(carrier["airline"]))
		}
		require.NoError(t, spark.Exec(t.Context(), "DROP TABLE carrier_delays"))
	})
}

// check compares what a run has written below out with the truth.
func check(t *testing.T, spark *dataflow.Session, out string, want truth) {
	t.Helper()
	flights := "parquet.`" + filepath.Join(out, "flights") + "`"
	require.Equal(t, []map[string]any{{
		"flights": want.Flights, "cancelled": want.Cancelled, "no_arrival": want.NoArrival, "weather": want.WithWeather,
		"plane": want.WithPlane, "airline": want.WithAirline, "different": want.Flights,
	}}, collect(t, spark, `SELECT count(*) AS flights, count_if(cancelled) AS cancelled, count_if(no_arrival) AS no_arrival,
		count_if(has_weather) AS weather, count(manufacturer) AS plane, count(airline) AS airline,
		count(DISTINCT (carrier, flight, time_hour, origin, dest)) AS different FROM `+flights))
	require.Equal(t, []map[string]any{{"weather": want.WeatherReports, "planes": want.Planes, "airlines": want.Airlines}},
		collect(t, spark, `SELECT (SELECT count(*) FROM weather) AS weather, (SELECT count(*) FROM planes) AS planes,
			(SELECT count(*) FROM airlines) AS airlines`))
	byOrigin := map[string]float64{}
	for _, row := range collect(t, spark, "SELECT origin, count(*) AS n FROM "+flights+" GROUP BY origin") {
		origin := row["origin"].(string)
		byOrigin[origin] = row["n"].(float64)
		require.DirExists(t, filepath.Join(out, "flights", "origin="+origin), "one folder an airport")
	}
	require.Equal(t, want.RowsByOrigin, byOrigin)
	require.Equal(t, want.ByCarrier, collect(t, spark, "SELECT * FROM carrier_delays ORDER BY carrier"))
	require.Equal(t, want.TopCarriers, collect(t, spark, answerSQL))

	csv := dataflow.CSVSource{Header: true, InferSchema: true, FileSource: dataflow.FileSource{Path: filepath.Join(out, "delays_by_weather")}}
	df, err := csv.Load(t.Context(), spark)
	require.NoError(t, err)
	require.NoError(t, spark.CreateTempView(t.Context(), df, "written_by_weather"))
	require.Equal(t, want.ByWeather, collect(t, spark, "SELECT * FROM written_by_weather ORDER BY origin, weather"))
}

// collect returns the rows of a query as JSON has them.
func collect(t *testing.T, spark *dataflow.Session, query string) []map[string]any {
	t.Helper()
	df, err := spark.SQL(t.Context(), query)
	require.NoError(t, err, query)
	rows, err := df.Collect(t.Context())
	require.NoError(t, err, query)
	named := make([]map[string]any, len(rows))
	for i, row := range rows {
		named[i] = map[string]any{}
		for j, name := range row.FieldNames() {
			named[i][name] = row.At(j)
		}
	}
	text, err := json.Marshal(named)
	require.NoError(t, err)
	var out []map[string]any
	require.NoError(t, json.Unmarshal(text, &out))
	return out
}
