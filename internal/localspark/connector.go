package localspark

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// artifact is one Maven dependency.
type artifact struct {
	Group, Name, Version string
	Classifier           string
	Exclude              []string // "group:name"; "*:*" leaves out everything it depends on
	// Part says that another artifact of the set depends on it, or on something
	// that holds it, and had that left out.
	Part bool
}

// connector is a set of jars that belong together, with the server settings
// without which they do nothing.
type connector struct {
	// artifacts gives what to fetch for each known Spark version.
	artifacts map[string][]artifact
	// marker is how a jar begins that only this set brings. It tells whether
	// an installed Spark has the set.
	marker string
	// conf is set on the server. Values of spark.sql.extensions of several
	// sets are joined.
	conf map[string]string
}

const (
	sparkGroup = "org.apache.spark"
	anything   = "*:*"

	confMaster           = "spark.master"
	confExtensions       = "spark.sql.extensions"
	confDriverMemory     = "spark.driver.memory"
	confDriverJava       = "spark.driver.extraJavaOptions"
	confDriverClassPath  = "spark.driver.extraClassPath"
	confToken            = "spark.connect.authenticate.token"
	confLocalDir         = "spark.local.dir"
	confAppName          = "spark.app.name"
	coreConnector        = "core"
	tokenProviderKafka   = "spark-token-provider-kafka-0-10_2.13"
	tokenProviderVersion = "4.0.0"
)

// testedVersions are the Spark versions that have been started and asked with
// a real call. Other versions from 4.0.0 on are fetched as well if the Maven
// repository has them.
func testedVersions() []string { return []string{"4.0.0", "4.0.1", "4.1.2", "4.2.0"} }

// releaseArtifacts are the jars without which the Connect server of the version
// answers every release of a session with an error: it touches classes of
// MLlib. What MLlib depends on is not needed for that.
func releaseArtifacts(version string) []string {
	if strings.HasPrefix(version, "4.0.") {
		return []string{"spark-mllib_2.13", "spark-mllib-local_2.13"}
	}
	return nil
}

// forAll gives the same artifacts for several Spark versions.
func forAll(versions []string, of func(spark string) []artifact) map[string][]artifact {
	out := make(map[string][]artifact, len(versions))
	for _, version := range versions {
		out[version] = of(version)
	}
	return out
}

// connectors is the table of the sets. A combination stands here only if it
// has been resolved; docs/local-spark.md says which of them were also run.
func connectors() map[string]connector {
	return map[string]connector{
		"kafka": {
			marker: "spark-sql-kafka-0-10_",
			artifacts: forAll([]string{"4.0.0", "4.0.1"}, func(spark string) []artifact {
				// The token provider is published less often than Spark. That of
				// 4.0.0 serves 4.0.1, if the wanted one is excluded first.
				return []artifact{
					{Group: sparkGroup, Name: "spark-sql-kafka-0-10_2.13", Version: spark, Exclude: []string{sparkGroup + ":" + tokenProviderKafka}},
					{Group: sparkGroup, Name: tokenProviderKafka, Version: tokenProviderVersion},
				}
			}),
		},
		"delta": {
			marker: "delta-spark_",
			artifacts: map[string][]artifact{
				"4.0.0": {{Group: "io.delta", Name: "delta-spark_2.13", Version: "4.0.0"}},
				"4.0.1": {{Group: "io.delta", Name: "delta-spark_2.13", Version: "4.0.1"}},
			},
			conf: map[string]string{
				confExtensions:                    "io.delta.sql.DeltaSparkSessionExtension",
				"spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
			},
		},
		"iceberg": {
			marker: "iceberg-spark-runtime-",
			artifacts: forAll([]string{"4.0.0", "4.0.1"}, func(string) []artifact {
				return []artifact{{Group: "org.apache.iceberg", Name: "iceberg-spark-runtime-4.0_2.13", Version: "1.10.1"}}
			}),
			conf: map[string]string{confExtensions: "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"},
		},
		"avro": {
			marker: "spark-avro_",
			artifacts: forAll([]string{"4.0.0", "4.0.1"}, func(spark string) []artifact {
				return []artifact{{Group: sparkGroup, Name: "spark-avro_2.13", Version: spark}}
			}),
		},
		"postgresql": jdbcDriver("postgresql-", artifact{Group: "org.postgresql", Name: "postgresql", Version: "42.7.8"}),
		"sqlite":     jdbcDriver("sqlite-jdbc-", artifact{Group: "org.xerial", Name: "sqlite-jdbc", Version: "3.50.3.0"}),
		"h2":         jdbcDriver("h2-", artifact{Group: "com.h2database", Name: "h2", Version: "2.3.232"}),
		// What these two depend on is for other protocols and ways to log in.
		"mariadb": jdbcDriver("mariadb-java-client-", artifact{Group: "org.mariadb.jdbc", Name: "mariadb-java-client", Version: "3.5.6", Exclude: []string{anything}}),
		"mysql":   jdbcDriver("mysql-connector-j-", artifact{Group: "com.mysql", Name: "mysql-connector-j", Version: "9.4.0", Exclude: []string{anything}}),
		"s3": {
			marker: "hadoop-aws-",
			artifacts: map[string][]artifact{
				"4.0.0": s3Artifacts("4.0.0", "3.4.1"), "4.0.1": s3Artifacts("4.0.1", "3.4.1"), "4.1.2": s3Artifacts("4.1.2", "3.4.2"),
			},
			conf: s3Conf(),
		},
		"gcs": {
			marker:    "gcs-connector-",
			artifacts: forAll([]string{"4.0.0", "4.0.1"}, gcsArtifacts),
			conf:      gcsConf(),
		},
	}
}

// jdbcDriver is a set of one driver, which does not depend on Spark's version.
func jdbcDriver(marker string, driver artifact) connector {
	return connector{
		marker:    marker,
		artifacts: forAll(testedVersions(), func(string) []artifact { return []artifact{driver} }),
	}
}

// Connectors returns the names of the connector sets that are known for a
// Spark version, sorted.
func Connectors(version string) []string {
	var names []string
	for name, set := range connectors() {
		if _, ok := set.artifacts[version]; ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// normalConnectors sorts, drops repetition and the set "core", which is always
// there.
func normalConnectors(names []string) []string {
	out := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == coreConnector })
	slices.Sort(out)
	return slices.Compact(out)
}

func checkConnectors(version string, names []string) error {
	table := connectors()
	for _, name := range normalConnectors(names) {
		set, ok := table[name]
		if !ok {
			return fmt.Errorf("connector %q: unknown; known are %s", name, strings.Join(slices.Sorted(maps.Keys(table)), ", "))
		}
		if _, ok := set.artifacts[version]; !ok {
			return fmt.Errorf("connector %q: no version of it is known for Spark %s; there is one for %s",
				name, version, strings.Join(slices.Sorted(maps.Keys(set.artifacts)), ", "))
		}
	}
	return nil
}

// connectorConf returns the server settings of the sets.
func connectorConf(names []string) map[string]string {
	table := connectors()
	out := map[string]string{}
	for _, name := range names {
		for key, value := range table[name].conf {
			if have := out[key]; key == confExtensions && have != "" {
				value = have + "," + value
			}
			out[key] = value
		}
	}
	return out
}
