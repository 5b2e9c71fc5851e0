package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
)

// componentDoc is the JSON form of a component type.
type componentDoc struct {
	Type    string     `json:"type"`
	Aliases []string   `json:"aliases,omitempty"`
	Kind    string     `json:"kind,omitempty"`
	Summary string     `json:"summary"`
	Fields  []fieldDoc `json:"fields"`
}

type fieldDoc struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Default  string   `json:"default,omitempty"`
	Required bool     `json:"required,omitempty"`
	Values   []string `json:"values,omitempty"`
	Doc      string   `json:"doc,omitempty"`
}

func (a *app) componentsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "components [TYPE]",
		Short: "List the component types that a configuration file can use, with their settings",
		Args:  wantArgs(0, 1, "at most one component type"),
		RunE: func(_ *cobra.Command, args []string) error {
			factories := a.registry.Factories()
			if len(args) == 1 {
				factory, err := a.registry.Lookup(args[0])
				if err != nil {
					return wrongUsage(err)
				}
				factories = []component.Factory{factory}
			}
			return a.printComponents(factories, len(args) == 1)
		},
	}
	a.jsonFlag(cmd, "print one JSON array")
	return cmd
}

func (a *app) printComponents(factories []component.Factory, one bool) error {
	docs := make([]componentDoc, len(factories))
	for i, factory := range factories {
		docs[i] = describe(factory)
	}
	end := "\nAll of them stand under \"type\" of a component, with these keys in its \"config\".\n"
	if one {
		end = ""
	}
	return a.printTypes(docs, end)
}

// printTypes prints types with their settings, and a text behind them.
func (a *app) printTypes(docs []componentDoc, end string) error {
	if a.json {
		enc := newEncoder(a.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(docs)
	}
	var b strings.Builder
	for i, doc := range docs {
		if i > 0 {
			b.WriteString("\n")
		}
		doc.write(&b)
	}
	b.WriteString(end)
	_, err := io.WriteString(a.stdout, b.String())
	return err
}

func describe(factory component.Factory) componentDoc {
	info := factory.Info()
	return componentDoc{
		Type: info.Type, Aliases: info.Aliases, Kind: info.Kind, Summary: info.Summary, Fields: fieldDocs(config.FieldsOf(factory.ConfigType())),
	}
}

func fieldDocs(fields []config.FieldDoc) []fieldDoc {
	docs := make([]fieldDoc, 0, len(fields))
	for _, f := range fields {
		docs = append(docs, fieldDoc{Name: f.Name, Type: f.Type, Default: f.Default, Required: f.Required, Values: f.Enum, Doc: f.Doc})
	}
	return docs
}

func (d componentDoc) write(b *strings.Builder) {
	fmt.Fprintf(b, "%s", d.Type)
	if len(d.Aliases) > 0 {
		fmt.Fprintf(b, " (also %s)", strings.Join(d.Aliases, ", "))
	}
	fmt.Fprintf(b, "  %s\n", d.Summary)
	for _, f := range d.Fields {
		var notes []string
		if f.Required {
			notes = append(notes, "required")
		}
		if f.Default != "" {
			notes = append(notes, "default "+f.Default)
		}
		if len(f.Values) > 0 {
			notes = append(notes, "one of "+strings.Join(f.Values, ", "))
		}
		note := ""
		if len(notes) > 0 {
			note = " (" + strings.Join(notes, "; ") + ")"
		}
		fmt.Fprintf(b, "    %-18s %-14s %s%s\n", f.Name, f.Type, f.Doc, note)
	}
}
