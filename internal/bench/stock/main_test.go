package main

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

func TestRunSendsThreeStatements(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	var mu sync.Mutex
	var statements []string
	server.OnExecute(func(op *fakeconnect.Operation) error {
		mu.Lock()
		defer mu.Unlock()
		statements = append(statements, op.SQL())
		return fakeconnect.ErrUnscripted
	})
	require.NoError(t, run(t.Context(), server.Remote(), "/in.csv", "/out", "SELECT * FROM raw"))
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []string{
		"CREATE OR REPLACE TEMPORARY VIEW raw USING csv OPTIONS (path '/in.csv', header 'true', inferSchema 'true')",
		"CREATE OR REPLACE TEMPORARY VIEW tidy AS SELECT * FROM raw",
		"INSERT OVERWRITE DIRECTORY '/out' USING csv OPTIONS (header 'true') SELECT * FROM tidy",
	}, statements)
	require.Error(t, run(t.Context(), "not an address", "", "", ""))
}
