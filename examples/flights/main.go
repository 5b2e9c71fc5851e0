// Command flights is the pipeline of flights.conf, built in Go: the same steps
// in the same order, with DataFrame operations where they read well.
//
//	go run ./examples/flights
//
// FLIGHTS_OUT is the folder for the results, default build/flights. The server is
// that of SPARK_REMOTE, or one that is started for the run.
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	p, err := newPipeline(filepath.Join("examples", "flights", "data"), cmp.Or(os.Getenv("FLIGHTS_OUT"), "build/flights"))
	if err != nil {
		return err
	}
	p.Spark = config.Spark{AppName: "flights", Conf: map[string]string{
		"spark.sql.session.timeZone":   "UTC",
		"spark.sql.shuffle.partitions": "4",
	}}
	report := hooks.Funcs{AfterComponentFunc: func(_ context.Context, e hooks.ComponentEnd) {
		fmt.Printf("%2d of %d  %-16s %s\n", e.Index+1, e.Total, e.Name, e.Duration.Round(time.Millisecond))
	}}
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{
		Hooks:       []hooks.PipelineHooks{report},
		OpenSession: pipeline.Opener{Progress: func(message string) { fmt.Fprintln(os.Stderr, message) }}.Open,
	})
	if err != nil {
		return err
	}
	_, err = runner.Run(ctx, p)
	return err
}
