package dataflow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

func TestSchemaOfTellsWhatItDid(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	_, err := dataflow.SchemaOf(t.Context(), nil)
	require.EqualError(t, err, "read the schema of a DataFrame: the DataFrame is nil")
	require.Zero(t, b.trips())
}
