package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, fault bytes.Buffer
	code = cli.Main(t.Context(), args, &cli.Options{
		Name: "custom-binary", Stdout: &out, Stderr: &fault,
		Factories: []component.Factory{pipeline.SourceFactory[squaresSource]("squares", "registers the first squares as a view")},
	})
	return code, out.String(), fault.String()
}

func TestSquares(t *testing.T) {
	t.Setenv("SPARK_REMOTE", sparktest.Remote(t))
	code, stdout, stderr := run(t, "run", "squares.yaml")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "Squares:\n+---+------+\n|id |square|\n+---+------+\n|1  |1     |\n|2  |4     |\n|3  |9     |\n|4  |16    |\n")
}

func TestSquaresThatAreTooMany(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.yaml")
	text := "app_name: p\nsources: {s: {type: squares, count: 4000000000}}\nsequences: [{query: TABLE s, target: {type: csv, path: /out}}]\n"
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	code, _, stderr := run(t, "validate", file)
	require.Equal(t, cli.ExitBadConfig, code)
	require.Contains(t, stderr, `p.yaml:2:14: sources.s: component "sources.s" (read_squares): count is 4000000000; the square of a number above 3037000499 is no BIGINT`)
}
