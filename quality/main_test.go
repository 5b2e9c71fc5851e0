package quality_test

import (
	"context"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// entries are the names in a folder, none when it does not exist.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	var names []string
	for _, entry := range list {
		names = append(names, entry.Name())
	}
	return names
}

// size is how often a proof is repeated: few times unless the environment says
// otherwise.
func size(t *testing.T, variable string, few int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// sessionOf always hands out the same session.
func sessionOf(spark *dataflow.Session) dataflow.Provider {
	return func(context.Context) (*dataflow.Session, error) { return spark, nil }
}
