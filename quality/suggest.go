package quality

import (
	"fmt"
	"strings"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// Suggestion is a rule that the rows of a profile obey.
type Suggestion struct {
	// Rule has the action expect, so that it changes nothing but the reports.
	Rule Rule
	// Reason says in a line what the profile has seen.
	Reason string
}

// Few rows, or few of each value, prove nothing.
const (
	enoughRows     = 10
	enoughOfAValue = 2
)

// Suggest returns rules that the rows of a profile obey and that are likely to be
// meant: values that are never missing, keys, texts of which there are few
// different ones, and numbers that are never negative. It is careful: what is only
// true by chance costs more than a rule that somebody has to write. Of less than 10
// rows it says nothing.
func Suggest(p *Profile) []Suggestion {
	if p == nil || p.Rows < enoughRows {
		return nil
	}
	least := int64(1)
	out := []Suggestion{suggest(RowCount{Min: &least}, "there are %d rows", p.Rows)}
	var full []string
	for i := range p.Columns {
		if c := &p.Columns[i]; c.Note == "" && c.Nulls == 0 && c.typ.Kind != schema.KindNull {
			full = append(full, columnText(c.Name))
		}
	}
	if len(full) > 0 {
		out = append(out, suggest(NotNull{Columns: full}, "none of %d rows has a null there", p.Rows))
	}
	for i := range p.Columns {
		out = append(out, suggestColumn(p, &p.Columns[i])...)
	}
	return out
}

func suggest(check Check, reason string, args ...any) Suggestion {
	return Suggestion{Rule: Rule{Check: check, Action: ActionExpect}, Reason: fmt.Sprintf(reason, args...)}
}

// columnText is the name as checks read it.
func columnText(name string) string {
	if strings.ContainsAny(name, ".`") || strings.TrimSpace(name) != name {
		return dataflow.QuoteName(name)
	}
	return name
}

func suggestColumn(p *Profile, c *ColumnProfile) []Suggestion {
	name := columnText(c.Name)
	var out []Suggestion
	if looksUnique(p, c) {
		out = append(out, suggest(Unique{Columns: []string{name}}, "%d rows have about %d different values; the number is approximate", p.Rows, *c.Distinct))
	}
	if values := acceptedValues(p, c); len(values) > 0 {
		out = append(out, suggest(AcceptedValues{Column: name, Values: values}, "%d rows have no other values", p.Rows-c.Nulls))
	}
	if c.NaNs == nil || *c.NaNs == 0 {
		if low, ok := notNegative(c); ok {
			out = append(out, suggest(Range{Column: name, Min: int64(0)}, "the smallest value is %v", low))
		}
	}
	return out
}

// looksUnique reports whether the column may be a key. The number of different
// values is off by 5 % usually.
func looksUnique(p *Profile, c *ColumnProfile) bool {
	if c.Nulls > 0 || c.Distinct == nil || !isText(c.typ.Kind) && !isWhole(c.typ.Kind) {
		return false
	}
	if c.all && len(c.Top) > 0 && c.Top[0].Count > 1 {
		return false
	}
	off := float64(*c.Distinct)/float64(p.Rows) - 1
	return off > -0.05 && off < 0.15
}

// acceptedValues are the values of a column of texts that has few, each of them
// more than once.
func acceptedValues(p *Profile, c *ColumnProfile) []any {
	if !isText(c.typ.Kind) || !c.all || len(c.Top) == 0 || p.Rows-c.Nulls < enoughRows {
		return nil
	}
	var out []any
	for _, top := range c.Top {
		if top.Count < enoughOfAValue || len(top.Value) >= longestText {
			return nil
		}
		out = append(out, top.Value)
	}
	return out
}

// notNegative gives the smallest value of a column of numbers that has no negative
// ones.
func notNegative(c *ColumnProfile) (low any, ok bool) {
	if !isNumber(c.typ.Kind) || c.Min == nil {
		return nil, false
	}
	switch v := c.Min.(type) {
	case int8:
		ok = v >= 0
	case int16:
		ok = v >= 0
	case int32:
		ok = v >= 0
	case int64:
		ok = v >= 0
	case float32:
		ok = v >= 0
	case float64:
		ok = v >= 0
	case dataflow.Decimal:
		ok = !strings.HasPrefix(string(v), "-")
	}
	return c.Min, ok
}

// SuggestionsYAML writes suggestions as the list "checks" of a configuration file,
// with the reasons as comments.
func SuggestionsYAML(suggestions []Suggestion) string {
	var b strings.Builder
	b.WriteString("# Every check only counts (action: expect). Write fail, drop or quarantine where\n# bad rows must not get through.\n")
	if len(suggestions) == 0 {
		b.WriteString("checks: []\n")
		return b.String()
	}
	b.WriteString("checks:\n")
	for _, s := range suggestions {
		fmt.Fprintf(&b, "  # %s\n  - {check: %s", oneLineOf(s.Reason), s.Rule.Check.Kind())
		for _, setting := range settingsOf(s.Rule.Check) {
			fmt.Fprintf(&b, ", %s: %s", setting.key, setting.text())
		}
		fmt.Fprintf(&b, ", action: %s}\n", s.Rule.action())
	}
	return b.String()
}

type setting struct {
	key   string
	value any
}

// text is the value in JSON, which YAML reads too.
func (s setting) text() string {
	data, err := jsonText(s.value)
	if err != nil {
		return "null"
	}
	return string(data)
}

// settingsOf are the keys of the checks that are suggested.
func settingsOf(check Check) []setting {
	switch c := check.(type) {
	case RowCount:
		return []setting{{"min", c.Min}}
	case NotNull:
		return []setting{{"columns", c.Columns}}
	case Unique:
		return []setting{{"columns", c.Columns}}
	case AcceptedValues:
		return []setting{{"column", c.Column}, {"values", c.Values}}
	case Range:
		return []setting{{"column", c.Column}, {"min", c.Min}}
	}
	return nil
}

func oneLineOf(text string) string { return strings.Join(strings.Fields(text), " ") }
