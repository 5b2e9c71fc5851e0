package quality

import (
	"fmt"
	"strings"

	"github.com/sparkpipe/sparkpipe/internal/nearest"
)

// Kind is a kind of checks that configuration files may have.
type Kind struct {
	// Name is what files call it, and Aliases are other names: those of
	// pyspark-pipeline-framework and of other tools.
	Name    string
	Aliases []string
	// Summary says in one line what the check wants.
	Summary string
	// Decode reads the block of a rule, all of whose keys it knows. decode fills a
	// struct by its koanf tags and refuses other keys.
	Decode func(decode func(into any) error) (Rule, error)
	// Block returns a pointer to the struct that Decode fills, for documentation.
	Block func() any
}

// Kinds returns the kinds of checks, in the order of their names. It is a new list.
func Kinds() []Kind {
	return []Kind{
		kind[AcceptedValues]("accepted_values", "a column has only values of a list", "allowed_values", "AcceptedValues"),
		kind[Drift]("drift", "a measure is like that of the last run", "Drift"),
		kind[ForeignKey]("foreign_key", "keys are there in another table", "relationships", "references", "ForeignKey"),
		kind[Freshness]("freshness", "rows are not too old", "recency", "Freshness"),
		kind[Length]("length", "texts have a length within bounds", "length_check", "Length"),
		kind[Mean]("mean", "the mean of a column is within bounds", "mean_check", "Mean"),
		kind[notNullConfig]("not_null", "columns have no null", "null_check", "NotNull", "NullCheck"),
		kind[Pattern]("pattern", "texts match a regular expression", "pattern_check", "regex", "Pattern"),
		kind[Range]("range", "values lie within bounds", "range_check", "value_range", "Range", "RangeCheck"),
		kind[RowCount]("row_count", "the number of rows is within bounds", "row_count_check", "RowCount", "RowCountCheck"),
		kind[Schema]("schema", "there are columns of these names and types", "schema_check", "Schema", "SchemaCheck"),
		kind[SQL]("sql", "a condition holds for every row, or a query judges", "custom_sql_check", "custom_sql", "condition", "Sql", "CustomSql"),
		kind[Sum]("sum", "the sum of a column is within bounds", "sum_check", "Sum"),
		kind[Unique]("unique", "no two rows have the same key", "unique_check", "uniqueness", "Unique", "UniqueCheck"),
	}
}

// kind is a kind whose checks are of the type C.
func kind[C Check](name, summary string, aliases ...string) Kind {
	return Kind{
		Name: name, Aliases: aliases, Summary: summary,
		Block: func() any { return &ruleConfig[C]{} },
		Decode: func(decode func(any) error) (Rule, error) {
			var cfg ruleConfig[C]
			if err := decode(&cfg); err != nil {
				return Rule{}, err
			}
			return cfg.rule()
		},
	}
}

// KindOf finds a kind by its name or an alias.
func KindOf(name string) (Kind, error) {
	var words, names []string
	for _, k := range Kinds() {
		names = append(names, k.Name)
		for _, word := range append([]string{k.Name}, k.Aliases...) {
			if word == name {
				return k, nil
			}
			words = append(words, word)
		}
	}
	if near := nearest.Word(name, words); near != "" {
		return Kind{}, fmt.Errorf("%q is no kind of check; did you mean %q?", name, near)
	}
	return Kind{}, fmt.Errorf("%q is no kind of check; there are %s", name, strings.Join(names, ", "))
}
