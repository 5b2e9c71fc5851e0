package pipeline_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// TestNobodySeesACanaryThatIsReferredTo puts references to secrets where nothing
// else says that a secret stands there: into SQL, names, paths, conditions of checks.
func TestNobodySeesACanaryThatIsReferredTo(t *testing.T) {
	t.Parallel()
	const one, two = "${secret:file://one}", "${secret:file://two}"
	in, out := map[string]any{"input_view": "v"}, map[string]any{"output_view": "w"}
	with := func(base map[string]any, key string, value any) map[string]any {
		all := map[string]any{key: value}
		for k, v := range base {
			all[k] = v
		}
		return all
	}
	for name, component := range map[string]map[string]any{
		"statement":     {"type": "sql", "config": map[string]any{"sql": "SELECT decrypt(x, '" + one + "') FROM t"}},
		"view":          {"type": "sql", "config": with(out, "sql", "SELECT * FROM t WHERE a = '"+one+"'")},
		"filter":        {"type": "read_table", "config": with(with(out, "table_name", "t"), "filter_condition", "a = '"+one+"'")},
		"table":         {"type": "read_table", "config": with(out, "table_name", "`"+one+"`")},
		"path":          {"type": "read_parquet", "config": with(out, "path", "/data/"+one+"/x")},
		"option":        {"type": "read_csv", "config": with(with(with(out, "path", "/x"), "schema", "a INT"), "options", map[string]any{"escape": one})},
		"written":       {"type": "write_parquet", "config": with(in, "path", "/data/"+two)},
		"written table": {"type": "write_table", "config": with(in, "output_table", "db.`"+one+"`")},
		"partition":     {"type": "write_parquet", "config": with(with(in, "path", "/x"), "partition_by", []string{one})},
		"jdbc":          {"type": "read_jdbc", "config": with(with(out, "url", "jdbc:postgresql://h/db?x="+one), "query", "SELECT '"+one+"' AS a")},
		"stream": {"type": "write_stream_file", "config": map[string]any{
			"query": "SELECT '" + one + "' FROM s", "format": "json", "path": "/x", "trigger": "available_now", "checkpoint_location": "/cp/" + two,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, seen := refuseWithSecrets(t)
			component["name"] = "it"
			file := referringFile(t, server, component)
			seeNoCanary(t, file, nil)
			require.Positive(t, seen.Load(), "the server was told no secret, so this proves nothing")
		})
	}
}

// referringFile is a file with one component and two secrets in files.
func referringFile(t *testing.T, server *fakeconnect.Server, component map[string]any) string {
	t.Helper()
	dir := t.TempDir()
	for i, name := range []string{"one", "two"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "secrets"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "secrets", name), []byte(canaries[i]), 0o600))
	}
	text, err := json.Marshal(map[string]any{
		"name": "p", "components": []any{component},
		"spark":   map[string]any{"remote": server.Remote(), "reconnect_timeout_seconds": 0.2, "spark_conf": map[string]any{"my.setting": "secret://file/two"}},
		"secrets": map[string]any{"providers": map[string]any{"file": map[string]any{"file": map[string]any{"root": filepath.Join(dir, "secrets")}}}},
		"hooks": map[string]any{
			"logging": map[string]any{"enabled": true, "level": "debug", "format": "json"},
			"audit":   map[string]any{"audit_trail_path": filepath.Join(dir, "audit"), "hmac_key": "secret://file/two"},
		},
	})
	require.NoError(t, err)
	file := filepath.Join(dir, "p.json")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	return file
}
