package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/stretchr/testify/require"
)

func TestBill(t *testing.T) {
	t.Parallel()
	bom := bill(&debug.BuildInfo{
		GoVersion: "go1.26.8", Path: "example.org/m/cmd/m",
		Main: debug.Module{Path: "example.org/m", Version: "v1.2.3"},
		Deps: []*debug.Module{
			{Path: "example.org/a", Version: "v2.0.0+incompatible", Sum: "h1:abc="},
			{Path: "example.org/b", Version: "v1.0.0", Replace: &debug.Module{Path: "example.org/c", Version: "v1.0.1", Sum: "h1:def="}},
		},
		Settings: []debug.BuildSetting{{Key: "GOOS", Value: "linux"}, {Key: "-ldflags", Value: "-s"}, {Key: "vcs.time", Value: "2026-01-01T00:00:00Z"}},
	})
	require.Empty(t, bom.SerialNumber)
	require.Equal(t, "2026-01-01T00:00:00Z", bom.Metadata.Timestamp)
	require.Equal(t, "pkg:golang/example.org/m@v1.2.3", bom.Metadata.Component.PackageURL)
	require.Equal(t, []cdx.Property{{Name: "go:build:GOOS", Value: "linux"}}, *bom.Metadata.Component.Properties)
	require.Equal(t, []string{
		"pkg:golang/std@1.26.8", "pkg:golang/example.org/a@v2.0.0%2Bincompatible", "pkg:golang/example.org/c@v1.0.1",
	}, *(*bom.Dependencies)[0].Dependencies)
	require.Equal(t, []cdx.Property{{Name: "go:sum", Value: "h1:def="}}, *(*bom.Components)[2].Properties)
}

// TestOfAProgram asks this test, which is a Go program too.
func TestOfAProgram(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "bom.json")
	var stdout bytes.Buffer
	require.NoError(t, run([]string{"-o", file, program}, nil))
	require.NoError(t, run([]string{program}, &stdout))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(text), stdout.String())
	var bom cdx.BOM
	require.NoError(t, cdx.NewBOMDecoder(bytes.NewReader(text), cdx.BOMFileFormatJSON).Decode(&bom))
	names := map[string]string{}
	for _, c := range *bom.Components {
		names[c.Name] = c.Version
	}
	require.Contains(t, names, "std")
	require.Equal(t, "v0.12.0", names["github.com/CycloneDX/cyclonedx-go"])
}

func TestWhatIsNoProgram(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, run(nil, nil), "want one program")
	require.ErrorContains(t, run([]string{"main.go"}, nil), "main.go")
	require.ErrorContains(t, run([]string{"gone"}, nil), "no such file")
}
