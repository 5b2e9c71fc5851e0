package dataflow

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// SchemaValidation says how much the contracts of a pipeline are enforced.
type SchemaValidation struct {
	// Enabled compares the contracts of components with each other before the run, see
	// [ComparePipeline].
	Enabled bool `koanf:"enabled" default:"false" doc:"compare what components promise with what those after them want, before the run"`
	// Strict makes it an error when data that one component makes and another reads has
	// no contract of both.
	Strict bool `koanf:"strict" default:"false" doc:"data that goes from one component to another must have a contract of both"`
	// FailOnWarning takes warnings for errors, here and where data is held against
	// contracts.
	FailOnWarning bool `koanf:"fail_on_warning" default:"false" doc:"take warnings for errors"`
}

// SchemaConfig is the block schema of a component: its contracts, and how data is held
// against them.
type SchemaConfig struct {
	// Output are the columns of the rows that the component makes, as
	// [schema.DecodeContract] reads them.
	Output any `koanf:"output" doc:"columns that the component makes: DDL such as \"id BIGINT NOT NULL, tags ARRAY\", or a list of fields with name, type, nullable and metadata"`
	// Inputs are those of views and tables that it reads, by name.
	Inputs map[string]any `koanf:"inputs" doc:"columns of views and tables that the component reads, by their names, written as output is"`
	// Mode is where the other rules begin: strict or compatible. Default compatible.
	Mode string `koanf:"mode" default:"compatible" enum:"compatible,strict" doc:"strict: the very columns in their order; compatible: types may be narrower, the order does not matter, and other columns or missing ones that can be null are warnings"`
	// Types, ExtraColumns, MissingColumns, Nullability, Order and CaseSensitive change
	// single rules of the mode; empty leaves them.
	Types          string `koanf:"types" enum:"exact,widen,upcast" doc:"which types stand for a wanted one: exact the same, widen also those whose values it holds, upcast also those that Spark casts by itself"`
	ExtraColumns   string `koanf:"extra_columns" enum:"refuse,warn,allow" doc:"what becomes of columns that are not wanted"`
	MissingColumns string `koanf:"missing_columns" enum:"refuse,warn,allow" doc:"what becomes of wanted columns that can be null and are not there"`
	Nullability    string `koanf:"nullability" enum:"safe,exact,ignore" doc:"safe: what must not be null cannot be null; exact: the same on both sides; ignore: it is not compared"`
	Order          string `koanf:"order" enum:"exact,any" doc:"order of the columns"`
	CaseSensitive  *bool  `koanf:"case_sensitive" doc:"whether names differ that differ in case only; by default with mode strict"`
	// Metadata compares the metadata of fields too.
	Metadata bool `koanf:"metadata" default:"false" doc:"compare the metadata of columns too"`
	// Evolution is that of [ContractGate]; default fail.
	Evolution string `koanf:"evolution" default:"fail" enum:"fail,add_columns,ignore,sink" doc:"columns that the target of the sink lacks: fail refuses the rows, add_columns adds them to the target, ignore leaves them out, sink leaves it to the settings of the sink"`
}

// Validate reports every fault with its key.
func (c SchemaConfig) Validate() error {
	_, err := c.Contract()
	return err
}

// Gate returns the gate of the contracts. See [SchemaConfig.Contract] for more of it.
func (c SchemaConfig) Gate() (Gate, error) {
	g, err := c.Contract()
	if err != nil {
		return nil, err
	}
	return g, nil
}

// Contract returns the contracts, all faults joined. The name of the component and
// FailOnWarning are left to the caller.
func (c SchemaConfig) Contract() (ContractGate, error) {
	var faults []error
	rules, err := c.rules()
	faults = append(faults, err)
	g := ContractGate{Inputs: map[string]schema.Contract{}}
	if err := g.Evolution.UnmarshalText([]byte(cmp.Or(c.Evolution, "fail"))); err != nil {
		faults = append(faults, fmt.Errorf("evolution: %w", err))
	}
	if c.Output != nil {
		g.Output, err = decodeContract("output", c.Output, rules)
		faults = append(faults, err)
	}
	inputs := map[string]any{}
	faults = append(faults, flatInputs(inputs, "", c.Inputs))
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		contract, err := decodeContract("inputs."+name, inputs[name], rules)
		if faults = append(faults, err, inputName(name)); contract != nil {
			g.Inputs[name] = *contract
		}
	}
	if err := errors.Join(faults...); err != nil {
		return ContractGate{}, err
	}
	return g, nil
}

func inputName(name string) error {
	if _, err := splitName(name); err != nil {
		return fmt.Errorf("inputs.%s: not the name of a view or a table: %w", name, err)
	}
	return nil
}

func decodeContract(key string, value any, rules *schema.Rules) (*schema.Contract, error) {
	def, err := schema.DecodeContract(key, value)
	if err != nil {
		return nil, err
	}
	contract := &schema.Contract{Columns: def, Rules: rules}
	if object, ok := value.(map[string]any); ok {
		contract.Description, _ = object["description"].(string)
	}
	return contract, nil
}

// flatInputs puts the names of tables together that a file has as blocks in blocks:
// HOCON reads shop.orders without quotes so.
func flatInputs(out map[string]any, prefix string, inputs map[string]any) error {
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(inputs)) {
		name := prefix + key
		object, ok := inputs[key].(map[string]any)
		_, fields := object["fields"]
		if ok && !fields && len(object) > 0 {
			faults = append(faults, flatInputs(out, name+".", object))
			continue
		}
		out[name] = inputs[key]
	}
	return errors.Join(faults...)
}

// rules are those of the mode with what is set beside it.
func (c SchemaConfig) rules() (*schema.Rules, error) {
	rules := schema.CompatibleRules()
	var faults []error
	switch strings.ToLower(c.Mode) {
	case "", "compatible":
	case "strict":
		rules = &schema.Rules{}
	default:
		faults = append(faults, fmt.Errorf("mode: %q is none; there are compatible and strict", c.Mode))
	}
	for _, rule := range []struct {
		key, value string
		into       interface{ UnmarshalText(text []byte) error }
	}{
		{"types", c.Types, &rules.Types}, {"extra_columns", c.ExtraColumns, &rules.Extra},
		{"missing_columns", c.MissingColumns, &rules.Missing}, {"nullability", c.Nullability, &rules.Nullability},
	} {
		if rule.value == "" {
			continue
		}
		if err := rule.into.UnmarshalText([]byte(rule.value)); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", rule.key, err))
		}
	}
	switch strings.ToLower(c.Order) {
	case "":
	case "any":
		rules.AnyOrder = true
	case "exact":
		rules.AnyOrder = false
	default:
		faults = append(faults, fmt.Errorf("order: %q is none; there are exact and any", c.Order))
	}
	if c.CaseSensitive != nil {
		rules.Names = schema.NamesIgnoreCase
		if *c.CaseSensitive {
			rules.Names = schema.NamesExact
		}
	}
	rules.Metadata = c.Metadata
	return rules, errors.Join(faults...)
}
