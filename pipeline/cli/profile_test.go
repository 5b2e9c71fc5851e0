package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

func TestProfileUsage(t *testing.T) {
	t.Parallel()
	help := sparkpipe(t, "profile", "--help")
	require.Equal(t, cli.ExitSucceeded, help.code)
	requireGolden(t, "help_profile", help.stdout, "")

	file := writeFile(t, "p.yaml", onServer("sc://127.0.0.1:1", `name: p
components:
  - {name: orders, type: read_csv, config: {path: orders.csv, output_view: raw_orders}}
  - {name: save, type: write_parquet, config: {input_view: raw_orders, path: out}}
`))
	tests := map[string]struct {
		args []string
		want string
	}{
		"no source":         {nil, "profile takes one source"},
		"no format":         {[]string{"folder/data"}, "nothing tells its format"},
		"empty":             {[]string{""}, "the source is empty"},
		"unknown format":    {[]string{"--source-format", "xls", "a"}, `the format "xls" is none of`},
		"a table's format":  {[]string{"--source-format", "csv", "table:a"}, "a table knows its format"},
		"table without one": {[]string{"table: "}, "the table has no name"},
		"unknown output":    {[]string{"--format", "xml", "a.csv"}, `--format "xml": want one of`},
		"misspelt view":     {[]string{"-c", file, "raw_order"}, `did you mean "raw_orders"?`},
		"a writer":          {[]string{"-c", file, "save"}, `the component "save" does more than make a view`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := sparkpipe(t, append([]string{"profile"}, test.args...)...)
			require.Equal(t, cli.ExitUsage, got.code, got.stderr)
			require.Contains(t, got.stderr, test.want)
			require.Empty(t, got.stdout)
		})
	}
	got := sparkpipe(t, "profile", "-c", file, "orders")
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.stderr, "the profile of orders: spark.remote: ")
	got = sparkpipe(t, "profile", "-c", writeFile(t, "bad.yaml", "name: p\n"), "a.csv")
	require.Equal(t, cli.ExitBadConfig, got.code)
}

const orders = "id,state,price,note\n" +
	"1,new,1.5,a|b\n2,paid,2.5,\n3,new,3.5,x\n4,paid,0,y\n5,new,1.25,z\n6,paid,9.5,a\n7,new,1,b\n8,paid,2,c\n9,new,3,d\n10,paid,4,e\n"

func TestRealProfileCommand(t *testing.T) {
	t.Parallel()
	remote := sparktest.Remote(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "p.yaml")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "orders.csv"), []byte(orders), 0o600))
	require.NoError(t, os.WriteFile(file, []byte(onServer(remote, `name: p
components:
  - {name: orders, type: read_csv, config: {path: orders.csv, output_view: raw_orders}}
  - {name: new_orders, type: sql, config: {sql: "SELECT * FROM raw_orders WHERE state = 'new'", output_view: fresh}}
`)), 0o600))
	for _, format := range []string{"text", "markdown", "yaml-checks"} {
		got := sparkpipe(t, "profile", "-c", file, "--format", format, "orders")
		require.Equal(t, cli.ExitSucceeded, got.code, got.stderr)
		requireGolden(t, "profile_"+format, got.stdout, dir)
	}
	got := sparkpipe(t, "profile", "-c", file, "--format", "json", "fresh", "--columns", "id,state")
	require.Equal(t, cli.ExitSucceeded, got.code, got.stderr)
	var profile struct {
		Rows    int64 `json:"rows"`
		Columns []struct {
			Name string `json:"name"`
		} `json:"columns"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &profile))
	require.Equal(t, int64(5), profile.Rows)
	require.Len(t, profile.Columns, 2)

	got = sparkpipe(t, "profile", "-c", file, filepath.Join(dir, "orders.csv"))
	require.Equal(t, cli.ExitSucceeded, got.code, got.stderr)
	require.Contains(t, got.stdout, "10 rows, 4 columns")
	got = sparkpipe(t, "profile", "-c", file, filepath.Join(dir, "none.parquet"))
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.stderr, "PATH_NOT_FOUND")
}
