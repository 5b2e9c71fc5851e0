package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// jdbc answers the time to make the table of the benchmark with so many ROWS, or
// to read it in so many PARTS, with bounds that are given or found and so many
// rows a round trip; 0 leaves that to the driver.
func (s *sessions) jdbc(ctx context.Context, args []string) (time.Duration, error) {
	if len(args) != 4 {
		return 0, fmt.Errorf("jdbc wants make, read or find, ROWS PARTS FETCH, got %q", args)
	}
	rows, err := positive(args[1])
	if err != nil {
		return 0, err
	}
	parts, err := positive(args[2])
	if err != nil {
		return 0, err
	}
	fetch, err := strconv.Atoi(args[3])
	if err != nil {
		return 0, err
	}
	spark, err := s.openOurs(ctx)
	if err != nil {
		return 0, err
	}
	database := dataflow.JDBC{URL: secrets.NewValue(os.Getenv("BENCH_JDBC")), User: "bench"}
	source := dataflow.JDBCSource{JDBC: database, Table: "bench", FetchSize: fetch}
	switch {
	case args[0] == "make":
		source = dataflow.JDBCSource{JDBC: database, Query: "SELECT 1 AS done", SessionInitStatement: fmt.Sprintf(
			"DO $$ BEGIN DROP TABLE IF EXISTS bench; CREATE TABLE bench AS SELECT id::bigint AS id, 'the name of the row ' || id AS name, id / 7.0::float8 AS share, "+
				"(id * 37 %% 1000)::numeric(12,2) AS price, timestamptz '2024-01-01' + id * interval '1 second' AS at FROM generate_series(1, %d) AS id; "+
				"ALTER TABLE bench ADD PRIMARY KEY (id); ANALYZE bench; END $$", rows)}
	case args[0] == "find":
		source.PartitionColumn, source.NumPartitions, source.FindBounds = "id", parts, true
	case parts > 1:
		source.PartitionColumn, source.NumPartitions, source.LowerBound, source.UpperBound = "id", parts, "1", args[1]
	}
	started := time.Now()
	df, err := source.Load(ctx, spark)
	if err != nil {
		return 0, err
	}
	err = dataflow.Writer{Format: "noop", Mode: dataflow.SaveModeOverwrite}.Save(ctx, spark, df, "")
	return time.Since(started), err
}
