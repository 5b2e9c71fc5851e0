package cli_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/sqldb"
	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/storetest"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
	"github.com/sparkpipe/sparkpipe/secrets"
)

const (
	envAuditURL = "SPARKPIPE_TEST_AUDIT_URL"
	envAuditKey = "SPARKPIPE_TEST_AUDIT_KEY"
)

const auditedTable = `name = orders
secrets { provider = env }
hooks.audit {
  audit_trail_path = "TRAIL"
  required = true
  hmac_key = "secret://env/SPARKPIPE_TEST_AUDIT_KEY"
  sql { url = "${secret:env://SPARKPIPE_TEST_AUDIT_URL}", table = trail, OPTION }
}
components = [{ name = count, type = counter }]
`

// trailTable is a database that trails are written to from configuration files.
type trailTable struct {
	server *storetest.Database
	url    string
	trail  string // the folder of the file
	ran    atomic.Int64
}

// TestTheTrailInADatabase is not parallel: it sets variables.
func TestTheTrailInADatabase(t *testing.T) {
	for scheme, start := range map[string]func(testing.TB) *storetest.Database{"postgres": storetest.PostgresServer, "mysql": storetest.MariaDB} {
		t.Run(scheme, func(t *testing.T) {
			server := start(t)
			u := url.URL{Scheme: scheme, User: url.UserPassword(server.User, server.Password), Host: server.Addr, Path: server.Name}
			d := &trailTable{server: server, url: u.String(), trail: filepath.Join(t.TempDir(), "trail")}
			t.Setenv(envAuditURL, d.url)
			t.Setenv(envAuditKey, auditSecret)
			d.goesOnFromRunToRun(t)
			d.showsWhatWasDone(t)
			d.showsNoPassword(t)
			d.isDown(t)
		})
	}
}

// run runs a pipeline whose trail goes into the table.
func (d *trailTable) run(t *testing.T, option string) outcome {
	t.Helper()
	counter := component.NewFactory(component.Info{Type: "counter"}, func(name string, _ struct{}) (component.PipelineComponent, error) {
		return component.Func(name, func(context.Context, component.Runtime) error { d.ran.Add(1); return nil }), nil
	})
	file := writeFile(t, "p.conf", strings.NewReplacer("TRAIL", d.trail, "OPTION", option).Replace(auditedTable))
	got := sparkpipeWith(t, cli.Options{Factories: []component.Factory{counter}}, "run", file)
	require.NotContains(t, got.both(), d.server.Password)
	return got
}

func (d *trailTable) verify(t *testing.T, args ...string) outcome {
	t.Helper()
	got := sparkpipe(t, append([]string{"audit", "verify", "--sql-url-env", envAuditURL, "--table", "trail", "--key-file", writeFile(t, "key", auditSecret)}, args...)...)
	require.NotContains(t, got.both(), d.server.Password)
	return got
}

func (d *trailTable) goesOnFromRunToRun(t *testing.T) {
	entries := 0
	for n := range 2 {
		got := d.run(t, "")
		require.Equal(t, cli.ExitSucceeded, got.code, got.both())
		text, err := os.ReadFile(filepath.Join(d.trail, audit.DefaultFile))
		require.NoError(t, err)
		require.NotContains(t, string(text), url.PathEscape(d.server.Password))
		entries = strings.Count(string(text), "\n")
		require.GreaterOrEqual(t, entries, 5*(n+1))
		got = d.verify(t)
		require.Equal(t, cli.ExitSucceeded, got.code, got.both())
		require.Contains(t, got.stdout, fmt.Sprintf("%d entries, 1 to %[1]d, signed: nothing was changed", entries), "as many as in the file")
	}
	require.Equal(t, int64(2), d.ran.Load())
	require.Equal(t, cli.ExitUsage, sparkpipe(t, "audit", "verify", "--sql-url-env", envAuditURL, "--table", "trail").code, "a key is needed")
	got := d.verify(t, "--json")
	require.Contains(t, got.stdout, `"ok":true`)
}

// exec does to the database what nobody should.
func (d *trailTable) exec(t *testing.T, statements ...string) {
	t.Helper()
	db, _, err := audit.OpenDatabase(secrets.NewValue(d.url), sqldb.Openers()...)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	for _, statement := range statements {
		_, err = db.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
}

func (d *trailTable) showsWhatWasDone(t *testing.T) {
	d.exec(t, "CREATE TABLE kept AS SELECT * FROM trail", "CREATE TABLE kept_head AS SELECT * FROM trail_head")
	for statement, want := range map[string]string{
		"UPDATE trail SET status = 'failure' WHERE seq = 2":          "trail:2: the columns of row 2 were edited",
		"DELETE FROM trail WHERE seq > 5":                            "trail:5: entries are missing at the end",
		"DELETE FROM trail WHERE seq = 3":                            "trail:3: entry 3 is missing before this line",
		"DELETE FROM trail_head":                                     "trail_head:1: the head of the table is missing",
		"UPDATE trail_head SET seq = 0, hash = '', mac = ''":         "trail_head:1: the head of the table was set back",
		"UPDATE trail SET line = replace(line, 'orders', 'ordered')": "entry 1 was edited",
	} {
		d.exec(t, statement)
		got := d.verify(t)
		require.Equal(t, cli.ExitFailed, got.code, statement)
		require.Contains(t, got.stdout, want, statement)
		d.exec(t, "DELETE FROM trail", "INSERT INTO trail SELECT * FROM kept", "DELETE FROM trail_head", "INSERT INTO trail_head SELECT * FROM kept_head")
	}
	require.Equal(t, cli.ExitSucceeded, d.verify(t).code)
	got := d.verify(t, "--table", "nowhere")
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.stderr, "read the head of the audit table nowhere")
}

func (d *trailTable) showsNoPassword(t *testing.T) {
	u, err := url.Parse(d.url)
	require.NoError(t, err)
	u.User = url.UserPassword(d.server.User, canary)
	t.Setenv(envAuditURL, u.String())
	defer func() { require.NoError(t, os.Setenv(envAuditURL, d.url)) }()
	before := d.ran.Load()
	got := d.run(t, "")
	require.Equal(t, cli.ExitFailed, got.code)
	require.Equal(t, before, d.ran.Load(), "nothing has started")
	require.Contains(t, got.stderr, "write to the audit table trail")
	verified := d.verify(t)
	require.Equal(t, cli.ExitFailed, verified.code)
	trail, err := os.ReadFile(filepath.Join(d.trail, audit.DefaultFile))
	require.NoError(t, err)
	requireNoCanary(t, got.stdout, got.stderr, verified.stdout, verified.stderr, string(trail))
}

func (d *trailTable) isDown(t *testing.T) {
	d.server.Stop(t)
	before := d.ran.Load()
	got := d.run(t, "")
	require.Equal(t, cli.ExitFailed, got.code)
	require.Equal(t, before, d.ran.Load(), "nothing has started")
	require.Contains(t, got.stderr, "audit: store config_loaded")
	got = d.run(t, "required = false")
	require.Equal(t, cli.ExitSucceeded, got.code, got.both())
	require.Equal(t, before+1, d.ran.Load())
	require.Contains(t, got.stderr, "audit events lost")
}

func TestAuditVerifyOfATableThatCannotBeNamed(t *testing.T) {
	t.Setenv("SPARKPIPE_TEST_AUDIT_OTHER", "oracle://u:"+auditSecret+"@h/d")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--sql-url-env", "SPARKPIPE_TEST_NOWHERE"}, "--sql-url-env: the environment variable SPARKPIPE_TEST_NOWHERE is not set"},
		{[]string{"--sql-url-env", ""}, "--sql-url-env: it is empty"},
		{[]string{"--sql-url-env", "X", "a.jsonl"}, "--sql-url-env and files exclude each other"},
		{[]string{"--table", "t", "a.jsonl"}, "--table needs --sql-url-env"},
		{[]string{"--sql-url-env", "SPARKPIPE_TEST_AUDIT_OTHER"}, "SPARKPIPE_TEST_AUDIT_OTHER: there is no database for oracle://; known are postgres://…"},
	} {
		got := sparkpipe(t, append([]string{"audit", "verify"}, test.args...)...)
		require.Equal(t, cli.ExitUsage, got.code, got.both())
		require.Contains(t, got.stderr, test.want)
		require.NotContains(t, got.both(), auditSecret)
	}
}
