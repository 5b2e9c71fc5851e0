package quality

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func FuzzFolderName(f *testing.F) {
	for _, name := range []string{"", "plain", "../../etc", "a/b\\c", "a%2Fb", "run=1", "\x00", "…ü漢", "\xff\xfe", strings.Repeat("é", 400), "{a,b}*?[c]", ".", ".."} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		folder := folderName(name)
		require.LessOrEqual(t, len(folder), longestName)
		require.NotContains(t, folder, "/")
		require.NotContains(t, folder, `\`)
		require.NotContains(t, folder, "\x00")
		require.True(t, utf8.ValidString(folder))
		if !strings.Contains(folder, "~") { // it can be read back
			back, err := url.PathUnescape(folder)
			require.NoError(t, err)
			require.Equal(t, name, back)
		}
	})
}

func TestWithoutUser(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/a/b":                                  "/a/b",
		"s3a://key:secret@bucket/a?sig=x":       "s3a://bucket/a",
		"abfss://container@account.host/a":      "abfss://container@account.host/a",
		"abfss://user:pass@account.host/a":      "abfss://account.host/a",
		"hdfs://name@host:8020/a@b":             "hdfs://host:8020/a@b",
		"jdbc:postgresql://u:p@h/db?password=x": "jdbc:postgresql://h/db",
	} {
		require.Equal(t, want, withoutUser(path))
	}
}
