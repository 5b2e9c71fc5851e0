package pipeline_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// choices are keys of which a type wants one, and those that want a certain form.
var choices = map[string]string{
	"read_format": "format: orc", "read_kafka": "subscribe: [thing]", "write_delta": "path: thing", "write_format": "table: thing", "write_kafka": "topic: thing",
	"metrics": "columns: [a]", "join": "joins: [{view: other, on: [a]}]",
}

// blockOf returns a config block of a type: its required keys, and one of the
// keys that say what is read.
func blockOf(factory component.Factory) string {
	var keys []string
	read := ""
	for _, field := range config.FieldsOf(factory.ConfigType()) {
		switch field.Name {
		case "input_view", "path", "table_name", "table":
			if !field.Required && read == "" {
				read = field.Name
				keys = append(keys, field.Name+": thing")
			}
		case "bootstrap_servers":
			keys = append(keys, `bootstrap_servers: "host:9092"`)
			continue
		case "url":
			keys = append(keys, `url: "jdbc:h2:mem:x"`)
			continue
		case "sql":
			keys = append(keys, "sql: SELECT * FROM thing")
			continue
		}
		if field.Required && !strings.HasPrefix(field.Name, "joins") {
			keys = append(keys, field.Name+": thing")
		}
	}
	if choice := choices[factory.Info().Type]; choice != "" {
		keys = append(keys, choice)
	}
	return strings.Join(keys, ", ")
}

// TestEveryBuiltinTellsItsLineage fails for a new source or sink that is no
// [dataflow.Describer].
func TestEveryBuiltinTellsItsLineage(t *testing.T) {
	t.Parallel()
	for _, factory := range pipeline.Builtins() {
		info := factory.Info()
		if strings.Contains(info.Type, "stream") {
			continue // package streaming looks at those
		}
		t.Run(info.Type, func(t *testing.T) {
			t.Parallel()
			text := fmt.Sprintf("name: p\ncomponents:\n  - name: c\n    type: %s\n    config: {%s}\n", info.Type, blockOf(factory))
			p, err := pipeline.FromFile(writeFile(t, "p.yaml", text), builtins(t), nil)
			require.NoError(t, err, text)
			lineage := dataflow.LineageOf(p.Steps[0].Component)
			require.False(t, lineage.Opaque, text)
			require.NotEqual(t, dataflow.EffectUnknown, lineage.Effect, text)
			require.NotEmpty(t, lineage.Inputs, text)
			if strings.Contains(info.Type, "_") {
				require.NotEmpty(t, lineage.Outputs, text)
			}
		})
	}
}
