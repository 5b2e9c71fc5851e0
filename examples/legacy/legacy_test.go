package legacy_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline/pipelinetest"
)

// rows are the columns and rows of a result, as expected.json has them.
type rows struct {
	Columns []string
	Rows    [][]any
}

type truth struct {
	CustomerETL struct {
		SetupRows    int    `json:"setup_rows"`
		FilteredRows int    `json:"filtered_rows"`
		OutputTable  string `json:"output_table"`
		rows
	} `json:"customer_etl"`
	LocalDemo struct {
		InputRows int `json:"input_rows"`
		Output    string
		rows
	} `json:"local_demo"`
	Everest struct {
		Sources                []string
		UnusedSources          []string `json:"unused_sources"`
		Sequences              []string
		RegionTotals           rows `json:"region_totals"`
		CustomersWithoutOrders rows `json:"customers_without_orders"`
		LargeOrders            rows `json:"large_orders"`
	}
}

// bundle is what each test starts from: the truth, a working directory that is
// empty, and the folder of the files.
type bundle struct {
	want truth
	here string
}

func setup(t *testing.T) bundle {
	t.Helper()
	_, err := exec.LookPath("java")
	switch {
	case err == nil, os.Getenv("SPARK_REMOTE") != "", os.Getenv("JAVA_HOME") != "":
	case strings.EqualFold(os.Getenv("CI"), "true"):
		t.Fatal("there is no Spark, and in CI this test must not be skipped")
	default:
		t.Skip("NOT RUN, it needs Spark: set SPARK_REMOTE or install Java")
	}
	var b bundle
	text, err := os.ReadFile("expected.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &b.want))
	b.here, err = os.Getwd()
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	return b
}

func TestCustomerETL(t *testing.T) {
	b := setup(t)
	want := b.want.CustomerETL
	statements, err := os.ReadFile(filepath.Join(b.here, "setup.sql"))
	require.NoError(t, err)
	spark := pipelinetest.Session(t)
	run(t, spark, string(statements))
	defer run(t, spark, "DROP DATABASE raw CASCADE; DROP DATABASE curated CASCADE")
	require.Len(t, collect(t, spark, "SELECT * FROM raw.customers").Rows, want.SetupRows)

	result, session := pipelinetest.RunFile(t, filepath.Join(b.here, "customer_etl.conf"))
	require.NoError(t, result.Err)
	require.Len(t, collect(t, session, "SELECT * FROM raw_customers").Rows, want.FilteredRows)
	require.Equal(t, want.rows, collect(t, spark, "SELECT * FROM "+want.OutputTable+" ORDER BY customer_id"))
	require.Equal(t, "10", collect(t, session, "SET spark.sql.shuffle.partitions").Rows[0][1])
}

// run executes statements that are separated by semicolons.
func run(t *testing.T, spark *dataflow.Session, statements string) {
	t.Helper()
	for statement := range strings.SplitSeq(statements, ";") {
		if strings.TrimSpace(statement) != "" {
			require.NoError(t, spark.Exec(t.Context(), statement), statement)
		}
	}
}

func TestLocalDemo(t *testing.T) {
	b := setup(t)
	want := b.want.LocalDemo
	for _, out := range []string{"", t.TempDir()} {
		if out != "" {
			t.Setenv("OUT_DIR", out)
		}
		result, spark := pipelinetest.RunFile(t, filepath.Join(b.here, "local_demo.conf"))
		require.NoError(t, result.Err)
		require.Len(t, collect(t, spark, "SELECT * FROM raw_customers").Rows, want.InputRows)
		folder := filepath.Join("build", "local-demo") // below the working directory
		if out != "" {
			folder = out
		}
		folder, err := filepath.Abs(filepath.Join(folder, want.Output))
		require.NoError(t, err)
		require.FileExists(t, filepath.Join(folder, "_SUCCESS"))
		require.Equal(t, want.rows, fromCSV(t, spark, folder, "customer_id INT, name STRING, email STRING, region STRING, created_at DATE"))
	}
}

func TestEverest(t *testing.T) {
	b := setup(t)
	want := b.want.Everest
	for _, format := range []string{"yaml", "json"} {
		t.Run(format, func(t *testing.T) {
			for runs := 1; runs <= 2; runs++ {
				result, spark := pipelinetest.RunFile(t, filepath.Join(b.here, "everest."+format))
				require.NoError(t, result.Err)
				require.Len(t, result.Components, len(want.Sources)+len(want.Sequences))
				for _, name := range want.Sequences {
					step, found := result.Component("sequences." + name)
					require.True(t, found, name)
					require.Equal(t, component.StatusSucceeded, step.Status)
				}
				unused, found := result.Component("sources.history")
				require.True(t, found)
				require.Equal(t, component.StatusDisabled, unused.Status, "its path does not exist")
				require.Equal(t, "no sequence reads it", unused.Reason)

				out, err := filepath.Abs(filepath.Join("build", "everest-"+format))
				require.NoError(t, err)
				require.Equal(t, want.RegionTotals, collect(t, spark, "SELECT region, orders, CAST(revenue AS STRING) AS revenue FROM parquet.`"+out+"/region_totals` ORDER BY region"))
				require.Equal(t, want.CustomersWithoutOrders,
					fromCSV(t, spark, filepath.Join(out, "customers_without_orders"), "customer_id INT, name STRING"))
				large := collect(t, spark, "SELECT order_id, customer_id, CAST(amount AS STRING) AS amount FROM parquet.`"+out+"/large_orders` ORDER BY order_id")
				require.Len(t, large.Rows, runs*len(want.LargeOrders.Rows), "append adds them again")
				if runs == 1 {
					require.Equal(t, want.LargeOrders, large)
				}
			}
		})
	}
}

// fromCSV reads a folder of CSV files, ordered by the first column.
func fromCSV(t *testing.T, spark *dataflow.Session, folder, schema string) rows {
	t.Helper()
	source := dataflow.CSVSource{Header: true, FileSource: dataflow.FileSource{Path: folder, Schema: schema}}
	df, err := source.Load(t.Context(), spark)
	require.NoError(t, err)
	require.NoError(t, spark.CreateTempView(t.Context(), df, "written"))
	return collect(t, spark, "SELECT * FROM written ORDER BY 1")
}

// collect returns the rows of a query with dates as text.
func collect(t *testing.T, spark *dataflow.Session, query string) rows {
	t.Helper()
	df, err := spark.SQL(t.Context(), query)
	require.NoError(t, err, query)
	got, err := df.Collect(t.Context())
	require.NoError(t, err, query)
	out := rows{Rows: [][]any{}}
	for _, row := range got {
		out.Columns = row.FieldNames()
		values := row.Values()
		for i, value := range values {
			values[i] = plain(value)
		}
		out.Rows = append(out.Rows, values)
	}
	return out
}

// plain is a value as JSON gives it.
func plain(value any) any {
	switch v := value.(type) {
	case int32:
		return float64(v)
	case int64:
		return float64(v)
	case string:
		return v
	case interface{ ToTime() time.Time }:
		return v.ToTime().Format(time.DateOnly)
	case time.Time:
		return v.Format(time.DateOnly)
	}
	return fmt.Sprint(value)
}
