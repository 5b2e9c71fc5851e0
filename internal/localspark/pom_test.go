package localspark_test

import (
	"encoding/xml"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

type pomFile struct {
	Packaging    string          `xml:"packaging"`
	Dependencies []pomDependency `xml:"dependencies>dependency"`
}

type pomDependency struct {
	Group      string         `xml:"groupId"`
	Name       string         `xml:"artifactId"`
	Version    string         `xml:"version"`
	Classifier string         `xml:"classifier"`
	Exclusions []pomExclusion `xml:"exclusions>exclusion"`
}

type pomExclusion struct {
	Group string `xml:"groupId"`
	Name  string `xml:"artifactId"`
}

func (d pomDependency) String() string {
	parts := []string{d.Group, d.Name, d.Version}
	if d.Classifier != "" {
		parts = append(parts, d.Classifier)
	}
	text := strings.Join(parts, ":")
	for _, not := range d.Exclusions {
		text += " -" + not.Group + ":" + not.Name
	}
	return text
}

func TestPOM(t *testing.T) {
	t.Parallel()
	core := func(version string) []string {
		return []string{"org.apache.spark:spark-connect_2.13:" + version, "org.apache.spark:spark-sql_2.13:" + version}
	}
	core40 := func(version string) []string {
		return append(core(version), "org.apache.spark:spark-mllib_2.13:"+version+" -*:*", "org.apache.spark:spark-mllib-local_2.13:"+version+" -*:*")
	}
	aws := func(module string) string {
		return "software.amazon.awssdk:" + module + ":2.29.52 -io.netty:* -org.slf4j:* -commons-logging:* -commons-codec:*"
	}
	tests := map[string]struct {
		version string
		sets    []string
		want    []string
	}{
		"core":         {"4.0.1", nil, core40("4.0.1")},
		"core by name": {"4.0.1", []string{"core"}, core40("4.0.1")},
		"newer Spark":  {"4.2.0", nil, core("4.2.0")},
		"kafka takes the token provider of 4.0.0": {"4.0.1", []string{"kafka"}, append(
			core40("4.0.1"),
			"org.apache.spark:spark-sql-kafka-0-10_2.13:4.0.1 -org.apache.spark:spark-token-provider-kafka-0-10_2.13",
			"org.apache.spark:spark-token-provider-kafka-0-10_2.13:4.0.0",
		)},
		"delta follows Spark": {"4.0.0", []string{"delta"}, append(core40("4.0.0"), "io.delta:delta-spark_2.13:4.0.0")},
		"gcs is shaded": {"4.0.1", []string{"gcs"}, append(
			core40("4.0.1"),
			"com.google.cloud.bigdataoss:gcs-connector:hadoop3-2.2.28:shaded -*:*",
		)},
		"several, sorted, once each": {"4.0.1", []string{"s3", "avro", "s3", "sqlite", "h2", "postgresql", "iceberg"}, append(
			core40("4.0.1"),
			"org.apache.spark:spark-avro_2.13:4.0.1",
			"com.h2database:h2:2.3.232",
			"org.apache.iceberg:iceberg-spark-runtime-4.0_2.13:1.10.1",
			"org.postgresql:postgresql:42.7.8",
			"org.apache.hadoop:hadoop-aws:3.4.1 -*:*",
			"org.apache.spark:spark-hadoop-cloud_2.13:4.0.1 -*:*",
			aws("s3-transfer-manager"), aws("s3"), aws("sts"), aws("sso"), aws("ssooidc"), aws("apache-client"), aws("netty-nio-client"),
			"org.xerial:sqlite-jdbc:3.50.3.0",
		)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := localspark.POM(test.version, test.sets)
			require.NoError(t, err)
			var pom pomFile
			require.NoError(t, xml.Unmarshal(text, &pom))
			require.Equal(t, "pom", pom.Packaging)
			got := make([]string, len(pom.Dependencies))
			for i, dependency := range pom.Dependencies {
				got[i] = dependency.String()
			}
			require.Equal(t, test.want, got)
		})
	}
}

func TestPOM_everyKnownCombination(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.0.0", "4.0.1", "4.1.2", "4.2.0"} {
		names := localspark.Connectors(version)
		require.True(t, slices.IsSorted(names))
		text, err := localspark.POM(version, names)
		require.NoError(t, err)
		require.NoError(t, xml.Unmarshal(text, &pomFile{}))
	}
	require.Empty(t, localspark.Connectors("9.9.9"))
}

func TestPOM_doesNotLetTextIntoTheXML(t *testing.T) {
	t.Parallel()
	text, err := localspark.POM("4.0.1</version><x>", nil)
	require.NoError(t, err)
	require.Contains(t, string(text), "<version>4.0.1&lt;/version&gt;&lt;x&gt;</version>")
}

func TestPOM_unknownConnector(t *testing.T) {
	t.Parallel()
	_, err := localspark.POM("4.0.1", []string{"protobuf"})
	require.EqualError(t, err, `write the Maven project: connector "protobuf": unknown; `+
		"known are avro, delta, gcs, h2, iceberg, kafka, mariadb, mysql, postgresql, s3, sqlite")
}
