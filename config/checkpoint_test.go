package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
)

func TestCheckpointBlock(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]config.Checkpoint{
		"":                               {},
		"checkpoint: {}\n":               {Enabled: true},
		"checkpoint: {enabled: false}\n": {},
		"checkpoint: {location: /var/lib/runs, auto_resume: true, cleanup_on_success: true, on_change: run, keep_breakers: true}\n": {
			Enabled: true, Location: "/var/lib/runs", AutoResume: true, CleanupOnSuccess: true, AllowChanges: true, KeepBreakers: true,
		},
	} {
		p, err := parseYAML(valid + text)
		require.NoError(t, err)
		require.Equal(t, want, p.Checkpoint, text)
	}
}

func TestCheckpointBlockOfTheElderSystem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]config.Checkpoint{
		"{}":                             {},
		"{enabled: false, location: /x}": {},
		"{enabled: true}":                {Enabled: true, CleanupOnSuccess: true},
		"{enabled: true, location: /x, auto-resume: true, cleanup-on-success: false}": {Enabled: true, Location: "/x", AutoResume: true},
	} {
		p, err := parseYAML("pipeline:\n  pipeline-name: p\n  pipeline-components: [{instance-name: a, instance-type: b}]\n  checkpoint: " + text + "\n")
		require.NoError(t, err, text)
		require.Equal(t, want, p.Checkpoint, text)
	}
}

func TestDependenciesThatAreNotWrittenAreNil(t *testing.T) {
	t.Parallel()
	p, err := parseYAML(`name: p
components:
  - {name: a, type: x}
  - {name: b, type: x, depends_on: []}
runner: {infer_dependencies: false}
`)
	require.NoError(t, err)
	require.Nil(t, p.Components[0].DependsOn)
	require.NotNil(t, p.Components[1].DependsOn)
	require.Empty(t, p.Components[1].DependsOn)
	require.True(t, p.Runner.WrittenOnly)
}
