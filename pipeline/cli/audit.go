package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/sqldb"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func (a *app) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Verify audit logs",
		Args:  knownCommand,

		SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmd.Help(); err != nil {
				return err
			}
			return &exitError{code: ExitUsage}
		},
	}
	cmd.AddCommand(a.auditVerifyCommand())
	return cmd
}

// auditFlags are the flags of the command audit verify.
type auditFlags struct {
	keyFile, head string
	urlEnv, table string
	partial       bool
}

func (a *app) auditVerifyCommand() *cobra.Command {
	var flags auditFlags
	cmd := &cobra.Command{
		Use:   "verify [FILE...]",
		Short: "Tell whether an audit log is as it was written",
		Long: `Reads an audit log and tells which entries were edited, deleted, moved, repeated or
cut off after they were written. With one file, those that were put aside of it
(audit-NUMBER.jsonl) are verified with it; with a folder, audit.jsonl in it. Several
files are taken for one log in the order given.

The log must begin with entry 1, unless an entry tells that older ones were removed,
and must reach the head that stands beside it (FILE.head). Who can write the file can
write its head, too: give with --head the one that an earlier verification has
printed, from a place that the writer of the log does not reach.

With --sql-url-env it reads the table of hooks.audit.sql instead, in the database
whose URL is in that environment variable. Its head is in the table NAME_head, and the
columns of each row must say what the entry says.

Exit codes: 0 nothing was changed, 1 something was, or the log cannot be read, 64
wrong usage.`,
		Args: auditArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.auditVerify(cmd.Context(), args, flags) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return []cobra.Completion{"jsonl"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	a.jsonFlag(cmd, "print the report as one JSON object")
	cmd.Flags().StringVar(&flags.keyFile, "key-file", "", "file with the key (hooks.audit.hmac_key) of a log that is signed")
	cmd.Flags().StringVar(&flags.head, "head", "", "SEQ:HASH that the log must have reached, instead of that beside it")
	cmd.Flags().BoolVar(&flags.partial, "partial", false, "take the files for a part of a log, which may begin and end in the middle")
	cmd.Flags().StringVar(&flags.urlEnv, "sql-url-env", "", "environment variable with the URL of a database: verify a table of it")
	cmd.Flags().StringVar(&flags.table, "table", audit.DefaultTable, "the table (hooks.audit.sql.table)")
	return cmd
}

// auditArgs takes files, or the flags of a table.
func auditArgs(cmd *cobra.Command, args []string) error {
	url := cmd.Flags().Lookup("sql-url-env")
	switch {
	case url.Changed && url.Value.String() == "":
		return errors.New("--sql-url-env: it is empty; want the name of an environment variable")
	case url.Changed && len(args) > 0:
		return errors.New("--sql-url-env and files exclude each other")
	case url.Changed:
		return nil
	case cmd.Flags().Changed("table"):
		return errors.New("--table needs --sql-url-env")
	}
	return wantArgs(1, maxAuditFiles, "one file or more")(cmd, args)
}

// maxAuditFiles is more than anybody keeps.
const maxAuditFiles = 1 << 20

func (a *app) auditVerify(ctx context.Context, files []string, flags auditFlags) error {
	opts := &audit.VerifyOptions{Partial: flags.partial}
	var err error
	if opts.Key, err = auditKey(flags.keyFile); err != nil {
		return wrongUsage(err)
	}
	if flags.head != "" {
		head, err := audit.ParseHead(flags.head)
		if err != nil {
			return wrongUsage(fmt.Errorf("--head: %w", err))
		}
		opts.Head = &head
	}
	var report audit.Report
	if len(files) > 0 {
		report, err = audit.VerifyFiles(files, opts)
	} else {
		report, err = a.auditVerifyTable(ctx, flags, opts)
	}
	switch {
	case errors.Is(err, audit.ErrKey) && flags.keyFile == "":
		return wrongUsage(fmt.Errorf("%w; give it with --key-file", err))
	case err != nil:
		return err
	}
	if a.json {
		err = a.printJSON(struct {
			OK bool `json:"ok"`
			audit.Report
		}{report.OK(), report})
	} else {
		a.printAudit(report)
	}
	if err == nil && !report.OK() {
		return &exitError{code: ExitFailed}
	}
	return err
}

// auditVerifyTable verifies the table of a database.
func (a *app) auditVerifyTable(ctx context.Context, flags auditFlags, opts *audit.VerifyOptions) (audit.Report, error) {
	url, set := os.LookupEnv(flags.urlEnv)
	if !set || url == "" {
		return audit.Report{}, wrongUsage(fmt.Errorf("--sql-url-env: the environment variable %s is not set", flags.urlEnv))
	}
	sink, err := audit.OpenSQLSink(secrets.NewValue(url), &audit.SQLOptions{Table: flags.table, Key: opts.Key}, a.auditOpeners()...)
	if err != nil {
		return audit.Report{}, wrongUsage(fmt.Errorf("%s: %w", flags.urlEnv, err))
	}
	defer func() { _ = sink.Close(ctx) }() // it was only read
	return sink.Verify(ctx, opts)
}

// auditOpeners open the databases that this program knows.
func (a *app) auditOpeners() []audit.Opener {
	return append(slices.Clone(a.opts.AuditOpeners), sqldb.Openers()...)
}

// auditKey reads the key, without the line feed that editors put behind it.
func auditKey(file string) (secrets.Value, error) {
	if file == "" {
		return secrets.Value{}, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return secrets.Value{}, fmt.Errorf("--key-file: %w", err)
	}
	text = bytes.TrimRight(text, "\r\n")
	if len(text) == 0 {
		return secrets.Value{}, fmt.Errorf("--key-file: %s is empty", file)
	}
	return secrets.NewValue(string(text)), nil
}

func (a *app) printAudit(r audit.Report) {
	for _, p := range r.Problems {
		fmt.Fprintln(a.stdout, p)
	}
	if more := int(r.Total) - len(r.Problems); more > 0 {
		fmt.Fprintf(a.stdout, "... and %s more\n", count(more, "problem"))
	}
	how := "hashed"
	if r.Signed {
		how = "signed"
	}
	fmt.Fprintf(a.stdout, "%s, %d to %d, %s: ", auditEntries(r.Entries), r.First, r.Last.Seq, how)
	if r.OK() {
		fmt.Fprintln(a.stdout, "nothing was changed")
	} else {
		fmt.Fprintln(a.stdout, count(int(r.Total), "problem"))
	}
	if r.Pruned > 0 {
		fmt.Fprintf(a.stdout, "entries 1 to %d were removed for their age or number\n", r.Pruned)
	}
	if r.Repairs > 0 {
		fmt.Fprintf(a.stdout, "%s of action audit_repaired: look at what the log was found like\n", auditEntries(r.Repairs))
	}
	if r.Unfinished > 0 {
		fmt.Fprintf(a.stdout, "%s at the end belong to an entry that is not finished\n", count(int(r.Unfinished), "byte"))
	}
	if !r.HeadChecked {
		fmt.Fprintln(a.stdout, "no head was looked at: entries that were cut off at the end do not show")
	}
	if r.Last.Seq > 0 && r.OK() {
		fmt.Fprintf(a.stdout, "head %s\n", r.Last)
	}
}

// auditEntries counts entries.
func auditEntries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}
