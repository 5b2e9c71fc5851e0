package dataflow_test

import (
	"context"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql/functions"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// tableServer stands in for a Spark Connect server in the examples. It prints
// what is done with tables.
func tableServer() (spark *dataflow.Session, stop func(), err error) {
	server, err := fakeconnect.New()
	if err != nil {
		return nil, nil, err
	}
	server.OnExecute(func(op *fakeconnect.Operation) error {
		command := op.Request.GetPlan().GetCommand()
		switch {
		case command.GetWriteOperationV2() != nil:
			write := command.GetWriteOperationV2()
			fmt.Println(write.GetMode(), write.GetTableName())
			return nil
		case command.GetCheckpointCommand() != nil:
			return keepRows("rows-1")(op)
		case command.GetSqlCommand() != nil:
			fmt.Println(op.SQL())
			return nil
		}
		return fakeconnect.ErrUnscripted
	})
	spark, err = dataflow.Connect(context.Background(), server.Remote(), nil) // such as "sc://localhost:15002"
	return spark, server.Stop, err
}

func ExampleWriterV2() {
	ctx := context.Background()
	spark, stop, err := tableServer()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	defer spark.Close(ctx)
	df, err := spark.SQL(ctx, "SELECT * FROM trips")
	if err != nil {
		fmt.Println(err)
		return
	}

	made := dataflow.WriterV2{
		Provider:        "iceberg",
		PartitionBy:     []dataflow.Partition{dataflow.PartitionDays("started_at"), dataflow.PartitionBucket(16, "city")},
		TableProperties: map[string]string{"owner": "travel"},
	}
	fmt.Println(made.CreateOrReplace(ctx, spark, df, "lake.travel.trips"))

	existing := dataflow.WriterV2{}
	fmt.Println(existing.Append(ctx, spark, df, "lake.travel.trips"))
	fmt.Println(existing.Overwrite(ctx, spark, df, "lake.travel.trips", functions.Expr("city = 'Oslo'")))
	fmt.Println(made.Append(ctx, spark, df, "lake.travel.trips"))
	// Output:
	// MODE_CREATE_OR_REPLACE lake.travel.trips
	// <nil>
	// MODE_APPEND lake.travel.trips
	// <nil>
	// MODE_OVERWRITE lake.travel.trips
	// <nil>
	// save to lake.travel.trips: these settings of the writer do not go together: the table exists and keeps its provider, properties, partitions and clusters
}

func ExampleMerge() {
	ctx := context.Background()
	spark, stop, err := tableServer()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	defer spark.Close(ctx)

	merge := dataflow.Merge{
		Into: "shop.customers", UsingTable: "changes", On: "target.id = source.id",
		When: []dataflow.MergeClause{
			dataflow.WhenMatched("source.deleted").Delete(),
			dataflow.WhenMatched("").UpdateAll(),
			dataflow.WhenNotMatched("NOT source.deleted").Insert(map[string]string{"id": "source.id", "origin": ":origin"}),
		},
		Args: map[string]any{"origin": "O'Brien & sons"},
	}
	changed, err := merge.Run(ctx, spark)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("told how many rows:", changed != nil)
	// Output:
	// MERGE INTO `shop`.`customers` AS `target`
	// USING `changes` AS `source`
	// ON (target.id = source.id
	// )
	// WHEN MATCHED AND (source.deleted
	// ) THEN DELETE
	// WHEN MATCHED THEN UPDATE SET *
	// WHEN NOT MATCHED AND (NOT source.deleted
	// ) THEN INSERT (`id`, `origin`) VALUES (source.id
	// , :origin
	// )
	// told how many rows: false
}

func ExampleLocalCheckpoint() {
	ctx := context.Background()
	spark, stop, err := tableServer()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	defer spark.Close(ctx)
	df, err := spark.SQL(ctx, "SELECT *, rand() AS r FROM trips")
	if err != nil {
		fmt.Println(err)
		return
	}

	fixed, release, err := dataflow.LocalCheckpoint(ctx, df, true, dataflow.StorageLevelMemoryAndDisk)
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, err := fixed.Collect(ctx)
	fmt.Println(len(rows), err)
	fmt.Println(release(ctx))
	// Output:
	// 1 <nil>
	// <nil>
}

func ExampleSession_Conf() {
	ctx := context.Background()
	spark, stop, err := tableServer()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	defer spark.Close(ctx)

	conf := spark.Conf()
	err = conf.Set(ctx, map[string]string{"spark.sql.shuffle.partitions": "8", "spark.sql.ansi.enabled": "true"})
	fmt.Println(err)
	value, ok, err := conf.Get(ctx, "spark.sql.shuffle.partitions")
	fmt.Println(value, ok, err)
	// Output:
	// <nil>
	// 8 true <nil>
}

func ExampleObserve() {
	ctx := context.Background()
	server, err := fakeconnect.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Stop()
	server.OnExecute(func(op *fakeconnect.Operation) error { // as Spark answers
		return op.Send(&wire.ExecutePlanResponse{ObservedMetrics: []*wire.ExecutePlanResponse_ObservedMetrics{{
			Name: "quality", Keys: []string{"rows", "without_price"}, Values: []*wire.Expression_Literal{long(1000), long(3)},
		}}})
	})
	spark, err := dataflow.Connect(ctx, server.Remote(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer spark.Close(ctx)
	df, err := spark.SQL(ctx, "SELECT * FROM trips")
	if err != nil {
		fmt.Println(err)
		return
	}

	df, seen, err := dataflow.Observe(ctx, df, "quality",
		functions.Count(functions.Col("id")).Alias("rows"),
		functions.Expr("count_if(price IS NULL) AS without_price"))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := (dataflow.Writer{Format: "parquet"}).Save(ctx, spark, df, "/data/trips"); err != nil {
		fmt.Println(err)
		return
	}
	metrics, err := seen.Metrics() // an error says that they are unknown
	fmt.Println(metrics["rows"], metrics["without_price"], err)
	// Output:
	// 1000 3 <nil>
}

func ExampleSession_Catalog() {
	ctx := context.Background()
	server, err := fakeconnect.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Stop()
	server.OnExecute(answerBool("true")) // as Spark answers
	spark, err := dataflow.Connect(ctx, server.Remote(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer spark.Close(ctx)

	name := dataflow.QuoteName("lake", "travel", "my-trips")
	exists, err := spark.Catalog().TableExists(ctx, name)
	fmt.Println(name, exists, err)
	// Output:
	// `lake`.`travel`.`my-trips` true <nil>
}

func ExampleWithProgress() {
	ctx := context.Background()
	server, err := fakeconnect.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Stop()
	server.OnExecute(func(op *fakeconnect.Operation) error { // as Spark answers
		return op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_ExecutionProgress_{
			ExecutionProgress: &wire.ExecutePlanResponse_ExecutionProgress{
				Stages: []*wire.ExecutePlanResponse_ExecutionProgress_StageInfo{{NumTasks: 200, NumCompletedTasks: 50}},
			},
		}})
	})
	spark, err := dataflow.Connect(ctx, server.Remote(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer spark.Close(ctx)

	ctx = dataflow.WithProgress(ctx, func(p dataflow.Progress) {
		for _, stage := range p.Stages {
			fmt.Printf("stage %d: %d of %d tasks\n", stage.ID, stage.CompletedTasks, stage.Tasks)
		}
	})
	fmt.Println(spark.Exec(ctx, "INSERT INTO trips SELECT * FROM new_trips"))
	// Output:
	// stage 0: 50 of 200 tasks
	// <nil>
}
