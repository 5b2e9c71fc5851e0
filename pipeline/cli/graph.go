package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/pipeline"
)

func (a *app) graphCommand() *cobra.Command {
	format := string(pipeline.GraphText)
	cmd := &cobra.Command{
		Use:   "graph FILE",
		Short: "Print which component of a configuration file depends on which",
		Long: `Prints the components of a configuration file and their dependencies, as text, as
a Mermaid flowchart, in the DOT language of Graphviz, or as an SVG picture.
Components of one stage can run at the same time. No cluster is needed.

Exit codes: 0 printed, 3 faulty configuration, 64 wrong usage.`,
		Args: wantArgs(1, 1, "one configuration file"),
		RunE: func(_ *cobra.Command, args []string) error {
			if !slices.Contains(pipeline.GraphFormats(), pipeline.GraphFormat(format)) {
				return wrongUsage(fmt.Errorf("--format %q: want one of %q", format, pipeline.GraphFormats()))
			}
			p, err := a.load(args[0])
			if err != nil {
				return a.tellFaults(args[0], err)
			}
			return p.WriteGraph(a.stdout, pipeline.GraphFormat(format))
		},
	}
	a.varFlag(cmd)
	cmd.Flags().StringVar(&format, "format", format, "text, mermaid, dot or svg")
	return cmd
}
