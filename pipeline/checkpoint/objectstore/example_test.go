package objectstore_test

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/objectstore"
)

func ExampleOpen() {
	store, err := objectstore.Open("s3://etl-state/checkpoints?region=eu-central-1&lease=1m", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	_, err = objectstore.Open("s3://key:secret@etl-state/checkpoints", nil)
	fmt.Println(err)
	// Output:
	// checkpoint location: it has credentials, which do not belong into a location; use AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or ~/.aws/credentials
}
