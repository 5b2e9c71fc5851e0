package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// memorySize is how Spark writes an amount of memory.
var memorySize = regexp.MustCompile(`^(?i)[0-9]+(b|k|kb|m|mb|g|gb|t|tb|p|pb)?$`)

// spark is the block "spark" with what other forms of the file say about it.
func (b *builder) spark(pipeline string) Spark {
	s := &b.shape.Spark
	at := b.sparkSection()
	out := Spark{
		AppName:    b.appName(at, pipeline),
		Remote:     s.Remote,
		Master:     s.Master,
		Connectors: s.Connectors,
		Conf:       make(map[string]string),

		ReconnectTimeout: s.ReconnectTimeout,
		SessionKeepalive: s.SessionKeepalive,
	}
	if text := s.Remote.Reveal(); wrongRemote(text) && !b.unset {
		pos, path := at.at("remote", "connect_string")
		b.add(pos, path, `want a Spark Connect address that begins with "sc://"`, `for example "sc://localhost:15002"`)
	}
	b.named(at, &out)
	b.mergeConf(&out)
	b.security(at, &out)
	return out
}

// wrongRemote reports whether text is no connection string. Secret references
// are judged elsewhere.
func wrongRemote(text string) bool {
	return text != "" && !strings.HasPrefix(text, "sc://") && !refers(text)
}

func (b *builder) sparkSection() Section {
	f := b.root.field("spark")
	if f == nil || f.Value.Kind != tree.Object {
		return Section{path: "spark", value: &tree.Value{Kind: tree.Object, Pos: b.root.value.Pos}}
	}
	return Section{path: f.Key, value: f.Value}
}

// appName is spark.app_name, or app_name at the root, or the pipeline's name.
func (b *builder) appName(at Section, pipeline string) string {
	root, inner := b.shape.AppName, b.shape.Spark.AppName
	if root != "" && inner != "" && root != inner {
		pos, path := b.root.at("app_name")
		b.add(pos, path, fmt.Sprintf("differs from %s %q", join(at.path, "app_name"), inner), "keep one of them")
	}
	for _, name := range []string{inner, root} {
		if name != "" {
			return name
		}
	}
	return pipeline
}

// namedKey is a key of the block "spark" that stands for a Spark property.
type namedKey struct{ key, property, value string }

// named sets the properties of the named keys that the file writes.
func (b *builder) named(at Section, out *Spark) {
	s := &b.shape.Spark
	b.memory(at, "driver_memory", s.DriverMemory)
	b.memory(at, "executor_memory", s.ExecutorMemory)
	keys := []namedKey{
		{"deploy_mode", "spark.submit.deployMode", s.DeployMode},
		{"driver_memory", "spark.driver.memory", s.DriverMemory},
		{"driver_cores", "spark.driver.cores", number10(s.DriverCores)},
		{"executor_memory", "spark.executor.memory", s.ExecutorMemory},
		{"executor_cores", "spark.executor.cores", number10(s.ExecutorCores)},
		{"num_executors", "spark.executor.instances", number10(s.NumExecutors)},
	}
	dynamic := s.DynamicAllocation != nil && *s.DynamicAllocation
	if s.DynamicAllocation != nil {
		keys = append(keys, namedKey{"dynamic_allocation", "spark.dynamicAllocation.enabled", strconv.FormatBool(dynamic)})
	}
	for _, k := range keys {
		if k.value == "" {
			continue
		}
		if k.key == "num_executors" && dynamic {
			b.warn(join(at.path, k.key) + " is not used, because dynamic_allocation is on")
			continue
		}
		out.Conf[k.property] = k.value
	}
	if s.NumExecutors != nil && *s.NumExecutors < 1 && !dynamic {
		pos, path := at.at("num_executors")
		b.add(pos, path, fmt.Sprintf("must be at least 1, is %d", *s.NumExecutors), "or set dynamic_allocation to true")
	}
}

func (b *builder) memory(at Section, key, value string) {
	if value == "" || memorySize.MatchString(value) || refers(value) || strings.Contains(value, unsetMark) {
		return
	}
	f := at.field(key)
	b.add(f.Value.Pos, join(at.path, f.Key), "want an amount of memory, found "+describe(f.Value),
		`write a whole number and a unit, for example "4g" or "512m"`)
}

func number10(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

// mergeConf lays spark_conf over the named keys. The two places that may hold
// it must not contradict.
func (b *builder) mergeConf(out *Spark) {
	inner, root := b.shape.Spark.Conf, b.shape.SparkConf
	for _, key := range slices.Sorted(maps.Keys(root)) {
		if other, both := inner[key]; both && other != root[key] {
			pos, path := b.root.at("spark_conf")
			b.add(pos, join(path, key), "differs from the value in the block spark", "keep one of them")
		}
	}
	maps.Copy(out.Conf, root)
	maps.Copy(out.Conf, inner)
}
