package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSnapshotHidesWhatIsNotFromTheFile(t *testing.T) {
	t.Parallel()
	p, err := parseYAML(`name: n
vars: {where: /data}
spark: {remote: "${REMOTE}", spark_conf: {a.b: 1}}
components:
  - {name: a, type: t, config: {path: "${vars.where}/x", password: "${PASSWORD}", url: "jdbc:${HOST}/db", key: 'secret://env/KEY', n: [1, true, ~]}}
`, "REMOTE", "sc://h", "PASSWORD", "canary", "HOST", "db.example")
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"name":  "n",
		"spark": map[string]any{"remote": "[FROM OUTSIDE]", "spark_conf": map[string]any{"a.b": int64(1)}},
		"components": []any{map[string]any{"name": "a", "type": "t", "config": map[string]any{
			"path": "/data/x", "password": "[FROM OUTSIDE]", "url": "[FROM OUTSIDE]", "key": "secret://env/KEY", "n": []any{int64(1), true, nil},
		}}},
	}, p.Snapshot())
	p.Snapshot()["name"] = "other"
	require.Equal(t, "n", p.Snapshot()["name"])
}
