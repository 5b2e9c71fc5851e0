package localspark

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Defaults of [Options].
const (
	DefaultVersion      = "4.0.1"
	DefaultMaster       = "local[*]"
	DefaultStartTimeout = 120 * time.Second
)

// Options says which server [Start] runs. The zero value and nil mean the
// defaults.
type Options struct {
	// Version is the Spark version, such as "4.0.1". Empty takes what
	// SPARK_HOME or pyspark has and fetches [DefaultVersion] otherwise.
	Version string

	// Master is the Spark master; empty is [DefaultMaster]. With an address
	// such as "spark://host:7077" the server is the driver of that cluster;
	// its own ports are then reachable by the executors, while the Connect
	// port stays on loopback.
	Master string

	// Conf holds Spark settings for the server. They win over every setting
	// that this package makes. Keys that do not begin with "spark." are not
	// given to the server; they are settings of a session. Honoured beside
	// Spark's own reading: spark.driver.memory (default: a quarter of the
	// machine's memory), spark.driver.extraJavaOptions and
	// spark.driver.extraClassPath.
	Conf map[string]string

	// Connectors names the connector sets to have on the class path; see
	// [Connectors] for the names. Order and repetition do not matter.
	Connectors []string

	// CacheDir is where fetched jars are kept. Empty is the environment
	// variable SPARKPIPE_CACHE, else the folder sparkpipe in the user's cache
	// folder.
	CacheDir string

	// Progress receives one line for each step that takes long. Nil is silent.
	// It may be called from another goroutine than the one of Start, never
	// after Start has returned and never twice at the same time.
	Progress func(msg string)

	// StartTimeout bounds the time from the start of Java to the first
	// answer; fetching is not counted. Zero is [DefaultStartTimeout].
	StartTimeout time.Duration

	// KeepLog makes [Server.Stop] leave the log on disk when the server has ended
	// by itself, so that somebody can read why.
	KeepLog bool

	// Env is the environment that is looked at and given to the processes, in
	// the form KEY=value. Nil is [os.Environ].
	Env []string

	_ struct{}
}

var (
	versionPattern = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$`)
	memoryPattern  = regexp.MustCompile(`^[0-9]+[kKmMgGtT]?[bB]?$`)
)

// Validate reports every fault of the options at once, joined.
func (o *Options) Validate() error {
	if o == nil {
		return nil
	}
	var faults []error
	switch {
	case o.Version == "":
	case !versionPattern.MatchString(o.Version):
		faults = append(faults, fmt.Errorf("version %q: want three numbers such as %q", o.Version, DefaultVersion))
	case !atLeastSpark4(o.Version):
		faults = append(faults, fmt.Errorf("version %q: the embedded server needs Spark 4.0.0 or newer", o.Version))
	default:
		faults = append(faults, checkConnectors(o.Version, o.Connectors))
	}
	if o.Version == "" {
		faults = append(faults, checkConnectors(DefaultVersion, o.Connectors))
	}
	if o.StartTimeout < 0 {
		faults = append(faults, fmt.Errorf("start timeout %s: must not be negative", o.StartTimeout))
	}
	faults = append(faults, checkMaster(cmp.Or(o.Conf[confMaster], o.Master)), checkConf(o.Conf))
	return errors.Join(faults...)
}

func checkMaster(master string) error {
	if master == "" || master == "yarn" || isLocal(master) || strings.HasPrefix(master, "spark://") || strings.HasPrefix(master, "k8s://") {
		return nil
	}
	if strings.HasPrefix(master, "sc://") {
		return fmt.Errorf("master %q: this is the address of a Connect server; use it as remote, with no master", hideParams(master))
	}
	return fmt.Errorf("master %q: want local, local[N], local[*] or spark://host:port", master)
}

func checkConf(conf map[string]string) error {
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(conf)) {
		if strings.TrimSpace(key) != key || key == "" || strings.ContainsAny(key, "\r\n") {
			faults = append(faults, fmt.Errorf("conf key %q: must not be empty or have white space around it", key))
		}
	}
	if memory := conf[confDriverMemory]; memory != "" && !memoryPattern.MatchString(memory) {
		faults = append(faults, fmt.Errorf("conf %s %q: want a size such as 2g or 512m", confDriverMemory, memory))
	}
	return errors.Join(faults...)
}

// hideParams cuts the parameters off a Connect address: a token can be among
// them.
func hideParams(remote string) string {
	base, _, found := strings.Cut(remote, ";")
	if found {
		return base + ";…"
	}
	return remote
}

// settings are the options with every default filled in.
type settings struct {
	Options
	wantVersion string // as asked for; empty: any
	connectors  []string
	env         environ
	say         func(string)
	passedOver  []error // why a found Spark is not used
}

func (o *Options) settings() (*settings, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("local Spark: %w", err)
	}
	s := &settings{}
	if o != nil {
		s.Options = *o
	}
	s.env = slices.Clone(s.Env)
	if s.Env == nil {
		s.env = os.Environ()
	}
	s.wantVersion = s.Version
	s.Version = cmp.Or(s.Version, DefaultVersion)
	s.Master = cmp.Or(s.Conf[confMaster], s.Master, DefaultMaster)
	s.StartTimeout = cmp.Or(s.StartTimeout, DefaultStartTimeout)
	s.connectors = normalConnectors(s.Connectors)
	s.say = s.Progress
	if s.say == nil {
		s.say = func(string) {}
	}
	return s, nil
}

func (s *settings) fillCacheDir() error {
	s.CacheDir = cmp.Or(s.CacheDir, s.env.get("SPARKPIPE_CACHE"))
	if s.CacheDir == "" {
		base, err := s.env.userCacheDir()
		if err != nil {
			return fmt.Errorf("find the cache folder: %w; set SPARKPIPE_CACHE to a folder", err)
		}
		s.CacheDir = filepath.Join(base, "sparkpipe")
	}
	abs, err := filepath.Abs(s.CacheDir)
	if err != nil {
		return fmt.Errorf("cache folder %s: %w", s.CacheDir, err)
	}
	s.CacheDir = abs
	return nil
}

// passOver notes why a Spark that was found is not used.
func (s *settings) passOver(err error) {
	s.passedOver = append(s.passedOver, err)
	s.say("not used: " + err.Error())
}
