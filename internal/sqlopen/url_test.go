package sqlopen_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sparkpipe/sparkpipe/internal/sqlopen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func ExampleParse() {
	u, err := sqlopen.Parse("postgres://etl:pass@db.example.com/runs?sslmode=require", "postgres", "postgresql")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sqlopen.Place(u))
	// Output: postgres://db.example.com/runs
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                             "want a://user@host/database",
		"a:opaque":                     "want a://user@host/database",
		"b://canary@h":                 "want a://user@host/database",
		"a://u:canary@h:x/d":           "it is not a URL; want a://user@host/database",
		"a://u:canary@h/d#":            "write %23",
		"a://u:12/canary@h/d":          `it has a "@" behind the host`,
		"a://u:12?canary@h/d":          `it has a "@" behind the host`,
		"a://u:canary@h/d?canary":      "cannot be read",
		"a://u:canary@h/d?x=%zzcanary": "cannot be read",
	} {
		_, err := sqlopen.Parse(text, "a")
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "canary")
	}
	u, err := sqlopen.Parse("A://u%40x:p@w@h:1/d%40e?k=v%40&&l=", "a")
	require.NoError(t, err)
	query, err := sqlopen.Query(u)
	require.NoError(t, err)
	require.Equal(t, "v@", query.Get("k"))
	require.Equal(t, "u@x", u.User.Username())
}

func FuzzParse(f *testing.F) {
	f.Add("postgres://u:p@h/d?x=y")
	f.Add("a://u:12/canary@h")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := sqlopen.Parse(text, "postgres", "a")
		if err != nil {
			return
		}
		db, err := sqlopen.Postgres(u, 1)
		if err == nil {
			require.NoError(t, db.Close())
		}
	})
}
