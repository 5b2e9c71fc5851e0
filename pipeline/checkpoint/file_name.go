package checkpoint

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

const (
	filePrefix  = "run-"
	recordFile  = ".json"
	lockFile    = ".lock"
	guardFile   = ".guard"
	tempFile    = ".saving"
	maxFileStem = 180
)

// fileStem returns the name of the run's files without their ending. Lower-case
// letters, digits, "-" and "_" stay and every other byte becomes "%" and two
// digits, so that no id leaves the folder, none is hidden, and two ids have two
// names also where case does not count. The prefix keeps clear of the names that
// Windows reserves. A long name ends with a hash behind a "~", which no other
// name has.
func fileStem(runID string) string {
	var stem strings.Builder
	for _, b := range []byte(runID) {
		if b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-' || b == '_' {
			stem.WriteByte(b)
			continue
		}
		fmt.Fprintf(&stem, "%%%02x", b)
	}
	name := stem.String()
	if len(name) > maxFileStem {
		sum := sha256.Sum256([]byte(runID))
		name = name[:maxFileStem-65] + "~" + hex.EncodeToString(sum[:])
	}
	return filePrefix + name
}
