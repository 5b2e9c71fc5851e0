package localspark

import (
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// moduleFlags open the parts of Java that Spark reaches into by reflection.
func moduleFlags() []string {
	packages := []string{
		"java.base/java.lang", "java.base/java.lang.invoke", "java.base/java.lang.reflect", "java.base/java.io",
		"java.base/java.net", "java.base/java.nio", "java.base/java.util", "java.base/java.util.concurrent",
		"java.base/java.util.concurrent.atomic", "java.base/jdk.internal.ref", "java.base/sun.nio.ch",
		"java.base/sun.nio.cs", "java.base/sun.security.action", "java.base/sun.util.calendar",
		"java.security.jgss/sun.security.krb5",
	}
	flags := []string{"-XX:+IgnoreUnrecognizedVMOptions", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError"}
	for _, name := range packages {
		flags = append(flags, "--add-opens="+name+"=ALL-UNNAMED")
	}
	return append(flags, "-Djdk.reflect.useDirectMethodHandle=false", "-Dio.netty.tryReflectionSetAccessible=true")
}

// logConfig keeps the log small: warnings, and the one line that names the
// port. spark.log.level changes the level as ever.
const logConfig = `status = error
appender.out.type = Console
appender.out.name = out
appender.out.target = SYSTEM_OUT
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.connect.name = org.apache.spark.sql.connect.service.SparkConnectServer
logger.connect.level = info
logger.native.name = org.apache.hadoop.util.NativeCodeLoader
logger.native.level = error
`

// launchSpec is one start of the server.
type launchSpec struct {
	java    *javaTool
	from    *installation
	env     environ
	conf    map[string]string // wins over the settings made here
	master  string
	sets    []string
	archive []string // JVM options for the archive of classes
}

// dataDir is the part of the run's folder that is of no use without the server.
func dataDir(dir string) string { return filepath.Join(dir, "data") }

// prepare writes the files of a start into dir and returns the command.
func (l *launchSpec) prepare(dir string) ([]string, error) {
	data := dataDir(dir)
	if err := os.MkdirAll(filepath.Join(data, "tmp"), 0o700); err != nil {
		return nil, err
	}
	args := filepath.Join(data, "java.args")
	files := map[string]string{
		filepath.Join(data, "log4j2.properties"): logConfig,
		filepath.Join(data, "spark.conf"):        propertiesText(l.properties(data)),
		args:                                     argsText(l.arguments(data)),
	}
	for file, text := range files {
		// Settings can hold keys of object stores: for this user only, and in a
		// file because everybody can read a command line.
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return []string{l.java.path, "@" + args}, nil
}

// properties are the settings of Spark, without what is a session's.
func (l *launchSpec) properties(data string) map[string]string {
	props := map[string]string{
		confMaster:                           l.master,
		confAppName:                          "sparkpipe",
		"spark.connect.grpc.binding.address": "127.0.0.1",
		"spark.connect.grpc.binding.port":    "0",
		"spark.ui.enabled":                   "false",
		"spark.ui.showConsoleProgress":       "false",
		"spark.sql.warehouse.dir":            filepath.Join(data, "warehouse"),
	}
	if isLocal(l.master) {
		props["spark.driver.host"] = "127.0.0.1"
		props["spark.driver.bindAddress"] = "127.0.0.1"
	}
	maps.Copy(props, connectorConf(l.sets))
	for key, value := range l.conf {
		if strings.HasPrefix(key, "spark.") {
			props[key] = value
		}
	}
	return props
}

// arguments is everything after "java".
func (l *launchSpec) arguments(data string) []string {
	args := moduleFlags()
	args = append(args, l.archive...)
	if memory := l.conf[confDriverMemory]; memory != "" {
		args = append(args, "-Xmx"+heapSize(memory))
	}
	args = append(args,
		"-Djava.io.tmpdir="+filepath.Join(data, "tmp"),
		"-Dderby.system.home="+filepath.Join(data, "metastore"),
		"-Dlog4j2.configurationFile="+filepath.Join(data, "log4j2.properties"))
	args = append(args, splitOptions(l.conf[confDriverJava])...)
	submit := []string{"--properties-file", filepath.Join(data, "spark.conf")}
	confDir := ""
	if l.from.origin == OriginSparkHome {
		if confDir = l.env.get("SPARK_CONF_DIR"); confDir == "" {
			confDir = filepath.Join(l.from.home, "conf")
		}
		submit = append(submit, "--load-spark-defaults")
	}
	args = append(args, "-cp", l.from.classPath(l.conf[confDriverClassPath], confDir),
		"org.apache.spark.deploy.SparkSubmit", "--class", "org.apache.spark.sql.connect.service.SparkConnectServer")
	return append(append(args, submit...), "spark-internal")
}

// environment is what Java runs with. A setting that would turn the server into
// a client of another one is left out.
func (l *launchSpec) environment(data string) []string {
	add := []string{"SPARK_HOME=" + l.from.home, "SPARK_SCALA_VERSION=2.13"}
	drop := []string{"SPARK_REMOTE", "SPARK_HOME", "SPARK_SCALA_VERSION", "SPARK_CONNECT_MODE", "MASTER"}
	if isLocal(l.master) {
		add = append(add, "SPARK_LOCAL_IP=127.0.0.1")
		drop = append(drop, "SPARK_LOCAL_IP")
	}
	if l.conf[confLocalDir] == "" && l.env.get("SPARK_LOCAL_DIRS") == "" {
		// Spark warns about the setting of the same meaning.
		add = append(add, "SPARK_LOCAL_DIRS="+filepath.Join(data, "scratch"))
	}
	return l.env.with(drop, add...)
}

// isLocal reports whether all of Spark runs on this machine.
func isLocal(master string) bool {
	return master == "local" || strings.HasPrefix(master, "local[") || strings.HasPrefix(master, "local-cluster[")
}

// heapSize turns Spark's "2gb" into Java's "2g". A bare number is MiB for
// Spark.
func heapSize(memory string) string {
	memory = strings.TrimRight(strings.ToLower(memory), "b")
	if _, err := strconv.Atoi(memory); err == nil {
		return memory + "m"
	}
	return memory
}
