package hocon_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config/hocon"
	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

const oracleArtifact = "com.typesafe:config:1.4.4"

// testEnv is the environment of every case, ours and the oracle's.
var testEnv = map[string]string{
	"HT_SET": "fromenv", "HT_NUM": "7", "HT_EMPTY": "", "HT_SPACE": " x ",
}

func lookupTestEnv(name string) (string, bool) {
	value, ok := testEnv[name]
	return value, ok
}

// document is a main file with the files that it includes.
type document struct {
	name  string
	main  string
	files map[string]string
}

// write puts the document into a directory and returns the path of the main
// file. DIR in a text stands for the directory.
func (d document) write(t testing.TB, dir string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	put := func(name, text string) string {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600))
		return path
	}
	for name, text := range d.files {
		put(name, text)
	}
	return put("main.conf", d.main)
}

// evaluate reads a file the way the oracle does and gives its form of the
// result.
func evaluate(path string) (any, error) {
	node, err := hocon.ParseFile(path, nil)
	if err != nil {
		return nil, err
	}
	value, err := tree.Resolve(node, lookupTestEnv)
	if err != nil {
		return nil, err
	}
	return tagged(value), nil
}

// tagged writes scalars as strings that begin with their kind.
func tagged(v *tree.Value) any {
	switch v.Kind {
	case tree.Object:
		out := map[string]any{}
		for _, f := range v.Fields {
			out[f.Key] = tagged(f.Value)
		}
		return out
	case tree.Array:
		out := make([]any, len(v.Items))
		for i, item := range v.Items {
			out[i] = tagged(item)
		}
		return out
	case tree.Bool:
		return "b:" + v.Text
	case tree.Number:
		return "n:" + v.Text
	case tree.String:
		return "s:" + v.Text
	}
	return nil
}

func decodeTagged(t testing.TB, text string) any {
	t.Helper()
	var out any
	require.NoError(t, json.Unmarshal([]byte(text), &out))
	return out
}

// answer is what the oracle says about one document.
type answer struct {
	failed  bool
	message string
	value   any
}

// askOracle runs the Typesafe library over all documents in one JVM, and gives
// its answers and our paths in the same order.
func askOracle(t *testing.T, documents []document) ([]answer, []string) {
	t.Helper()
	jar := oracleJar(t)
	root := t.TempDir()
	paths := make([]string, len(documents))
	for i, d := range documents {
		paths[i] = d.write(t, filepath.Join(root, caseDir(i)))
	}
	cmd := exec.CommandContext(t.Context(), "java", "-Xss4m", "-cp", jar, filepath.Join("testdata", "oracle", "Oracle.java"), root)
	cmd.Env = os.Environ()
	for name, value := range testEnv {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "oracle: %s", stderr.String())
	lines := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	require.Len(t, lines, len(documents))
	answers := make([]answer, len(lines))
	for i, line := range lines {
		name, text, _ := strings.Cut(line, "\t")
		require.Equal(t, caseDir(i), name)
		if message, failed := strings.CutPrefix(text, "ERROR "); failed {
			answers[i] = answer{failed: true, message: message}
			continue
		}
		answers[i] = answer{value: decodeTagged(t, text)}
	}
	return answers, paths
}

func caseDir(i int) string {
	return "case" + string([]byte{'0' + byte(i/1000%10), '0' + byte(i/100%10), '0' + byte(i/10%10), '0' + byte(i%10)})
}

// oracleJar finds the jar in the cache or asks Maven for it. Without a JDK or
// Maven the test is skipped, which is a failure in CI.
func oracleJar(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"java", "javac"} {
		if _, err := exec.LookPath(tool); err != nil {
			skipAloud(t, "no %s: the HOCON parser was NOT compared with the reference implementation", tool)
		}
	}
	cache := os.Getenv("SPARKPIPE_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		require.NoError(t, err)
		cache = filepath.Join(user, "sparkpipe")
	}
	dir := filepath.Join(cache, "oracle")
	jar := filepath.Join(dir, "config-1.4.4.jar")
	if _, err := os.Stat(jar); err == nil {
		return jar
	}
	if _, err := exec.LookPath("mvn"); err != nil {
		skipAloud(t, "no mvn and no %s: the HOCON parser was NOT compared with the reference implementation", jar)
	}
	require.NoError(t, os.MkdirAll(dir, 0o755))
	args := []string{"-q", "-B", "dependency:copy", "-Dartifact=" + oracleArtifact, "-DoutputDirectory=" + dir}
	if repo := os.Getenv("SPARKPIPE_MAVEN_REPO"); repo != "" {
		args = append(args, "-Dmaven.repo.local="+repo)
	}
	cmd := exec.CommandContext(t.Context(), "mvn", args...)
	cmd.Dir = t.TempDir()
	if out, err := cmd.CombinedOutput(); err != nil {
		skipAloud(t, "mvn cannot fetch %s: %v\n%s", oracleArtifact, err, out)
	}
	require.FileExists(t, jar)
	return jar
}

func skipAloud(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf("SKIPPED ALOUD: "+format, args...)
}
