package dataflow

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSplitName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"t":                      {"t"},
		"cat.db.t":               {"cat", "db", "t"},
		" db . t ":               {"db", "t"},
		"db.my-table":            {"db", "my-table"},
		"`a.b`.`c``d`.``````":    {"a.b", "c`d", "``"},
		"`DROP TABLE x; --`.ünï": {"DROP TABLE x; --", "ünï"},
		" `a` . ` b ` ":          {"a", " b "},
	} {
		got, err := splitName(name)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
	for _, name := range []string{"", " ", ".", "a.", ".a", "a..b", "``", "a.``", "`a", "`a``", "`a`b", "`a`.", "a`b", "a`b`", "`a` b"} {
		_, err := splitName(name)
		require.Error(t, err, name)
	}
}

func FuzzSplitName(f *testing.F) {
	for _, name := range []string{"t", "a.b", "`a.b`.c", "`a``b`", "`", "a`", "..", " a . `b` "} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name != "" {
			parts, err := splitName(QuoteName(name, "t"))
			require.NoError(t, err)
			require.Equal(t, []string{name, "t"}, parts, "what is quoted is read back")
		}
		parts, err := splitName(name)
		if err != nil {
			return
		}
		again, err := splitName(QuoteName(parts...))
		require.NoError(t, err)
		require.Equal(t, parts, again)
	})
}
