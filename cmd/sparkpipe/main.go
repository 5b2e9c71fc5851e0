// Command sparkpipe runs data pipelines on Apache Spark over Spark Connect from
// configuration files.
package main

import (
	"context"
	"os"

	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

func main() { os.Exit(cli.Main(context.Background(), os.Args[1:], nil)) }
