package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// helpCommand is cobra's, but for a command that there is not: that is wrong usage
// and no success.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		Long: `Prints what a command does and its flags, as --help behind the command does.

Exit codes: 0 printed, 64 wrong usage.`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, sub := range found.Commands() {
				if sub.IsAvailableCommand() {
					names = append(names, sub.Name()+"\t"+sub.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err == nil && len(rest) > 0 {
				err = unknownCommand(found, rest[0])
			}
			if err != nil {
				separator := "; "
				if strings.HasSuffix(err.Error(), "?") {
					separator = " "
				}
				return wrongUsage(fmt.Errorf("%w%ssee %s --help", err, separator, found.CommandPath()))
			}
			found.InitDefaultHelpFlag() // or else it is not in the help
			return found.Help()
		},
	}
}
