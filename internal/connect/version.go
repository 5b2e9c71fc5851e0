package connect

import (
	"cmp"
	"strconv"
	"strings"
)

// Hazards are what servers of some versions do that a client must not trip
// over. A server whose version is not understood is taken to have them all, so
// code must be right, if slower or stricter, with every field true.
//
// The version cannot tell whether a vendor has mended its own build: a field is
// a reason for care, and never proof of what the server does.
type Hazards struct {
	// AnalyzeRunsCommands: a command that stands in an analysed plan is run, for
	// example a DROP TABLE in the SQL of a relation whose schema is asked. Before
	// 4.1.0 (SPARK-51818).
	AnalyzeRunsCommands bool

	// LateExecuteAccepted: a copy of an ExecutePlan request that arrives after
	// its operation has ended and was released runs again, under the same id. A
	// later server answers INVALID_HANDLE.OPERATION_ABANDONED. Before 4.1.0
	// (SPARK-53492). A copy that arrives before the release is harmless.
	LateExecuteAccepted bool

	// DuplicateExecuteRefused: a copy of an ExecutePlan request of a reattachable
	// operation that was not released yet is answered with
	// INVALID_HANDLE.OPERATION_ALREADY_EXISTS, and ReattachExecute is the way to
	// the result. A later server takes the copy for a reattach. Before 4.0.1
	// (SPARK-52397).
	DuplicateExecuteRefused bool

	// LosesLaterBatches: of a local relation whose Arrow stream has several
	// batches only the first is read, with no error. Before 4.0.1 (SPARK-53342).
	LosesLaterBatches bool

	// ObservedMetricsMayBeMissing: the server waits 100 ms for the metrics of an
	// observed execution and sends them without values when they come later, as
	// on a busy server. Before 4.2.0 (SPARK-54279). No version has values for an
	// observation that the optimizer removes from the plan, so that their absence
	// is never a result.
	ObservedMetricsMayBeMissing bool

	// SQLArgumentsLoseTypes: the arguments of a SQL text are written into it as
	// SQL, which forgets the type of an empty array or map, of a NULL array, and
	// the digits of a decimal beyond those that are written. From 4.1.0 on. A
	// CAST around the parameter restores the type.
	SQLArgumentsLoseTypes bool
}

// Hazards returns the hazards of the server's version.
func (c *Conn) Hazards() Hazards { return HazardsOf(c.Version()) }

// HazardsOf returns the hazards of a Spark version as a server gives it, for
// example "4.0.1", "4.1.0-SNAPSHOT" or "4.0.0.1-databricks".
func HazardsOf(version string) Hazards {
	v, ok := parseVersion(version)
	return Hazards{
		AnalyzeRunsCommands:         !ok || v.before(spark410),
		LateExecuteAccepted:         !ok || v.before(spark410),
		DuplicateExecuteRefused:     !ok || v.before(spark401),
		LosesLaterBatches:           !ok || v.before(spark401),
		ObservedMetricsMayBeMissing: !ok || v.before(spark420),
		SQLArgumentsLoseTypes:       !ok || !v.before(spark410) || v.isOf(spark410),
	}
}

// sparkVersion is a version in numbers. One that precedes the release of its
// numbers, such as a snapshot, may lack anything that the release brings.
type sparkVersion struct {
	major, minor, patch int
	preRelease          bool
}

// The releases that changed what [Hazards] tells.
var (
	spark401 = sparkVersion{major: 4, patch: 1}
	spark410 = sparkVersion{major: 4, minor: 1}
	spark420 = sparkVersion{major: 4, minor: 2}
)

// parseVersion reads the three numbers that a version begins with; the third
// may be absent, which is 0. It reports whether there are any.
func parseVersion(text string) (sparkVersion, bool) {
	numbers, suffix, _ := strings.Cut(strings.TrimSpace(text), "-")
	parts := strings.Split(numbers, ".")
	if len(parts) < 2 {
		return sparkVersion{}, false
	}
	var v sparkVersion
	for i, number := range []*int{&v.major, &v.minor, &v.patch} {
		if i == len(parts) {
			break
		}
		n, err := strconv.ParseUint(parts[i], 10, 31) // unsigned, so that no sign is let through
		if err != nil {
			return sparkVersion{}, false
		}
		*number = int(n)
	}
	v.preRelease = isPreRelease(suffix)
	if len(parts) > 3 {
		v.preRelease = v.preRelease || isPreRelease(parts[3]) // 4.1.0.dev1, as Python packages have it
	}
	return v, true
}

// isPreRelease reports whether what follows the numbers says that the version
// is older than the release. What vendors append does not.
func isPreRelease(suffix string) bool {
	suffix = strings.ToLower(suffix)
	for _, word := range []string{"snapshot", "preview", "rc", "dev", "alpha", "beta"} {
		if strings.HasPrefix(suffix, word) {
			return true
		}
	}
	return strings.HasSuffix(suffix, "snapshot") // amzn-0-SNAPSHOT
}

// before reports whether v is older than a release.
func (v sparkVersion) before(release sparkVersion) bool {
	order := cmp.Or(cmp.Compare(v.major, release.major), cmp.Compare(v.minor, release.minor), cmp.Compare(v.patch, release.patch))
	return order < 0 || order == 0 && v.preRelease
}

// isOf reports whether v has the numbers of a release, as that or before it.
func (v sparkVersion) isOf(release sparkVersion) bool {
	v.preRelease = false
	return v == release
}
