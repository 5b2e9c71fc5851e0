//go:build linux || darwin

package localspark_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

// commands are what an error tells to run on this platform.
func commands(java string) string {
	if runtime.GOOS == "darwin" {
		return map[string]string{"java": "brew install openjdk@17", "maven": "brew install maven"}[java]
	}
	return map[string]string{
		"java":  "apt-get update && apt-get install -y openjdk-17-jre-headless",
		"maven": "apt-get update && apt-get install -y openjdk-17-jre-headless maven",
	}[java]
}

func TestStart_java(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arrange func(b *bundle)
		want    string
	}{
		"none, and no Maven either": {
			func(*bundle) {},
			"local Spark: no usable Java: no java on PATH and JAVA_HOME is not set; install one with: " + commands("maven"),
		},
		"none": {
			func(b *bundle) { b.program("mvn", fakeMaven) },
			"local Spark: no usable Java: no java on PATH and JAVA_HOME is not set; install one with: " + commands("java"),
		},
		"JAVA_HOME without java": {
			func(b *bundle) {
				b.program("java", fakeJava)
				b.env = append(b.env, "JAVA_HOME="+filepath.Join(b.dir, "jdk"))
			},
			"local Spark: no usable Java: JAVA_HOME is DIR/jdk, which has no bin/java; correct it or unset it",
		},
		"too old, as it says": {
			func(b *bundle) {
				b.program("java", fakeJava)
				b.program("mvn", fakeMaven)
				b.env = append(b.env, "FAKE_JAVA_VERSION=1.8.0_392")
			},
			"local Spark: no usable Java: DIR/bin/java is version 1.8.0_392, Spark needs 17 or newer; install one with: " +
				commands("java") + ", and set JAVA_HOME to it",
		},
		"too old, by its release file": {
			func(b *bundle) {
				b.program("mvn", fakeMaven)
				b.javaHome("11.0.2")
			},
			"local Spark: no usable Java: DIR/jdk/bin/java is version 11.0.2, Spark needs 17 or newer; install one with: " +
				commands("java") + ", and set JAVA_HOME to it",
		},
		"not a version": {
			func(b *bundle) {
				b.program("java", "#!/bin/sh\necho hello")
				b.program("mvn", fakeMaven)
			},
			`local Spark: no usable Java: DIR/bin/java does not say its version; it printed "hello"; install one with: ` + commands("java"),
		},
		"a stub that fails": {
			func(b *bundle) {
				b.program("java", "#!/bin/sh\necho Unable to locate a Java Runtime. >&2; exit 1")
				b.program("mvn", fakeMaven)
			},
			"local Spark: no usable Java: DIR/bin/java -version: exit status 1: Unable to locate a Java Runtime.; install one with: " +
				commands("java"),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			test.arrange(b)
			_, err := localspark.Start(t.Context(), b.options())
			require.ErrorIs(t, err, localspark.ErrNoJava)
			require.Equal(t, test.want, strings.ReplaceAll(err.Error(), b.dir, "DIR"))
		})
	}
}

func TestStart_javaHomeIsHonoured(t *testing.T) {
	t.Parallel()
	b := setup(t, "mvn")
	b.program("java", "#!/bin/sh\nexit 1")
	b.javaHome("21.0.4")
	b.start(b.options())
	require.Len(t, b.noted("starts"), 1)
}

// javaHome makes a Java installation that JAVA_HOME points to.
func (b *bundle) javaHome(version string) {
	b.t.Helper()
	home := filepath.Join(b.dir, "jdk")
	require.NoError(b.t, os.MkdirAll(filepath.Join(home, "bin"), 0o755))
	writeProgram(b.t, filepath.Join(home, "bin", "java"), fakeJava)
	release := "IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"" + version + "\"\n"
	require.NoError(b.t, os.WriteFile(filepath.Join(home, "release"), []byte(release), 0o644))
	b.env = append(b.env, "JAVA_HOME="+home)
}
