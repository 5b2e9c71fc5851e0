package quality

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// Schema wants columns, perhaps of types. Other columns are fine unless Strict
// refuses them, and the order counts for nothing. Names compare without regard to
// case, as in Spark; types to the last field, but not whether something can be null:
// that rows are not null says a [NotNull]. It reads no rows.
type Schema struct {
	// Columns are the names of the columns that there have to be.
	Columns []string `koanf:"columns" alias:"required_columns" doc:"names of columns that there have to be, of any type"`
	// Schema are columns with their types as DDL: "id BIGINT, address STRUCT<zip:
	// STRING>". One of Columns and Schema is set, or both.
	Schema string `koanf:"schema" alias:"expected_schema" doc:"columns that there have to be with their types, as DDL: id BIGINT, name STRING"`
	// Strict refuses columns that are not named.
	Strict bool `koanf:"strict" default:"false" doc:"whether there must be no other columns"`
}

// Kind implements [Check].
func (Schema) Kind() string { return "schema" }

// String implements [Check].
func (c Schema) String() string {
	var args []string
	args = append(args, c.Columns...)
	if c.Schema != "" {
		args = append(args, strings.Join(strings.Fields(c.Schema), " "))
	}
	return describe(c.Kind(), args...)
}

// Validate implements [Check].
func (c Schema) Validate() error {
	f := &options.Faults{What: c.Kind()}
	if len(c.Columns) == 0 && strings.TrimSpace(c.Schema) == "" {
		f.Add("set columns or schema")
	}
	if len(c.Columns) > 0 {
		f.Append(prefix(c, checkColumns("columns", c.Columns)))
	}
	if c.Schema != "" {
		_, err := schema.Parse(c.Schema)
		f.Err("schema", err)
	}
	return f.Join()
}

func (Schema) ignoresWhere() bool { return true }

func (c Schema) prepare(t *target) (*probe, error) {
	wanted := schema.Definition{}
	if c.Schema != "" {
		def, err := schema.Parse(c.Schema)
		if err != nil {
			return nil, err
		}
		wanted = def
	}
	var missing, mismatches, unexpected []string
	for _, name := range c.Columns {
		if _, err := t.column(name); err != nil {
			missing = append(missing, name)
		}
	}
	for _, field := range wanted.Fields {
		have, err := pick(t.def.Fields, field.Name)
		switch {
		case err != nil:
			missing = append(missing, field.Name)
		case !sameType(field.Type, have.Type):
			mismatches = append(mismatches, fmt.Sprintf("%s is %s instead of %s", field.Name, bare(have.Type), bare(field.Type)))
		}
	}
	for _, field := range t.def.Fields {
		if c.Strict && !c.names(wanted, field.Name) {
			unexpected = append(unexpected, field.Name)
		}
	}
	return t.probe(func(metrics) (verdict, error) { return schemaVerdict(missing, mismatches, unexpected), nil }), nil
}

// names reports whether a column is named.
func (c Schema) names(wanted schema.Definition, column string) bool {
	if _, ok := wanted.Field(column); ok {
		return true
	}
	return slices.ContainsFunc(c.Columns, func(name string) bool {
		path, err := parts(name)
		return err == nil && strings.EqualFold(path[0], column)
	})
}

func schemaVerdict(missing, mismatches, unexpected []string) verdict {
	values, messages := map[string]any{}, []string{}
	for _, fault := range []struct {
		name, words string
		list        []string
	}{{"missing", "missing: ", missing}, {"mismatches", "", mismatches}, {"unexpected", "not expected: ", unexpected}} {
		if len(fault.list) > 0 {
			values[fault.name] = fault.list
			messages = append(messages, fault.words+few(fault.list))
		}
	}
	if len(messages) == 0 {
		return passed(0, nil)
	}
	return failed(0, values, "%s", strings.Join(messages, "; "))
}

// sameType compares types without regard to what can be null. A CHAR or VARCHAR is
// told by Spark as a STRING.
func sameType(want, have schema.DataType) bool {
	if want.Kind == schema.KindChar || want.Kind == schema.KindVarChar {
		return familyOf(have) == texts
	}
	return bare(want).Equal(bare(have))
}

// bare is a type without what can be null and without metadata.
func bare(t schema.DataType) schema.DataType {
	t.ElemNullable = true
	if t.Key != nil {
		key := bare(*t.Key)
		t.Key = &key
	}
	if t.Elem != nil {
		elem := bare(*t.Elem)
		t.Elem = &elem
	}
	t.Fields = slices.Clone(t.Fields)
	for i, f := range t.Fields {
		t.Fields[i] = schema.Field{Name: f.Name, Type: bare(f.Type), Nullable: true}
	}
	return t
}
