package localspark

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrNoJava is in the chain of the error when no Java of at least version
	// 17 was found.
	ErrNoJava = errors.New("no usable Java")

	// ErrNoMaven is in the chain of the error when Spark has to be fetched and
	// there is no mvn command.
	ErrNoMaven = errors.New("no Maven")

	// ErrUnsupported is in the chain of the error on a platform that the
	// embedded server does not run on.
	ErrUnsupported = errors.New("the embedded Spark server runs on Linux, macOS and the BSDs only; set SPARK_REMOTE to a running server")

	// ErrNotReady is in the chain of a [*StartError] when the server did not
	// answer within [Options.StartTimeout].
	ErrNotReady = errors.New("no answer in time")
)

// FetchError says that Maven could not fetch the jars.
type FetchError struct {
	// Version is the Spark version, Connectors the sets that were asked for.
	Version    string
	Connectors []string
	// Tail holds the last lines that Maven printed.
	Tail []string
	// Err is the cause.
	Err error
}

// Error implements error. It has several lines.
func (e *FetchError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "fetch Spark %s%s with Maven: %v", e.Version, withConnectors(e.Connectors), e.Err)
	writeTail(&b, "last lines of Maven", e.Tail)
	if hint := fetchHint(strings.Join(e.Tail, "\n")); hint != "" {
		b.WriteString("\nhint: " + hint)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *FetchError) Unwrap() error { return e.Err }

// StartError says that the server did not come up.
type StartError struct {
	// Version is the Spark version as far as it is known, Origin where its
	// jars are from.
	Version string
	Origin  Origin
	// LogFile is the server's log. It is left on disk.
	LogFile string
	// Tail holds the last lines of the log.
	Tail []string
	// Err is the cause.
	Err error
}

// Error implements error. It has several lines.
func (e *StartError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "start Spark %s (from %s): %v", e.Version, e.Origin, e.Err)
	if e.LogFile != "" {
		writeTail(&b, "last lines of "+e.LogFile, e.Tail)
	}
	if hint := startHint(strings.Join(e.Tail, "\n")); hint != "" {
		b.WriteString("\nhint: " + hint)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *StartError) Unwrap() error { return e.Err }

// fetchHint is startHint for Maven.
func fetchHint(text string) string {
	switch {
	case strings.Contains(text, "Unknown host"):
		return "an artifact that the repository does not have can show up as \"Unknown host\" of a fallback mirror; " +
			"check that the version exists there before you look at the network"
	case strings.Contains(text, "Could not find artifact"), strings.Contains(text, "was not found in"):
		return "the Maven repository does not have it; tried versions are " + strings.Join(testedVersions(), ", ")
	}
	return ""
}

// startHint knows the faces of the usual mistakes. It only adds advice to a
// text for people; nothing is decided by it.
func startHint(log string) string {
	switch {
	case strings.Contains(log, "Address already in use"), strings.Contains(log, "BindException"):
		return "the port is taken; leave spark.connect.grpc.binding.port unset to have a free one chosen"
	case strings.Contains(log, "getSubject is"), strings.Contains(log, "Security Manager is"):
		return "this Java is newer than this Spark can use; set JAVA_HOME to a Java 17 or 21"
	case strings.Contains(log, "Could not reserve enough space"), strings.Contains(log, "Invalid maximum heap size"):
		return "the machine does not have the memory that is asked for; lower spark.driver.memory"
	case strings.Contains(log, "All masters are unresponsive"):
		return "the master of the cluster did not answer at the address given as master"
	}
	return ""
}

func writeTail(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:", title)
	for _, line := range lines {
		b.WriteString("\n  " + line)
	}
}

func withConnectors(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}
