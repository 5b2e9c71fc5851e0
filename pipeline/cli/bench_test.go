package cli_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

// BenchmarkMain is what a command costs within the process: the commands, the
// registry of component types and, for validate, a file of three components.
func BenchmarkMain(b *testing.B) {
	for _, args := range [][]string{
		{"version"},
		{"components"},
		{"validate", "../../examples/legacy/local_demo.conf"},
	} {
		b.Run(args[0], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				code := cli.Main(b.Context(), args, &cli.Options{Stdout: io.Discard, Stderr: io.Discard})
				require.Equal(b, cli.ExitSucceeded, code)
			}
		})
	}
}
