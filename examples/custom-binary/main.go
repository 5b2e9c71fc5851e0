// Command custom-binary is sparkpipe with a source of its own, "squares":
//
//	go run ./examples/custom-binary run examples/custom-binary/squares.yaml
package main

import (
	"context"
	"os"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

func main() {
	os.Exit(cli.Main(context.Background(), os.Args[1:], &cli.Options{
		Name:      "custom-binary",
		Factories: []component.Factory{pipeline.SourceFactory[squaresSource]("squares", "registers the first squares as a view")},
	}))
}
