package localspark_test

import (
	"context"
	"fmt"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

func ExampleStart() {
	ctx := context.Background()
	server, err := localspark.Start(ctx, &localspark.Options{
		Env: []string{"SPARK_REMOTE=sc://spark.example:15002"}, // without it, a server is started here
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = server.Stop(ctx) }()
	fmt.Println(server.Remote(), server.Origin(), server.Owned())
	// Output: sc://spark.example:15002 SPARK_REMOTE false
}

func ExampleConnectors() {
	fmt.Println(localspark.Connectors(localspark.DefaultVersion))
	fmt.Println(localspark.Connectors("4.2.0"))
	// Output:
	// [avro delta gcs h2 iceberg kafka mariadb mysql postgresql s3 sqlite]
	// [h2 mariadb mysql postgresql sqlite]
}

func ExampleOptions_Validate() {
	opts := &localspark.Options{Version: "4.2.0", Connectors: []string{"delta"}}
	fmt.Println(opts.Validate())
	// Output: connector "delta": no version of it is known for Spark 4.2.0; there is one for 4.0.0, 4.0.1
}
