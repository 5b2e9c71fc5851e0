package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
)

func TestPlaceOfASection(t *testing.T) {
	t.Parallel()
	var none config.Section
	where, path := none.Place("sql")
	require.Empty(t, where)
	require.Empty(t, path)
	where, path = config.NewSection(map[string]any{"sql": "SELECT 1", "x": 1}).Place("query", "sql")
	require.Empty(t, where, "it comes from no file")
	require.Equal(t, "sql", path)
}
