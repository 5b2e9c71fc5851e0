package localspark

// awsVersion is the AWS SDK that Hadoop 3.4.2 is made with. That of 3.4.1 is an
// older one, of which the transfer manager is not to be had.
const awsVersion = "2.29.52"

// s3Artifacts are hadoop-aws of the version of Hadoop that Spark has, and the
// modules of the AWS SDK that it calls, 12 MB. What hadoop-aws depends on is one
// jar of 534 MB with all of them, which besides brings an old SLF4J that hides the
// one of Spark: such a server writes no log, so nobody learns its port.
func s3Artifacts(spark, hadoop string) []artifact {
	set := []artifact{
		{Group: "org.apache.hadoop", Name: "hadoop-aws", Version: hadoop, Exclude: []string{anything}},
		// It has the classes for committers of the store, which are an opt-in.
		{Group: sparkGroup, Name: "spark-hadoop-cloud_2.13", Version: spark, Exclude: []string{anything}},
	}
	for _, module := range []string{"s3-transfer-manager", "s3", "sts", "sso", "ssooidc", "apache-client", "netty-nio-client"} {
		set = append(set, artifact{
			Group: "software.amazon.awssdk", Name: module, Version: awsVersion, Part: true,
			// Spark has these itself.
			Exclude: []string{"io.netty:*", "org.slf4j:*", "commons-logging:*", "commons-codec:*"},
		})
	}
	return set
}

// gcsArtifacts are the connector with all that it depends on, renamed inside of it.
func gcsArtifacts(string) []artifact {
	return []artifact{{
		Group: "com.google.cloud.bigdataoss", Name: "gcs-connector", Version: "hadoop3-2.2.28",
		Classifier: "shaded", Exclude: []string{anything},
	}}
}

// The protocol by which Spark commits files stays its own in both sets:
// PathOutputCommitProtocol of spark-hadoop-cloud, which the committers of stores
// want, leaves the old files there when it overwrites single partitions, on every
// file system, and says nothing.

// gcsConf has tasks write where Spark takes their files from. Hadoop 3.4 has another
// committer for Google Cloud Storage, with which every write of CSV, JSON and ORC
// fails under Spark's own protocol.
func gcsConf() map[string]string {
	return map[string]string{
		"spark.hadoop.mapreduce.outputcommitter.factory.scheme.gs": "org.apache.hadoop.mapreduce.lib.output.FileOutputCommitterFactory",
	}
}

// s3Conf has s3:// mean the same as s3a://, and gives up a store that does not
// answer after seconds, where Hadoop tries on for minutes.
func s3Conf() map[string]string {
	return map[string]string{
		"spark.hadoop.fs.s3.impl":                                  "org.apache.hadoop.fs.s3a.S3AFileSystem",
		"spark.hadoop.fs.s3a.attempts.maximum":                     "1",
		"spark.hadoop.fs.s3a.retry.limit":                          "2",
		"spark.hadoop.mapreduce.outputcommitter.factory.scheme.s3": "org.apache.hadoop.fs.s3a.commit.S3ACommitterFactory",
	}
}
