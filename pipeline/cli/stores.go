package cli

import (
	"io"

	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/objectstore"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/postgres"
)

// stores are the stores of records beside folders.
func stores() []pipeline.CheckpointOpener {
	return []pipeline.CheckpointOpener{
		{Schemes: []string{"s3", "s3a"}, Open: func(location string) (checkpoint.Store, error) { return objectstore.Open(location, nil) }},
		{Schemes: []string{"postgres", "postgresql"}, Open: func(location string) (checkpoint.Store, error) { return postgres.Open(location, nil) }},
	}
}

// closeStore gives back the connections of a store that has any.
func closeStore(store checkpoint.Store) {
	if closer, ok := store.(io.Closer); ok {
		_ = closer.Close() // nothing is waiting in it
	}
}
