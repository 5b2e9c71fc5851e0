package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/apache/spark-connect-go/v40/spark/sql/functions"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/quality"
)

// qualityRows makes the rows that are checked.
const qualityRows = `SELECT id, id %% 100000 AS customer, CAST(id %% 7 AS INT) AS region, (id * 37 %% 100000) / 100.0D AS amount,
 CAST(id %% 120 AS INT) AS age, concat('user', id, '@mail.test') AS email, date_add(DATE'2024-01-01', CAST(id %% 365 AS INT)) AS day,
 CASE WHEN id %% 1000 = 0 THEN NULL ELSE concat('n', id %% 5000) END AS name, id %% 2 = 0 AS active, uuid() AS token
 FROM range(0, %d, 1, 4)`

// qualitySchema are the columns of the files that have no schema of their own.
const qualitySchema = "id BIGINT, customer BIGINT, region INT, amount DOUBLE, age INT, email STRING, day DATE, name STRING, active BOOLEAN, token STRING"

// quality answers how long checks take: make, nine, ten, write or along, of a table
// of so many ROWS in a FORMAT. BENCH_QUALITY is the folder of the tables.
func (s *sessions) quality(ctx context.Context, args []string) (time.Duration, error) {
	if len(args) != 3 {
		return 0, fmt.Errorf("quality wants WHAT FORMAT ROWS, got %q", args)
	}
	rows, err := positive(args[2])
	if err != nil {
		return 0, err
	}
	what, format := args[0], args[1]
	if format != "parquet" && format != "csv" {
		return 0, fmt.Errorf("unknown format %q", format)
	}
	spark, err := s.openOurs(ctx)
	if err != nil {
		return 0, err
	}
	folder := filepath.Join(os.Getenv("BENCH_QUALITY"), fmt.Sprintf("%s-%d", format, rows))
	if what == "make" {
		return makeQuality(ctx, spark, format, folder, rows)
	}
	df, err := qualityTable(ctx, spark, format, folder)
	if err != nil {
		return 0, err
	}
	started := time.Now()
	switch what {
	case "nine":
		err = evaluate(ctx, spark, df, qualitySuite(false))
	case "ten":
		err = evaluate(ctx, spark, df, qualitySuite(true))
	case "write":
		err = writeQuality(ctx, spark, df, folder+"-out", nil)
	case "along":
		err = writeAlong(ctx, spark, df, folder+"-out")
	default:
		err = fmt.Errorf("unknown request %q", what)
	}
	return time.Since(started), err
}

func makeQuality(ctx context.Context, spark *dataflow.Session, format, folder string, rows int) (time.Duration, error) {
	started := time.Now()
	if _, err := os.Stat(filepath.Join(folder, "_SUCCESS")); err == nil {
		return time.Since(started), nil
	}
	df, err := spark.SQL(ctx, fmt.Sprintf(qualityRows, rows))
	if err != nil {
		return 0, err
	}
	err = dataflow.Writer{Format: format, Mode: dataflow.SaveModeOverwrite}.Save(ctx, spark, df, folder)
	return time.Since(started), err
}

// qualityTable is a view as pipelines have them: of Parquet as it is, and of CSV below
// a window, where every query reads and parses the files again.
func qualityTable(ctx context.Context, spark *dataflow.Session, format, folder string) (sql.DataFrame, error) {
	reader := dataflow.Reader{Format: format, Paths: []string{folder}}
	if format == "csv" {
		reader.Schema = qualitySchema
	}
	df, err := reader.Load(ctx, spark)
	if err != nil {
		return nil, err
	}
	if err := spark.CreateTempView(ctx, df, "quality_raw"); err != nil {
		return nil, err
	}
	if format == "parquet" {
		return dataflow.TableSource{Table: "quality_raw"}.Load(ctx, spark)
	}
	df, err = spark.SQL(ctx, "SELECT *, sum(amount) OVER (PARTITION BY customer) AS total FROM quality_raw")
	if err != nil {
		return nil, err
	}
	if err := spark.CreateTempView(ctx, df, "quality_table"); err != nil {
		return nil, err
	}
	return dataflow.TableSource{Table: "quality_table"}.Load(ctx, spark)
}

// qualitySuite has the nine checks of the predecessor that are here measured, and
// that of the key.
func qualitySuite(key bool) quality.Suite {
	one := int64(1)
	range_ := func(column string, low, high any) quality.Rule {
		return quality.Rule{Check: quality.Range{Column: column, Min: low, Max: high}}
	}
	s := quality.Suite{Rules: []quality.Rule{
		{Check: quality.RowCount{Min: &one}},
		{Check: quality.NotNull{Columns: []string{"id"}}},
		{Check: quality.NotNull{Columns: []string{"email"}}},
		{Check: quality.NotNull{Columns: []string{"name"}}, MaxBadShare: 0.01},
		range_("amount", 0, 1000), range_("age", 0, 130), range_("region", 0, 6),
		{Check: quality.SQL{Condition: "amount >= 0"}},
		{Check: quality.SQL{Condition: "email LIKE '%@%'"}},
	}}
	if key {
		s.Rules = append(s.Rules, quality.Rule{Check: quality.Unique{Columns: []string{"id"}}})
	}
	return s
}

func evaluate(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, s quality.Suite) error {
	report, err := s.Evaluate(ctx, spark, df, nil)
	if err != nil {
		return err
	}
	return report.Err()
}

// writeQuality writes the rows with a column more.
func writeQuality(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, folder string, along func(sql.DataFrame) (sql.DataFrame, error)) error {
	df, err := df.WithColumn(ctx, "gross", functions.Expr("amount * 1.2"))
	if err == nil && along != nil {
		df, err = along(df)
	}
	if err != nil {
		return err
	}
	return dataflow.Writer{Mode: dataflow.SaveModeOverwrite}.Save(ctx, spark, df, folder)
}

// writeAlong writes with the nine checks on the side. The metrics have to come: the
// query that is run otherwise is not what is measured here.
func writeAlong(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, folder string) error {
	var pending *quality.Pending
	err := writeQuality(ctx, spark, df, folder, func(df sql.DataFrame) (observed sql.DataFrame, err error) {
		observed, pending, err = qualitySuite(false).Observe(ctx, spark, df, nil)
		return observed, err
	})
	if err != nil {
		return err
	}
	defer pending.Close()
	report, err := pending.Report(ctx)
	if err != nil {
		return err
	}
	if report.Passes > 0 {
		return errors.New("the metrics did not come, and a query was run instead")
	}
	return report.Err()
}
