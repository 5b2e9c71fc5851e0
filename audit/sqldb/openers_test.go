package sqldb_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/sqldb"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func ExampleOpeners() {
	db, dialect, err := audit.OpenDatabase(secrets.NewValue("mysql://etl:pass@db.example.com/ops?tls=true"), sqldb.Openers()...)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	fmt.Println(dialect)

	_, _, err = audit.OpenDatabase(secrets.NewValue("oracle://etl:pass@db.example.com/ops"), sqldb.Openers()...)
	fmt.Println(err)
	// Output:
	// mysql
	// there is no database for oracle://; known are postgres://…, postgresql://…, mysql://…, mariadb://…
}

func TestOpenersTakeURLs(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]audit.Dialect{
		"postgres://etl:p%40ss@db:5432/ops?sslmode=require": audit.DialectPostgres,
		"postgresql://db/ops?user=a%40b":                    audit.DialectPostgres,
		"POSTGRES://etl@db/ops":                             audit.DialectPostgres,
		"mysql://etl:p@ss@db/ops":                           audit.DialectMySQL,
		"mariadb://etl:p%2Fw@[::1]:3307/ops?tls=skip-verify&timeout=3s&readTimeout=1m&collation=utf8mb4_bin": audit.DialectMySQL,
		"mysql:///ops": audit.DialectMySQL,
	} {
		db, dialect, err := audit.OpenDatabase(secrets.NewValue(location), sqldb.Openers()...)
		require.NoError(t, err, location)
		require.Equal(t, want, dialect)
		require.NoError(t, db.Close())
	}
}

func TestOpenersRefuse(t *testing.T) {
	t.Parallel()
	noPEM := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(noPEM, []byte("none"), 0o600))
	for location, want := range map[string]string{
		"":                                      "it is not a URL of a database; known are postgres://…, postgresql://…, mysql://…, mariadb://…",
		"canary":                                "it is not a URL of a database",
		"etl:canary@tcp(db)/ops":                "it is not a URL of a database",
		"host=db password=canary":               "it is not a URL of a database",
		"sqlite://canary":                       "there is no database for sqlite://; known are postgres",
		"mysql://u:canary@h:port/d":             "it is not a URL; want mysql://user@host/database",
		"mysql://u:can ary%zz@h/d":              "it is not a URL",
		"mysql://u:4711/canary@h/d":             `it has a "@" behind the host`,
		"mysql://u:4711?canary@h/d":             `it has a "@" behind the host`,
		"postgres://u:4711/canary@h/d":          `it has a "@" behind the host`,
		"postgres://u:canary@h/d?x=canary@y":    `it has a "@" behind the host`,
		"mysql://u:canary@h/d#x":                "write %23",
		"mysql://u:canary@h/d#":                 "write %23",
		"mysql://u:canary@h":                    "it names no database",
		"mysql://u:canary@h/a/b":                "it names no database",
		"mysql://u:canary@h/d?a;b":              "cannot be read",
		"mysql://u:canary@h/d?can9ary=1":        `the parameter behind the "?" is not known; known are tls, `,
		"mysql://u:canary@h/d?sql_mode=canary":  `the parameter "sql_mode" is not known`,
		"mysql://u:canary@h/d?tls=canary":       "the parameter tls has a value that the driver does not take",
		"mysql://u:canary@h/d?timeout=canary":   "the parameter timeout has a value",
		"mysql://u:canary@h/d?tls_ca=/nowhere":  "the parameter tls_ca: open /nowhere",
		"mysql://u:canary@h/d?tls_ca=" + noPEM:  "holds no certificate in PEM",
		"postgres://u:canary@h:port/d":          "it is not a URL; want postgres://user@host/database",
		"postgres://u:canary@h/d?sslmode=maybe": "sslmode is invalid",
		"postgres://u:canary@h/d?a;b":           "cannot be read",
		"postgres://u:canary@h/d?canary":        "cannot be read",
	} {
		db, _, err := audit.OpenDatabase(secrets.NewValue(location), sqldb.Openers()...)
		require.ErrorContains(t, err, want, location)
		require.NotContains(t, err.Error(), "canary", location)
		require.Nil(t, db)
	}
}
