package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/audittest"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
	"github.com/sparkpipe/sparkpipe/secrets"
)

const auditSecret = "0123456789abcdef"

// auditLog writes a log of ten entries.
func auditLog(t *testing.T, opts *audit.FileOptions) string {
	t.Helper()
	sink, err := audit.NewFileSink(filepath.Join(t.TempDir(), audit.DefaultFile), opts)
	require.NoError(t, err)
	for n := range 10 {
		require.NoError(t, sink.Write(t.Context(), audittest.Event(n)))
	}
	require.NoError(t, sink.Close(t.Context()))
	return sink.Path()
}

func rewrite(t *testing.T, file string, change func(lines []string) []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := change(strings.SplitAfter(string(text), "\n"))
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "")), 0o600))
}

func TestAuditVerify(t *testing.T) {
	t.Parallel()
	file := auditLog(t, nil)
	got := sparkpipe(t, "audit", "verify", file)
	require.Equal(t, cli.ExitSucceeded, got.code, got.both())
	require.Regexp(t, `^10 entries, 1 to 10, hashed: nothing was changed\nhead 10:sha256:[0-9a-f]{64}\n$`, got.stdout)
	require.Empty(t, got.stderr)
	require.Equal(t, got, sparkpipe(t, "audit", "verify", filepath.Dir(file)), "the folder is the same")
	head := strings.TrimSpace(strings.Split(got.stdout, "head ")[1])

	rewrite(t, file, func(lines []string) []string { return append(lines[:3:3], lines[4:8]...) })
	got = sparkpipe(t, "audit", "verify", file)
	require.Equal(t, cli.ExitFailed, got.code)
	require.Equal(t, file+":4: entry 4 is missing before this line\n"+file+":7: entries are missing at the end: the last one is 8, and the head is 10\n"+
		"7 entries, 1 to 8, hashed: 2 problems\n", got.stdout)
	require.Empty(t, got.stderr)

	got = sparkpipe(t, "audit", "verify", file, "--json", "--partial")
	require.Equal(t, cli.ExitFailed, got.code)
	var report struct {
		OK bool
		audit.Report
	}
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &report))
	require.False(t, report.OK)
	require.Equal(t, audit.KindDeleted, report.Problems[0].Kind)
	require.Equal(t, int64(4), report.Problems[0].Line)
	require.False(t, report.HeadChecked)

	rewrite(t, file, func([]string) []string { return nil })
	require.NoError(t, os.Remove(file+".head"))
	got = sparkpipe(t, "audit", "verify", file, "--head", head)
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.stdout, "the last one is 0, and the head is 10")
}

func TestAuditVerifyOfAPart(t *testing.T) {
	t.Parallel()
	file := auditLog(t, nil)
	rewrite(t, file, func(lines []string) []string { return lines[4:7] })
	got := sparkpipe(t, "audit", "verify", file, "--partial")
	require.Equal(t, cli.ExitSucceeded, got.code, got.both())
	require.Contains(t, got.stdout, "3 entries, 5 to 7, hashed: nothing was changed\nno head was looked at")
}

func TestAuditVerifyWithAKey(t *testing.T) {
	t.Parallel()
	file := auditLog(t, &audit.FileOptions{Key: secrets.NewValue(auditSecret)})
	keyFile := writeFile(t, "key", auditSecret+"\n")
	got := sparkpipe(t, "audit", "verify", file, "--key-file", keyFile)
	require.Equal(t, cli.ExitSucceeded, got.code, got.both())
	require.Contains(t, got.stdout, "signed: nothing was changed")
	got = sparkpipe(t, "audit", "verify", file)
	require.Equal(t, cli.ExitUsage, got.code)
	require.Contains(t, got.stderr, "its entries are signed, and there is no key; give it with --key-file")
	got = sparkpipe(t, "audit", "verify", file, "--key-file", writeFile(t, "key", "another key of ours"))
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.stdout, "entry 1 was edited")
	require.NotContains(t, got.both(), auditSecret)
}

func TestWrongUsageOfAudit(t *testing.T) {
	t.Parallel()
	file := auditLog(t, nil)
	empty := writeFile(t, "empty", "\n")
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"audit"}, cli.ExitUsage, "Available Commands:"},
		{[]string{"audit", "verfy"}, cli.ExitUsage, `unknown command "verfy"; did you mean "verify"?`},
		{[]string{"audit", "verify"}, cli.ExitUsage, "verify takes one file or more, got 0 arguments"},
		{[]string{"audit", "verify", file, "--head", "x"}, cli.ExitUsage, `--head: head "x": want SEQ:HASH`},
		{[]string{"audit", "verify", file, "--key-file", empty}, cli.ExitUsage, "--key-file: " + empty + " is empty"},
		{[]string{"audit", "verify", file, "--key-file", file + ".none"}, cli.ExitUsage, "--key-file: open "},
		{[]string{"audit", "verify", file + ".none"}, cli.ExitFailed, "verify an audit log: "},
	} {
		got := sparkpipe(t, test.args...)
		require.Equal(t, test.code, got.code, "%q: %s", test.args, got.both())
		require.Contains(t, got.both(), test.want)
	}
}
