package options_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

func TestNames(t *testing.T) {
	t.Parallel()
	const variable, comment, folder = "Spark replaces ${…} in names", "takes a part of it for a comment", "the way to another one"
	for name, want := range map[string]struct{ read, written string }{
		"t": {}, "db.t": {}, "c.db.`a b`": {}, "`a--b`": {}, "`a/*b`": {"", folder}, "a-b": {}, "": {}, "`a``--b`": {}, "select": {}, "`a.b`": {},
		"c.db.t.`branch_a/b`": {}, "c.db.`branch_/../t`": {"", folder}, "`branch_a/b`": {"", folder},
		"${t}": {variable, variable}, "db.`${t}`": {variable, variable}, "$(t)": {}, "$t": {},
		"a--b": {comment, comment}, "a/*b*/": {comment, comment}, "`a`--b": {comment, comment}, "`a``b`/*": {comment, comment},
		"db.`../t`": {"", folder}, "db.`a/b`": {"", folder}, "`..`.t": {"", folder}, "db.`..`": {"", folder}, "db.`.`": {"", folder}, "db.` .. `": {"", folder},
		"db.`/etc/x`": {"", folder}, "/a/b": {"", folder},
		"delta.`/a/b`": {}, "delta.`s3a://b/a`": {}, "spark_catalog.parquet.`/a`": {}, "DELTA.`/a`": {}, "delta.`/a`.b": {"", folder},
	} {
		requireOne(t, name, want.read, options.Verbatim(name))
		requireOne(t, name, want.written, options.WrittenTable(name))
	}
	require.NoError(t, options.Unsubstituted("a--b"))
}

func requireOne(t *testing.T, name, want string, err error) {
	t.Helper()
	if want == "" {
		require.NoError(t, err, name)
		return
	}
	require.ErrorContains(t, err, want, name)
}

func FuzzWrittenTable(f *testing.F) {
	for _, name := range []string{"a.b", "`a``b`.`..`", "`", "a--", "delta.`/x`", "${"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if options.WrittenTable(name) == nil {
			require.NoError(t, options.Verbatim(name))
		}
	})
}
