package cli_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

// configDir is where pods and units have the pipelines.
const configDir = "/etc/sparkpipe/"

// pod is what this test looks at in the specification of a pod.
type pod struct {
	Grace           int    `yaml:"terminationGracePeriodSeconds"`
	RestartPolicy   string `yaml:"restartPolicy"`
	SecurityContext struct {
		RunAsNonRoot bool `yaml:"runAsNonRoot"`
		RunAsUser    int  `yaml:"runAsUser"`
	} `yaml:"securityContext"`
	Containers []struct {
		Args           []string
		Command        []string
		Ports          []struct{ Name string }
		LivenessProbe  *probe `yaml:"livenessProbe"`
		ReadinessProbe *probe `yaml:"readinessProbe"`
		VolumeMounts   []struct {
			Name      string
			MountPath string `yaml:"mountPath"`
		} `yaml:"volumeMounts"`
		SecurityContext struct {
			ReadOnly bool `yaml:"readOnlyRootFilesystem"`
		} `yaml:"securityContext"`
	}
	Volumes []struct {
		Name      string
		ConfigMap struct{ Name string } `yaml:"configMap"`
	}
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

// manifest is a Kubernetes object, as far as this test looks at it.
type manifest struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Data       map[string]string
	Spec       manifestSpec
}

type manifestSpec struct {
	Template         struct{ Spec pod }
	PodFailurePolicy podFailurePolicy `yaml:"podFailurePolicy"`
	JobTemplate      struct {
		Spec struct {
			Template         struct{ Spec pod }
			PodFailurePolicy podFailurePolicy `yaml:"podFailurePolicy"`
		}
	} `yaml:"jobTemplate"`
}

type podFailurePolicy struct {
	Rules []struct {
		Action      string
		OnExitCodes struct{ Values []int } `yaml:"onExitCodes"`
	}
}

// manifests reads all objects of the folder.
func manifests(t *testing.T) []manifest {
	t.Helper()
	files, err := filepath.Glob("../../packaging/kubernetes/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var out []manifest
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		for {
			var m manifest
			err := decoder.Decode(&m)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, file)
			require.NotEmpty(t, m.APIVersion, file)
			require.NotEmpty(t, m.Metadata.Name, file)
			out = append(out, m)
		}
	}
	return out
}

// requireUnderstood requires that the arguments are those of a command that takes
// a file, and that it knows its flags.
func requireUnderstood(t *testing.T, args []string) (file string) {
	t.Helper()
	got := sparkpipe(t, append(slices.Clone(args), "--help")...)
	require.Equal(t, cli.ExitSucceeded, got.code, "%v: %s", args, got.stderr)
	at := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, configDir) })
	require.Positive(t, at, args)
	require.Contains(t, got.stdout, "sparkpipe "+strings.Join(args[:at], " ")+" FILE", args)
	return strings.TrimPrefix(args[at], configDir)
}

func TestKubernetesManifests(t *testing.T) {
	t.Parallel()
	list := manifests(t)
	pipelines := map[string]bool{}
	for _, m := range list {
		for name, text := range m.Data {
			require.Equal(t, "ConfigMap", m.Kind)
			got := sparkpipe(t, "validate", writeFile(t, name, text))
			require.Equal(t, cli.ExitSucceeded, got.code, "%s: %s", name, got.stderr)
			require.Empty(t, got.stderr)
			pipelines[name] = true
		}
	}
	kinds := map[string]bool{}
	for _, m := range list {
		kinds[m.Kind] = true
		spec, policy := m.Spec.Template.Spec, m.Spec.PodFailurePolicy
		if m.Kind == "CronJob" {
			spec, policy = m.Spec.JobTemplate.Spec.Template.Spec, m.Spec.JobTemplate.Spec.PodFailurePolicy
		}
		if m.Kind == "ConfigMap" {
			continue
		}
		t.Run(m.Kind, func(t *testing.T) {
			t.Parallel()
			testPod(t, spec, pipelines)
			if m.Kind == "Deployment" {
				container := spec.Containers[0]
				require.Equal(t, probe{HTTPGet: struct{ Path, Port string }{"/live", "health"}}, *container.LivenessProbe)
				require.Equal(t, probe{HTTPGet: struct{ Path, Port string }{"/ready", "health"}}, *container.ReadinessProbe)
				require.Equal(t, "health", container.Ports[0].Name)
				require.Contains(t, container.Args, "0.0.0.0:8080")
				return
			}
			require.Equal(t, "Never", spec.RestartPolicy)
			require.Equal(t, "FailJob", policy.Rules[0].Action)
			require.Equal(t, []int{cli.ExitBadConfig, cli.ExitUsage}, policy.Rules[0].OnExitCodes.Values)
		})
	}
	require.Equal(t, []string{"ConfigMap", "CronJob", "Deployment", "Job"}, slices.Sorted(maps.Keys(kinds)))
}

func testPod(t *testing.T, spec pod, pipelines map[string]bool) {
	t.Helper()
	require.Greater(t, time.Duration(spec.Grace)*time.Second, cli.DefaultStopTimeout, "it is killed before it may stop")
	require.True(t, spec.SecurityContext.RunAsNonRoot)
	require.Equal(t, 65532, spec.SecurityContext.RunAsUser)
	require.Len(t, spec.Containers, 1)
	container := spec.Containers[0]
	require.Empty(t, container.Command, "the image has it")
	require.True(t, container.SecurityContext.ReadOnly)
	require.True(t, pipelines[requireUnderstood(t, container.Args)], "the config map has no such file")
	volumes := map[string]bool{}
	for _, v := range spec.Volumes {
		volumes[v.Name] = true
	}
	paths := map[string]bool{}
	for _, mount := range container.VolumeMounts {
		require.True(t, volumes[mount.Name], mount.Name)
		paths[mount.MountPath] = true
	}
	for _, path := range []string{"/etc/sparkpipe", "/var/run/sparkpipe", "/home/sparkpipe", "/tmp"} {
		require.True(t, paths[path], path)
	}
}

var unitLine = regexp.MustCompile(`^([A-Z][A-Za-z]+)=(.*)$`)

// readUnit reads a unit of systemd into the values of its keys, by "Section.Key".
func readUnit(t *testing.T, name string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../packaging/systemd/" + name)
	require.NoError(t, err)
	out, section := map[string][]string{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "", strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
			require.Contains(t, []string{"Unit", "Service", "Timer", "Install"}, section)
		default:
			parts := unitLine.FindStringSubmatch(line)
			require.NotNil(t, parts, "%s: %q", name, line)
			out[section+"."+parts[1]] = append(out[section+"."+parts[1]], parts[2])
		}
	}
	return out
}

func TestSystemdUnits(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sparkpipe@.service", "sparkpipe-stream@.service"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			unit := readUnit(t, name)
			require.Len(t, unit["Service.ExecStart"], 1)
			command := strings.Fields(unit["Service.ExecStart"][0])
			require.Equal(t, "/usr/bin/sparkpipe", command[0])
			require.Equal(t, "%i.yaml", requireUnderstood(t, command[1:]))
			stop, err := time.ParseDuration(unit["Service.TimeoutStopSec"][0] + "s")
			require.NoError(t, err)
			require.Greater(t, stop, cli.DefaultStopTimeout, "it is killed before it may stop")
			require.Equal(t, []string{"mixed"}, unit["Service.KillMode"], "a Spark that it started hears of the end from it")
			require.Equal(t, []string{"strict"}, unit["Service.ProtectSystem"])
			if name == "sparkpipe@.service" {
				require.Empty(t, unit["Service.Restart"], "a new run would do again what is done")
				return
			}
			require.Equal(t, []string{"on-failure"}, unit["Service.Restart"])
			require.Equal(t, []string{"3 64"}, unit["Service.RestartPreventExitStatus"])
		})
	}
	require.NotEmpty(t, readUnit(t, "sparkpipe@.timer")["Timer.OnCalendar"])
}
