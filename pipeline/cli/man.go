package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// manCommand is hidden: it is for who makes packages of the program.
func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages of the program into a folder",
		Long: `Writes a manual page for the program and one for each of its commands into the
folder, which is made if it does not exist: ` + a.opts.Name + `.1, ` + a.opts.Name + `-run.1 and so on. They
say what --help says.

Exit codes: 0 written, 1 a page could not be written, 64 wrong usage.`,
		Args:   wantArgs(1, 1, "one folder"),
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("write manual pages: %w", err)
			}
			return a.writeMan(cmd.Root(), args[0])
		},
	}
}

// writeMan writes the page of a command and those of the commands below it.
func (a *app) writeMan(cmd *cobra.Command, dir string) error {
	file := filepath.Join(dir, manName(cmd)+".1")
	if err := os.WriteFile(file, []byte(a.manPage(cmd)), 0o644); err != nil {
		return fmt.Errorf("write manual pages: %w", err)
	}
	for _, sub := range documented(cmd) {
		if err := a.writeMan(sub, dir); err != nil {
			return err
		}
	}
	return nil
}

// documented are the commands below cmd that have pages.
func documented(cmd *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" {
			out = append(out, sub)
		}
	}
	return out
}

// manName is the name of a command's page: sparkpipe-stream-run.
func manName(cmd *cobra.Command) string {
	return strings.ReplaceAll(cmd.CommandPath(), " ", "-")
}

// manPage is the page in the language of man(7). It has no date, so that the
// same version always makes the same page.
func (a *app) manPage(cmd *cobra.Command) string {
	var p page
	p.macro("TH", strings.ToUpper(manName(cmd)), "1", "", a.opts.Name+" "+a.version().Version, "Manual of "+a.opts.Name)
	p.macro("SH", "NAME")
	p.line(manName(cmd) + " - " + cmd.Short)
	p.macro("SH", "SYNOPSIS")
	p.macro("B", cmd.CommandPath())
	p.line(synopsis(cmd))
	text, codes := splitExitCodes(cmd.Long)
	if text == "" {
		text = cmd.Short + "."
	}
	p.macro("SH", "DESCRIPTION")
	p.text(text)
	manCommands(&p, cmd)
	p.macro("SH", "OPTIONS")
	cmd.InitDefaultHelpFlag()
	for _, flag := range allOf(cmd.LocalFlags().VisitAll) {
		if !flag.Hidden {
			p.option(flag.Name, flag.Shorthand, flag.Value.Type(), flag.Usage, flag.DefValue)
		}
	}
	if codes != "" {
		p.macro("SH", "EXIT STATUS")
		p.text(codes)
	}
	seeAlso(&p, cmd)
	return p.String()
}

// synopsis is what stands behind the name of a command.
func synopsis(cmd *cobra.Command) string {
	if cmd.HasAvailableSubCommands() {
		return "COMMAND [ARG...] [flags]"
	}
	_, arguments, _ := strings.Cut(cmd.UseLine(), cmd.CommandPath()+" ")
	return arguments
}

// manCommands lists the commands below cmd.
func manCommands(p *page, cmd *cobra.Command) {
	for i, sub := range documented(cmd) {
		if i == 0 {
			p.macro("SH", "COMMANDS")
		}
		p.macro("TP")
		p.macro("B", sub.CommandPath())
		p.line(sub.Short + ".")
	}
}

// seeAlso names the pages of the command above and of those below or beside cmd.
func seeAlso(p *page, cmd *cobra.Command) {
	var names []string
	if parent := cmd.Parent(); parent != nil {
		names = append(names, manName(parent)+"(1)")
	}
	for _, sub := range documented(cmd) {
		names = append(names, manName(sub)+"(1)")
	}
	p.macro("SH", "SEE ALSO")
	p.line(strings.Join(names, ", "))
}

// splitExitCodes takes the paragraph about exit codes out of a help text, and
// gives it without its first words.
func splitExitCodes(long string) (text, codes string) {
	var rest []string
	for paragraph := range strings.SplitSeq(long, "\n\n") {
		if list, ok := strings.CutPrefix(paragraph, "Exit codes: "); ok {
			codes = list
			continue
		}
		rest = append(rest, paragraph)
	}
	return strings.Join(rest, "\n\n"), codes
}
