package localspark

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Origin says where a server is from.
type Origin string

// The origins, in the order in which [Start] tries them.
const (
	OriginRemote    Origin = "SPARK_REMOTE"
	OriginSparkHome Origin = "SPARK_HOME"
	OriginPySpark   Origin = "pyspark"
	OriginMaven     Origin = "maven"
)

// installation is a folder with the jars of Spark.
type installation struct {
	origin  Origin
	home    string // holds the folder jars
	version string
	jars    []string // file names in home/jars, sorted
}

var connectJar = regexp.MustCompile(`^spark-connect_2\.13-([0-9][0-9A-Za-z.\-]*)\.jar$`)

const pysparkTimeout = 20 * time.Second

// findPySpark is the program for Python that prints the folder of pyspark. It
// does not import it, which would take a second.
const findPySpark = "import importlib.util as u; s = u.find_spec('pyspark'); print(s.submodule_search_locations[0] if s else '')"

// findInstallation returns an installed Spark that can serve s, or nil.
func (s *settings) findInstallation(ctx context.Context) *installation {
	if home := s.env.get("SPARK_HOME"); home != "" {
		found, err := s.inspect(OriginSparkHome, home)
		if err == nil {
			return found
		}
		s.passOver(fmt.Errorf("SPARK_HOME (%s): %w", home, err))
	}
	home := s.pysparkHome(ctx)
	if home == "" {
		return nil
	}
	found, err := s.inspect(OriginPySpark, home)
	if err != nil {
		s.passOver(fmt.Errorf("pyspark (%s): %w", home, err))
		return nil
	}
	return found
}

// pysparkHome returns the folder of an installed pyspark or "".
func (s *settings) pysparkHome(ctx context.Context) string {
	python := s.env.lookPath("python3")
	if python == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, pysparkTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-c", findPySpark)
	cmd.Env = s.env
	cmd.Dir = os.TempDir() // a folder named pyspark in the working folder is not the package
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// inspect looks at an installed Spark and says why it cannot serve s.
func (s *settings) inspect(origin Origin, home string) (*installation, error) {
	found := &installation{origin: origin, home: home}
	var err error
	if found.jars, err = listJars(filepath.Join(home, "jars")); err != nil {
		return nil, err
	}
	for _, jar := range found.jars {
		if match := connectJar.FindStringSubmatch(jar); match != nil {
			found.version = match[1]
		}
	}
	switch {
	case found.version == "":
		return nil, errors.New("there is no spark-connect_2.13-*.jar in its jars folder; add the one of its version or unset SPARK_HOME")
	case !atLeastSpark4(found.version):
		return nil, fmt.Errorf("it is Spark %s, and 4.0.0 or newer is needed", found.version)
	case s.wantVersion != "" && s.wantVersion != found.version:
		return nil, fmt.Errorf("it is Spark %s, and %s is asked for", found.version, s.wantVersion)
	}
	table := connectors()
	for _, name := range s.connectors {
		marker := table[name].marker
		if !slices.ContainsFunc(found.jars, func(jar string) bool { return strings.HasPrefix(jar, marker) }) {
			return nil, fmt.Errorf("it lacks the connector %q (no %s*.jar in its jars folder)", name, marker)
		}
	}
	return found, nil
}

// listJars returns the names of the jars in a folder, sorted.
func listJars(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read its jars: %w", err)
	}
	var jars []string
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".jar") {
			jars = append(jars, entry.Name())
		}
	}
	return jars, nil
}

func atLeastSpark4(version string) bool {
	major, _, _ := strings.Cut(version, ".")
	return len(major) > 1 || major >= "4"
}

// classPath returns the class path as Java wants it: the jars one by one, since
// the order of a wildcard is up to the file system and an archive of classes is
// only valid for the very same order.
func (i *installation) classPath(before ...string) string {
	parts := slices.DeleteFunc(slices.Clone(before), func(part string) bool { return part == "" })
	for _, jar := range i.jars {
		parts = append(parts, filepath.Join(i.home, "jars", jar))
	}
	return strings.Join(parts, string(os.PathListSeparator))
}
