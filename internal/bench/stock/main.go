package main

import (
	"context"
	"fmt"
	"os"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: stock REMOTE CSV OUT QUERY")
		os.Exit(64)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "stock:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, remote, csv, out, query string) error {
	spark, err := sql.NewSessionBuilder().Remote(remote).Build(ctx)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		"CREATE OR REPLACE TEMPORARY VIEW raw USING csv OPTIONS (path '" + csv + "', header 'true', inferSchema 'true')",
		"CREATE OR REPLACE TEMPORARY VIEW tidy AS " + query,
		"INSERT OVERWRITE DIRECTORY '" + out + "' USING csv OPTIONS (header 'true') SELECT * FROM tidy",
	} {
		if _, err := spark.Sql(ctx, statement); err != nil {
			return err
		}
	}
	return spark.Stop()
}
