package main_test

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// build makes the program as the Makefile does.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "sparkpipe")
	cmd := exec.Command("go", "build", "-trimpath", "-o", program, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

func TestProgram(t *testing.T) {
	t.Parallel()
	program := build(t)
	tests := []struct {
		name           string
		args           []string
		code           int
		stdout, stderr string
	}{
		{"version", []string{"version"}, 0, `^sparkpipe \S+.*, go\S+ \S+, starts Spark \S+\n$`, `^$`},
		{"a good file", []string{"validate", "../../examples/flights/flights.conf"}, 0, `is valid: pipeline "flights", 12 components\n$`, `^$`},
		{"a missing file", []string{"run", "gone.yaml"}, 3, `^$`, `^sparkpipe: gone.yaml: the file does not exist; looked for /.*gone.yaml\n$`},
		{"no command", nil, 64, `Available Commands:`, `^$`},
		{"a wrong command", []string{"launch"}, 64, `^$`, `^sparkpipe: unknown command "launch"; see sparkpipe --help\n$`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(program, test.args...)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			_ = cmd.Run() // the exit code says it
			require.Equal(t, test.code, cmd.ProcessState.ExitCode())
			require.Regexp(t, test.stdout, stdout.String())
			require.Regexp(t, test.stderr, stderr.String())
		})
	}
}

func TestProgramIsStatic(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("NOT RUN, the check reads ELF files")
	}
	file, err := elf.Open(build(t))
	require.NoError(t, err)
	defer file.Close()
	libraries, err := file.ImportedLibraries()
	require.NoError(t, err)
	require.Empty(t, libraries)
	for _, segment := range file.Progs {
		require.NotEqual(t, elf.PT_INTERP, segment.Type, "it asks for a dynamic linker")
	}
}
