package quality

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// longestName is how many bytes the name of a folder may have: 255 are what file
// systems take, and the key stands before it.
const longestName = 200

// folderName writes a name so that it is the name of one folder, as Hive writes the
// values of partitions: what has a meaning in paths and patterns becomes "%" and
// two digits, which Spark reads back. A long name ends with a hash.
func folderName(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); {
		r, size := utf8.DecodeRuneInString(name[i:])
		plain := r > 0x7f && r != utf8.RuneError || r >= 0x20 && r < 0x7f && !strings.ContainsRune("\"#%'*/:=?\\{}[]^,;|<>`$~&+ ", r)
		if plain {
			b.WriteString(name[i : i+size])
		} else {
			for _, c := range []byte(name[i : i+size]) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
		i += size
	}
	out := b.String()
	if len(out) > longestName {
		sum := sha256.Sum256([]byte(name))
		cut := longestName - 2*len(sum) - 1
		for cut > 0 && !utf8.RuneStart(out[cut]) {
			cut--
		}
		out = out[:cut] + "~" + hex.EncodeToString(sum[:])
	}
	return out
}
