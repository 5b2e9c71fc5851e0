//go:build linux || darwin

package localspark_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

func TestFetch_onceWithProgress(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	repo := filepath.Join(b.dir, "m2")
	b.env = append(b.env, "SPARKPIPE_MAVEN_REPO="+repo)
	b.start(b.options())
	b.start(b.options())

	require.Len(t, b.noted("mvn"), 1)
	call := b.noted("mvn")[0]
	require.Contains(t, call, "-q -B -f "+b.cache+"/spark-4.0.1-core.tmp-")
	require.Contains(t, call, "-Dmaven.repo.local="+repo+" dependency:copy-dependencies -DoutputDirectory=")
	require.Len(t, b.progress, 2)
	require.Equal(t, "fetching Spark 4.0.1 with Maven (about 290 MB, once)…", b.progress[0])
	require.Regexp(t, regexp.MustCompile(`^fetched Spark 4\.0\.1: 2 jars, 0 MB in [0-9.]+m?s$`), b.progress[1])
	require.Equal(t, []string{"spark-4.0.1-core", "spark-4.0.1-core.lock"}, b.cached())
}

func TestFetch_cacheThatIsNotWholeIsNotUsed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		damage func(t *testing.T, dir string)
		want   string
	}{
		"a jar is missing": {
			func(t *testing.T, dir string) {
				require.NoError(t, os.Remove(filepath.Join(dir, "jars", "spark-sql_2.13-4.0.1.jar")))
			},
			"it has 1 jars instead of 2",
		},
		"a jar is cut off": {
			func(t *testing.T, dir string) {
				require.NoError(t, os.Truncate(filepath.Join(dir, "jars", "spark-sql_2.13-4.0.1.jar"), 1))
			},
			"jars/spark-sql_2.13-4.0.1.jar (1 bytes) is not spark-sql_2.13-4.0.1.jar (4 bytes)",
		},
		"a jar too many": {
			func(t *testing.T, dir string) {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "jars", "x.jar"), []byte("x"), 0o644))
			},
			"it has 3 jars instead of 2",
		},
		"the list is broken": {
			func(t *testing.T, dir string) {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "manifest.json"), []byte("{"), 0o644))
			},
			"manifest.json: unexpected end of JSON input",
		},
		"it is of another table": {
			func(t *testing.T, dir string) {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "manifest.json"), []byte(`{"pom_sha256":"0"}`), 0o644))
			},
			"it was fetched for other artifacts",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, "java", "mvn")
			b.start(b.options())
			test.damage(t, filepath.Join(b.cache, "spark-4.0.1-core"))
			b.progress = nil
			b.start(b.options())
			require.Equal(t, "the cache DIR/cache/spark-4.0.1-core is not usable ("+test.want+"); fetching again", b.progress[0])
			require.Len(t, b.noted("mvn"), 2)
		})
	}
}

func TestFetch_leftoversOfAKilledProcess(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	for _, dir := range []string{"spark-4.0.1-core", "spark-4.0.1-core.tmp-123"} { // no manifest in either
		require.NoError(t, os.MkdirAll(filepath.Join(b.cache, dir, "jars"), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(b.cache, dir, "jars", "spark-connect_2.13-4.0.1.jar"), nil, 0o644))
	}
	require.NoError(t, os.WriteFile(filepath.Join(b.cache, "spark-4.0.1-core.lock"), nil, 0o644))
	b.start(b.options())
	require.Len(t, b.noted("mvn"), 1)
	require.Equal(t, []string{"spark-4.0.1-core", "spark-4.0.1-core.lock"}, b.cached())
}

func TestFetch_oneFetchesTheOthersWait(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	b.env = append(b.env, "FAKE_MVN=slow")
	var wg sync.WaitGroup
	servers := make([]*localspark.Server, 3)
	errs := make([]error, len(servers))
	for i := range servers {
		wg.Go(func() { servers[i], errs[i] = localspark.Start(t.Context(), b.options()) })
	}
	wg.Wait()
	for i, server := range servers {
		require.NoError(t, errs[i])
		require.NoError(t, server.Stop(t.Context()))
	}
	require.Len(t, b.noted("mvn"), 1)
	require.Contains(t, b.progress, "waiting for another process that is fetching Spark 4.0.1")
}

func TestFetch_waitingAndFetchingEndWithTheContext(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	b.env = append(b.env, "FAKE_MVN=hang")
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	results := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := localspark.Start(ctx, b.options())
			results <- err
		}()
	}
	require.Eventually(t, func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.progress) == 2 && b.noted("mvn") != nil
	}, 30*time.Second, 5*time.Millisecond, "one fetches, the other waits")
	cancel(cause)
	require.ErrorIs(t, <-results, cause)
	require.ErrorIs(t, <-results, cause)
	require.Equal(t, []string{"spark-4.0.1-core.lock"}, b.cached())
}

func TestFetch_failures(t *testing.T) {
	t.Parallel()
	none := "fetch Spark 4.0.1: no Maven: no mvn on PATH; install it with: " + commands("maven") +
		" (or set SPARK_HOME to a Spark of at least 4.0, or SPARK_REMOTE to a running server)"
	tests := map[string]struct {
		programs []string
		env      []string
		sets     []string
		want     string
	}{
		"no Maven": {programs: []string{"java"}, want: "local Spark: " + none},
		"no Maven, and a Spark that does not serve": {
			programs: []string{"java"}, env: []string{"SPARK_HOME=/nowhere"},
			want: "local Spark: " + none + "\nSPARK_HOME (/nowhere): read its jars: open /nowhere/jars: no such file or directory",
		},
		"Maven fails": {
			programs: []string{"java", "mvn"}, env: []string{"FAKE_MVN=fail"}, sets: []string{"kafka"},
			want: "local Spark: fetch Spark 4.0.1 (kafka) with Maven: exit status 1\nlast lines of Maven:\n" +
				"  [ERROR] Failed to execute goal: spark-connect_2.13:jar:4.0.1: mirror.invalid: Unknown host mirror.invalid\n" +
				`hint: an artifact that the repository does not have can show up as "Unknown host" of a fallback mirror; ` +
				"check that the version exists there before you look at the network",
		},
		"Maven does not find it": {
			programs: []string{"java", "mvn"}, env: []string{"FAKE_MVN=absent"},
			want: "local Spark: fetch Spark 4.0.1 with Maven: exit status 1\nlast lines of Maven:\n" +
				"  [ERROR] Could not find artifact a:b:jar:1 in central\n" +
				"hint: the Maven repository does not have it; tried versions are 4.0.0, 4.0.1, 4.1.2, 4.2.0",
		},
		"Maven copies something else": {
			programs: []string{"java", "mvn"}, env: []string{"FAKE_MVN=empty"},
			want: "local Spark: fetch Spark 4.0.1 with Maven: spark-connect_2.13 is not among the 1 jars",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, test.programs...)
			b.env = append(b.env, test.env...)
			opts := b.options()
			opts.Connectors = test.sets
			_, err := localspark.Start(t.Context(), opts)
			require.EqualError(t, err, test.want)
			require.Len(t, b.cached(), 1, "nothing but the lock is left")
			require.Empty(t, b.runFolders())
		})
	}
}

func TestFetch_cacheFolderCannotBeMade(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "file"), nil, 0o644))
	opts := b.options()
	opts.CacheDir = filepath.Join(b.dir, "file", "cache")
	_, err := localspark.Start(t.Context(), opts)
	require.Equal(t, "local Spark: make the cache folder: mkdir DIR/file: not a directory; set SPARKPIPE_CACHE to a folder that can be written",
		strings.ReplaceAll(err.Error(), b.dir, "DIR"))
}

func TestFetch_noHome(t *testing.T) {
	t.Parallel()
	b := setup(t, "java", "mvn")
	b.env = append(b.env, "HOME=", "SPARKPIPE_CACHE=")
	_, err := localspark.Start(t.Context(), b.options())
	require.ErrorContains(t, err, "local Spark: find the cache folder:")
	require.ErrorContains(t, err, "set SPARKPIPE_CACHE to a folder")
}

// cached lists the cache.
func (b *bundle) cached() []string {
	b.t.Helper()
	entries, err := os.ReadDir(b.cache)
	require.NoError(b.t, err)
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}
