package localspark

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
)

// KafkaVersion is the version of the broker that [KafkaBroker] fetches.
const KafkaVersion = "4.1.1"

// JarSet is what [KafkaBroker] has fetched.
type JarSet struct {
	// Java is the program that runs them.
	Java string
	// Dir has the jars and nothing else.
	Dir string
}

// KafkaBroker fetches the jars of a Kafka broker into the cache, for tests that
// need one beside Spark. Of opts it takes CacheDir, Progress and Env. It blocks for
// some seconds, and for a minute on a machine that has none of them yet. Its errors
// are those of [Start].
func KafkaBroker(ctx context.Context, opts *Options) (*JarSet, error) {
	s, err := opts.settings()
	if err != nil {
		return nil, err
	}
	java, err := findJava(ctx, s.env)
	if err != nil {
		return nil, fmt.Errorf("kafka broker: %w", err)
	}
	if err := s.fillCacheDir(); err != nil {
		return nil, err
	}
	pom, err := pomOf([]artifact{
		{Group: "org.apache.kafka", Name: "kafka_2.13", Version: KafkaVersion},
		{Group: "org.apache.kafka", Name: "kafka-tools", Version: KafkaVersion},
		{Group: "org.slf4j", Name: "slf4j-simple", Version: "1.7.36"}, // of 2.x the broker takes no notice
	})
	if err != nil {
		return nil, err
	}
	entry := &cacheEntry{dir: filepath.Join(s.CacheDir, "kafka-"+KafkaVersion), version: KafkaVersion, pom: pom}
	if err := s.fetchJars(ctx, entry); err != nil {
		return nil, fmt.Errorf("kafka broker: %w", err)
	}
	return &JarSet{Java: java.path, Dir: filepath.Join(entry.dir, "jars")}, nil
}

// fetchJars fills the entry unless it is complete.
func (s *settings) fetchJars(ctx context.Context, entry *cacheEntry) error {
	if _, err := entry.load(); err == nil {
		return nil
	}
	if err := os.MkdirAll(s.CacheDir, 0o755); err != nil {
		return fmt.Errorf("make the cache folder: %w; set SPARKPIPE_CACHE to a folder that can be written", err)
	}
	unlock, err := lock(ctx, entry.dir+".lock", func() { s.say("waiting for another process that is fetching Kafka") })
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := entry.load(); err == nil { // another process was faster
		return nil
	}
	temp, err := os.MkdirTemp(s.CacheDir, filepath.Base(entry.dir)+".tmp-")
	if err != nil {
		return fmt.Errorf("make a folder in the cache: %w; set SPARKPIPE_CACHE to a folder that can be written", err)
	}
	defer func() { _ = os.RemoveAll(temp) }() // nothing of it is used
	if err := s.copyJars(ctx, entry, temp); err != nil {
		return err
	}
	jars, err := measureJars(filepath.Join(temp, "jars"))
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(manifest{POM: entry.pomSum(), Jars: jars}, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(temp, manifestFile), text, 0o644)
	}
	if err == nil {
		err = os.RemoveAll(entry.dir)
	}
	if err == nil {
		err = os.Rename(temp, entry.dir)
	}
	if err != nil {
		return fmt.Errorf("put the jars into the cache: %w", err)
	}
	return nil
}

// copyJars runs Maven.
func (s *settings) copyJars(ctx context.Context, entry *cacheEntry, dir string) error {
	mvn := s.env.lookPath("mvn")
	if mvn == "" {
		return fmt.Errorf("%w: no mvn on PATH; install it with: %s", ErrNoMaven, installMaven())
	}
	pom := filepath.Join(dir, "pom.xml")
	if err := os.WriteFile(pom, entry.pom, 0o644); err != nil {
		return err
	}
	args := []string{"-q", "-B", "-f", pom}
	if repo := s.env.get("SPARKPIPE_MAVEN_REPO"); repo != "" {
		args = append(args, "-Dmaven.repo.local="+repo)
	}
	args = append(args, "dependency:copy-dependencies", "-DoutputDirectory="+filepath.Join(dir, "jars"), "-DincludeScope=runtime")
	s.say("fetching Kafka " + entry.version + " with Maven (about 60 MB, once)…")
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, mvn, args...)
	cmd.Env, cmd.Dir = s.env, dir
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = mavenWaitDelay
	killWithGroup(cmd)
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("fetch Kafka %s with Maven: %w:\n  %s", entry.version, err, strings.Join(lastLines(out.Bytes(), tailLines), "\n  "))
	}
	return nil
}

// pomOf is the Maven project of some artifacts.
func pomOf(artifacts []artifact) ([]byte, error) {
	parsed, err := template.New("pom").Funcs(pomFuncs()).Parse(pomTemplate)
	if err != nil {
		return nil, fmt.Errorf("write the Maven project: %w", err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, artifacts); err != nil {
		return nil, fmt.Errorf("write the Maven project: %w", err)
	}
	return out.Bytes(), nil
}
