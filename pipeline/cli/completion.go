package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/internal/localspark"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// shells are those that completion prints a script for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print the script with which a shell completes commands, files and flags",
		Long: strings.ReplaceAll(`Prints the script with which a shell completes commands, configuration files, flags
and their values. To have it in this shell:

  bash         source <(NAME completion bash)
  zsh          source <(NAME completion zsh)
  fish         NAME completion fish | source
  powershell   NAME completion powershell | Out-String | Invoke-Expression

To have it in every new one, save it where the shell looks:

  bash         /etc/bash_completion.d/NAME (the package bash-completion reads it)
  zsh          a folder of $fpath, under the name _NAME
  fish         ~/.config/fish/completions/NAME.fish
  powershell   the file $PROFILE`, "NAME", a.opts.Name),
		Args:      wantArgs(1, 1, "bash, zsh, fish or powershell"),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			return writeCompletion(cmd.Root(), a.stdout, args[0])
		},
	}
}

func writeCompletion(root *cobra.Command, w io.Writer, shell string) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(w, true)
	case "zsh":
		return root.GenZshCompletion(w)
	case "fish":
		return root.GenFishCompletion(w, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(w)
	}
	return wrongUsage(fmt.Errorf("completion %q: want bash, zsh, fish or powershell", shell))
}

// complete gives a command and those below it the completions of their arguments
// and flags. Nothing of it asks a server or a store.
func (a *app) complete(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		a.complete(sub)
	}
	if len(cmd.ValidArgs) == 0 && cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = a.argument(cmd)
	}
	values := map[string]cobra.CompletionFunc{
		"artifacts": folders, "checkpoints": folders, "state": folders,
		"connectors": listOf(func([]string) []string { return localspark.Connectors(localspark.DefaultVersion) }),
		"file":       configFiles,
		"output":     configFiles,
		"format":     cobra.FixedCompletions(graphFormats(), cobra.ShellCompDirectiveNoFileComp),
		"progress":   cobra.FixedCompletions(progressModes, cobra.ShellCompDirectiveNoFileComp),
	}
	for _, name := range []string{"select", "from", "until", "rerun", "done"} {
		values[name] = listOf(a.componentsIn)
	}
	for _, flag := range allOf(cmd.LocalFlags().VisitAll) {
		complete, ok := values[flag.Name]
		if !ok {
			complete = cobra.NoFileCompletions
		}
		// The one error is that the flag does not exist or has a completion.
		_ = cmd.RegisterFlagCompletionFunc(flag.Name, complete)
	}
}

// argument is the completion of what Use names behind the command.
func (a *app) argument(cmd *cobra.Command) cobra.CompletionFunc {
	_, what, _ := strings.Cut(cmd.Use, " ")
	switch strings.Trim(what, "[]") {
	case "FILE":
		return first(configFiles)
	case "DIR":
		return first(folders)
	case "TYPE":
		return first(a.componentTypes)
	case "-- COMMAND [ARG...":
		return nil // as the shell completes a command line
	}
	return cobra.NoFileCompletions
}

// first completes the first argument alone.
func first(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, text string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, text)
	}
}

func configFiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{"conf", "hocon", "yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt
}

func folders(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

func (a *app) componentTypes(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var types []cobra.Completion
	for _, factory := range a.registry.Factories() {
		info := factory.Info()
		types = append(types, cobra.CompletionWithDesc(info.Type, info.Summary))
	}
	return types, cobra.ShellCompDirectiveNoFileComp
}

// componentsIn are the names of the components of the file that is the first
// argument. A file with faults has none: this is no place to tell them.
func (a *app) componentsIn(args []string) []string {
	if len(args) == 0 {
		return nil
	}
	p, err := pipeline.FromFile(args[0], a.registry, &config.Options{Vars: a.vars})
	if err != nil {
		return nil
	}
	names := make([]string, len(p.Steps))
	for i := range p.Steps {
		names[i] = p.Steps[i].Name
	}
	return names
}

// listOf completes the last word of a list with commas by words that are not in
// it yet.
func listOf(words func(args []string) []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, text string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := text[:strings.LastIndexByte(text, ',')+1]
		have := strings.Split(before, ",")
		var out []cobra.Completion
		for _, word := range words(args) {
			if !slices.Contains(have, word) {
				out = append(out, before+word)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

func graphFormats() []cobra.Completion {
	var out []cobra.Completion
	for _, format := range pipeline.GraphFormats() {
		out = append(out, string(format))
	}
	return out
}

// allOf collects what a method of visiting visits.
func allOf[T any](visit func(func(T))) []T {
	var out []T
	visit(func(one T) { out = append(out, one) })
	return out
}
