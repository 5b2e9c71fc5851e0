package audit

import "os"

// DefaultEnvironment returns the variables of the process that events show by
// default: where Spark, Hadoop and Java are. None of them usually holds a secret.
func DefaultEnvironment() []string {
	return []string{"SPARK_HOME", "SPARK_CONF_DIR", "HADOOP_HOME", "HADOOP_CONF_DIR", "YARN_CONF_DIR", "JAVA_HOME", "SCALA_HOME", "LANG", "TZ"}
}

// Environment returns those of the named variables that are set, redacted. Others
// are never looked at; names that read like secrets show the replacement.
func (r *Redactor) Environment(names []string) map[string]string {
	out := map[string]string{}
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			out[name] = value
		}
	}
	if len(out) == 0 {
		return nil
	}
	return r.Map(out)
}
