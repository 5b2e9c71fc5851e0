package dataflow_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

func TestSchemaConfig(t *testing.T) {
	t.Parallel()
	c := dataflow.SchemaConfig{
		Output: map[string]any{"description": "orders", "fields": []any{map[string]any{"name": "id", "type": "bigint", "nullable": false}}},
		Inputs: map[string]any{"v": "a INT", "shop": map[string]any{"orders": "b INT", "deep": map[string]any{"er": []any{map[string]any{"name": "c", "data_type": "integer"}}}}},
	}
	g, err := c.Contract()
	require.NoError(t, err)
	require.Equal(t, "id BIGINT NOT NULL", g.Output.Columns.String())
	require.Equal(t, "orders", g.Output.Description)
	require.Equal(t, schema.CompatibleRules(), g.Output.Rules)
	require.Equal(t, dataflow.EvolutionFail, g.Evolution)
	got := map[string]string{}
	for name, contract := range g.Inputs {
		got[name] = contract.Columns.String()
	}
	require.Equal(t, map[string]string{"v": "a INT", "shop.orders": "b INT", "shop.deep.er": "c INT"}, got)
	gate, err := c.Gate()
	require.NoError(t, err)
	require.IsType(t, dataflow.ContractGate{}, gate)
}

func TestSchemaConfigRules(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config dataflow.SchemaConfig
		want   schema.Rules
	}{
		"compatible": {dataflow.SchemaConfig{}, *schema.CompatibleRules()},
		"strict":     {dataflow.SchemaConfig{Mode: "STRICT"}, schema.Rules{}},
		"single ones": {
			dataflow.SchemaConfig{Mode: "strict", Types: "upcast", ExtraColumns: "allow", MissingColumns: "warn", Nullability: "ignore", Order: "any", CaseSensitive: new(bool), Metadata: true},
			schema.Rules{Types: schema.TypesUpCast, Extra: schema.ExtraAllow, Missing: schema.MissingWarn, Nullability: schema.NullabilityIgnore, AnyOrder: true, Names: schema.NamesIgnoreCase, Metadata: true},
		},
		"the other way": {
			dataflow.SchemaConfig{Types: "exact", ExtraColumns: "refuse", MissingColumns: "refuse", Nullability: "exact", Order: "exact", CaseSensitive: new(true)},
			schema.Rules{Nullability: schema.NullabilityExact},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.config.Output = "a INT"
			g, err := tt.config.Contract()
			require.NoError(t, err)
			require.Equal(t, tt.want, *g.Output.Rules)
		})
	}
}

func TestSchemaConfigNamesEveryFault(t *testing.T) {
	t.Parallel()
	c := dataflow.SchemaConfig{
		Output: "a TEXT", Inputs: map[string]any{"v": 3, "a b c`": "x INT", "t": []any{map[string]any{"name": "x"}}},
		Mode: "loose", Types: "any", ExtraColumns: "drop", MissingColumns: "fill", Nullability: "no", Order: "random", Evolution: "merge",
	}
	want := []string{
		`mode: "loose" is none; there are compatible and strict`,
		`types: "any" is no such rule; there are exact, widen, upcast`,
		`extra_columns: "drop" is no such rule; there are refuse, warn, allow`,
		`missing_columns: "fill" is no such rule; there are refuse, warn, allow`,
		`nullability: "no" is no such rule; there are safe, exact, ignore`,
		`order: "random" is none; there are exact and any`,
		`evolution: unknown evolution "merge"; there are sink, fail, add_columns, ignore`,
		`output: parse the schema: column 3: Spark has no type "TEXT"; it has STRING`,
		"inputs.a b c`: not the name of a view or a table: ",
		"inputs.t[0].type: must be a type such as bigint or array<string>, not nothing",
		"inputs.v: columns are a text of DDL, a list of fields, or a block with fields, not the number 3",
	}
	got := strings.Split(c.Validate().Error(), "\n")
	require.Len(t, got, len(want), c.Validate().Error())
	for i := range want {
		require.Contains(t, got[i], want[i])
	}
	_, err := c.Gate()
	require.Error(t, err)
}

func TestSchemaConfigFromAFile(t *testing.T) {
	t.Parallel()
	var c dataflow.SchemaConfig
	require.NoError(t, config.NewSection(map[string]any{
		"output": []any{map[string]any{"name": "id", "data_type": "integer", "metadata": map[string]any{"pii": "no"}}},
		"inputs": map[string]any{"orders": "id BIGINT", "shop": map[string]any{"people": "id INT"}}, "extra_columns": "ALLOW",
	}).Decode(&c))
	require.Equal(t, "compatible fail allow", c.Mode+" "+c.Evolution+" "+c.ExtraColumns)
	g, err := c.Contract()
	require.NoError(t, err)
	require.Equal(t, "id INT", g.Output.Columns.String())
	require.Len(t, g.Inputs, 2)

	err = config.NewSection(map[string]any{"output": "id TEXT", "inputs": map[string]any{"v": []any{}}, "mode": "strict"}).Decode(&c)
	require.ErrorContains(t, err, `output: parse the schema: column 4: Spark has no type "TEXT"`)
	require.ErrorContains(t, err, "inputs.v: there are no fields")
	require.ErrorContains(t, config.NewSection(map[string]any{"mode": "lax"}).Decode(&c), "mode")
}
