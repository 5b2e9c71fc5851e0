package dataflow_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// exampleServer stands in for a Spark Connect server in the examples. It answers
// every query with one row and prints what is written, and how.
func exampleServer() (remote string, stop func()) {
	server, err := fakeconnect.New()
	if err != nil {
		panic(err)
	}
	server.OnExecute(func(op *fakeconnect.Operation) error {
		if write := op.Request.GetPlan().GetCommand().GetWriteOperation(); write != nil {
			fmt.Println("writes", write.GetSource(), "to", write.GetPath()+write.GetTable().GetTableName(), strings.ToLower(write.GetMode().String()))
			return nil
		}
		if view := op.Request.GetPlan().GetCommand().GetCreateDataframeView(); view != nil {
			fmt.Println("creates the view", view.GetName())
			return nil
		}
		return op.SendStrings("city", "Oslo")
	})
	return server.Remote(), server.Stop
}

func ExampleConnect() {
	ctx := context.Background()
	remote, stop := exampleServer() // such as "sc://localhost:15002"
	defer stop()

	spark, err := dataflow.Connect(ctx, remote, &dataflow.ConnectOptions{
		UserAgent: "city-report/1.0",
		Conf:      map[string]string{"spark.sql.shuffle.partitions": "8"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer spark.Close(ctx)

	df, err := spark.SQL(ctx, "SELECT city FROM trips WHERE distance > :min", dataflow.Named("min", 10))
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, err := df.Collect(ctx)
	if err != nil {
		fmt.Println(spark.Error(ctx, err))
		return
	}
	for _, row := range rows {
		fmt.Println(row.Value("city"))
	}
	// Output:
	// Oslo
}

func ExampleReader() {
	ctx := context.Background()
	remote, stop := exampleServer()
	defer stop()
	spark, err := dataflow.Connect(ctx, remote, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer spark.Close(ctx)

	trips := dataflow.Reader{
		Format:  "csv",
		Schema:  "city STRING, distance DOUBLE",
		Options: map[string]string{"header": "true", "sep": ";"},
		Paths:   []string{"/data/trips/2024/*.csv", "/data/trips/2025/*.csv"},
	}
	df, err := trips.Load(ctx, spark)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(spark.CreateTempView(ctx, df, "trips"))
	// Output:
	// creates the view trips
	// <nil>
}

func ExampleWriter() {
	ctx := context.Background()
	remote, stop := exampleServer()
	defer stop()
	spark, err := dataflow.Connect(ctx, remote, nil)
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

	files := dataflow.Writer{Format: "parquet", Mode: dataflow.SaveModeOverwrite, PartitionBy: []string{"city"}}
	fmt.Println(files.Save(ctx, spark, df, "/data/by-city"))

	table := dataflow.Writer{Format: "parquet", Mode: dataflow.SaveModeAppend, Buckets: 8, BucketBy: []string{"city"}}
	fmt.Println(table.SaveAsTable(ctx, spark, df, "travel.trips"))

	fmt.Println(table.Save(ctx, spark, df, "/data/buckets"))
	// Output:
	// writes parquet to /data/by-city save_mode_overwrite
	// <nil>
	// writes parquet to travel.trips save_mode_append
	// <nil>
	// save to /data/buckets: these settings of the writer do not go together: bucketing needs a table
}

// CountCities is a flow of our own: a plain value that gets the session at Run.
type CountCities struct{ Table string }

// Name implements dataflow.DataFlow.
func (c CountCities) Name() string { return "count cities" }

// Run implements dataflow.DataFlow.
func (c CountCities) Run(ctx context.Context, spark *dataflow.Session, rt component.Runtime) error {
	df, err := spark.SQL(ctx, "SELECT DISTINCT city FROM IDENTIFIER(:table)", dataflow.Named("table", c.Table))
	if err != nil {
		return err
	}
	rows, err := df.Collect(ctx)
	if err != nil {
		return err // Component puts in what the client leaves out
	}
	_, err = fmt.Fprintln(rt.Output(), len(rows), "city")
	return err
}

func ExampleComponent() {
	ctx := context.Background()
	remote, stop := exampleServer()
	defer stop()
	spark, err := dataflow.Connect(ctx, remote, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer spark.Close(ctx)

	step := dataflow.Component(CountCities{Table: "trips"})
	fmt.Println(step.Name(), dataflow.NeedsSession(step))

	// The runner does this; it opens the session when the first step wants it.
	rt := dataflow.WithSession(component.Runtime{}, func(context.Context) (*dataflow.Session, error) { return spark, nil })
	fmt.Println(step.Run(ctx, rt))
	fmt.Println(step.Run(ctx, component.Runtime{}))
	// Output:
	// count cities true
	// 1 city
	// <nil>
	// open the Spark session: this component needs a Spark session and the run has none
}

func ExampleSteps() {
	ctx := context.Background()
	remote, stop := exampleServer()
	defer stop()
	spark, err := dataflow.Connect(ctx, remote, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer spark.Close(ctx)

	long := dataflow.TransformFunc(func(ctx context.Context, _ *dataflow.Session, in sql.DataFrame) (sql.DataFrame, error) {
		return in.FilterByString(ctx, "distance > 10")
	})
	flow := dataflow.Steps{
		Label: "long trips",
		Source: dataflow.CSVSource{Header: true, FileSource: dataflow.FileSource{
			Path: "/data/trips.csv", Schema: "city STRING, distance DOUBLE",
		}},
		Transforms: []dataflow.Transform{long},
		View:       "long_trips",
		Sink:       dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: "/data/long", Mode: dataflow.SaveModeOverwrite}},
	}
	fmt.Println(flow.Run(ctx, spark, component.Runtime{}))

	flow.Source, flow.Sink, flow.View = nil, nil, ""
	fmt.Println(flow.Validate()) // needs no server
	// Output:
	// creates the view long_trips
	// writes parquet to /data/long save_mode_overwrite
	// <nil>
	// the flow has no source
	// the flow has neither a sink nor a view
}
