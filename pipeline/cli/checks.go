package cli

import (
	"reflect"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/quality"
)

func (a *app) checksCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "checks [KIND]",
		Short: "List the quality checks that a configuration file can use, with their settings",
		Long: `Lists what can stand under "check" in the list "checks" of a block "quality", of a
component or of the file.`,
		Args: wantArgs(0, 1, "at most one kind of check"),
		RunE: func(_ *cobra.Command, args []string) error {
			kinds := quality.Kinds()
			if len(args) == 1 {
				kind, err := quality.KindOf(args[0])
				if err != nil {
					return wrongUsage(err)
				}
				kinds = []quality.Kind{kind}
			}
			docs := make([]componentDoc, len(kinds))
			for i, kind := range kinds {
				docs[i] = componentDoc{
					Type: kind.Name, Aliases: kind.Aliases, Summary: kind.Summary,
					Fields: fieldDocs(config.FieldsOf(reflect.TypeOf(kind.Block()).Elem())),
				}
			}
			end := "\nAll of them stand under \"check\" in the list \"checks\" of a block \"quality\".\n"
			if len(args) == 1 {
				end = ""
			}
			return a.printTypes(docs, end)
		},
	}
	a.jsonFlag(cmd, "print one JSON array")
	return cmd
}
