package localspark

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const manifestFile = "manifest.json"

// manifest says what a complete folder of the cache holds. It is written last,
// so a folder without it, or with other files than it lists, is not used.
type manifest struct {
	Spark string    `json:"spark"`
	POM   string    `json:"pom_sha256"`
	Jars  []jarFile `json:"jars"`
}

type jarFile struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

// cacheEntry is one folder of the cache: the jars of one Spark version with one
// set of connectors.
type cacheEntry struct {
	dir     string
	version string
	sets    []string
	pom     []byte
}

func (s *settings) cacheEntry() (*cacheEntry, error) {
	pom, err := POM(s.Version, s.connectors)
	if err != nil {
		return nil, err
	}
	name := "spark-" + s.Version + "-core"
	if len(s.connectors) > 0 {
		name = "spark-" + s.Version + "-" + strings.Join(s.connectors, "-")
	}
	return &cacheEntry{dir: filepath.Join(s.CacheDir, name), version: s.Version, sets: s.connectors, pom: pom}, nil
}

// fetched returns the installation of s from the cache, which it fills first
// if need be.
func (s *settings) fetched(ctx context.Context) (*installation, error) {
	if err := s.fillCacheDir(); err != nil {
		return nil, err
	}
	entry, err := s.cacheEntry()
	if err != nil {
		return nil, err
	}
	if found, err := entry.load(); err == nil {
		return found, nil
	}
	if err := os.MkdirAll(s.CacheDir, 0o755); err != nil {
		return nil, fmt.Errorf("make the cache folder: %w; set SPARKPIPE_CACHE to a folder that can be written", err)
	}
	unlock, err := lock(ctx, entry.dir+".lock", func() {
		s.say("waiting for another process that is fetching Spark " + s.Version)
	})
	if err != nil {
		return nil, err
	}
	defer unlock()
	found, err := entry.load() // another process may have been faster
	switch {
	case err == nil:
		return found, nil
	case !errors.Is(err, os.ErrNotExist):
		s.say(fmt.Sprintf("the cache %s is not usable (%v); fetching again", entry.dir, err))
	}
	if err := s.fill(ctx, entry); err != nil {
		return nil, err
	}
	return entry.load()
}

// load returns the installation if every jar of the manifest is there with its
// size, and no other.
func (e *cacheEntry) load() (*installation, error) {
	text, err := os.ReadFile(filepath.Join(e.dir, manifestFile))
	if err != nil {
		return nil, err
	}
	var want manifest
	if err := json.Unmarshal(text, &want); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestFile, err)
	}
	if want.POM != e.pomSum() {
		return nil, errors.New("it was fetched for other artifacts")
	}
	have, err := measureJars(filepath.Join(e.dir, "jars"))
	if err != nil {
		return nil, err
	}
	if len(have) != len(want.Jars) {
		return nil, fmt.Errorf("it has %d jars instead of %d", len(have), len(want.Jars))
	}
	found := &installation{origin: OriginMaven, home: e.dir, version: e.version}
	for i, jar := range have {
		if jar != want.Jars[i] {
			return nil, fmt.Errorf("jars/%s (%d bytes) is not %s (%d bytes)", jar.Name, jar.Size, want.Jars[i].Name, want.Jars[i].Size)
		}
		found.jars = append(found.jars, jar.Name)
	}
	return found, nil
}

func (e *cacheEntry) pomSum() string {
	sum := sha256.Sum256(e.pom)
	return hex.EncodeToString(sum[:])
}

// fill fetches into a folder beside the final one and renames it. The caller
// holds the lock.
func (s *settings) fill(ctx context.Context, entry *cacheEntry) error {
	leftovers, _ := filepath.Glob(entry.dir + ".tmp-*") // of processes that were killed
	for _, dir := range leftovers {
		_ = os.RemoveAll(dir)
	}
	temp, err := os.MkdirTemp(s.CacheDir, filepath.Base(entry.dir)+".tmp-")
	if err != nil {
		return fmt.Errorf("make a folder in the cache: %w; set SPARKPIPE_CACHE to a folder that can be written", err)
	}
	defer func() { _ = os.RemoveAll(temp) }() // nothing of it is used
	began := time.Now()
	if err := s.runMaven(ctx, entry, temp); err != nil {
		return err
	}
	jars, err := entry.seal(temp)
	if err != nil {
		return &FetchError{Version: s.Version, Connectors: s.connectors, Err: err}
	}
	if err := os.RemoveAll(entry.dir); err != nil {
		return fmt.Errorf("remove the unusable cache: %w", err)
	}
	if err := os.Rename(temp, entry.dir); err != nil {
		return fmt.Errorf("put the jars into the cache: %w", err)
	}
	var size int64
	for _, jar := range jars {
		size += jar.Size
	}
	s.say(fmt.Sprintf("fetched Spark %s%s: %d jars, %d MB in %s",
		s.Version, withConnectors(s.connectors), len(jars), size>>20, time.Since(began).Round(100*time.Millisecond)))
	return nil
}

// seal checks what was fetched and writes the manifest.
func (e *cacheEntry) seal(dir string) ([]jarFile, error) {
	jars, err := measureJars(filepath.Join(dir, "jars"))
	if err != nil {
		return nil, err
	}
	hasConnect := false
	for _, jar := range jars {
		if jar.Size == 0 {
			return nil, fmt.Errorf("%s is empty", jar.Name)
		}
		hasConnect = hasConnect || connectJar.MatchString(jar.Name)
	}
	if !hasConnect {
		return nil, fmt.Errorf("spark-connect_2.13 is not among the %d jars", len(jars))
	}
	text, err := json.MarshalIndent(manifest{Spark: e.version, POM: e.pomSum(), Jars: jars}, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	return jars, os.WriteFile(filepath.Join(dir, manifestFile), text, 0o644)
}

// measureJars returns the jars of a folder, sorted by name.
func measureJars(dir string) ([]jarFile, error) {
	names, err := listJars(dir)
	if err != nil {
		return nil, err
	}
	jars := make([]jarFile, len(names))
	for i, name := range names {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		jars[i] = jarFile{Name: name, Size: info.Size()}
	}
	return jars, nil
}
