package quality

import (
	"fmt"
	"strconv"
	"strings"
)

// Text writes the profile for people, a few lines for each column.
func (p *Profile) Text() string {
	var b strings.Builder
	if p.Subject != "" {
		fmt.Fprintf(&b, "%s: ", printable(p.Subject))
	}
	fmt.Fprintf(&b, "%s, %s\n", countText(p.Rows, "row", "rows"), countText(int64(len(p.Columns)), "column", "columns"))
	for i := range p.Columns {
		c := &p.Columns[i]
		fmt.Fprintf(&b, "\n%s  %s\n", printable(c.Name), printable(c.Type))
		for _, fact := range p.facts(c) {
			fmt.Fprintf(&b, "    %-9s %s\n", fact[0], printable(fact[1]))
		}
	}
	return b.String()
}

// Markdown writes the profile as a page with a table of the columns.
func (p *Profile) Markdown() string {
	var b strings.Builder
	title := p.Subject
	if title == "" {
		title = "Profile"
	}
	fmt.Fprintf(&b, "# %s\n\n%s, %s. Numbers of different values, quantiles and frequent values are approximate.\n\n", cell(title),
		countText(p.Rows, "row", "rows"), countText(int64(len(p.Columns)), "column", "columns"))
	b.WriteString("| column | type | nulls | different | what else |\n|---|---|---:|---:|---|\n")
	for i := range p.Columns {
		c := &p.Columns[i]
		var more []string
		for _, fact := range p.facts(c) {
			if fact[0] != "nulls" && fact[0] != "different" {
				more = append(more, fact[0]+" "+fact[1])
			}
		}
		nulls := strconv.FormatInt(c.Nulls, 10)
		if c.skipped() {
			nulls = ""
		}
		different := ""
		if c.Distinct != nil {
			different = strconv.FormatInt(*c.Distinct, 10)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", cell(c.Name), cell(c.Type), nulls, different, cell(strings.Join(more, "; ")))
	}
	return b.String()
}

// facts are what is known of a column: words and what they say.
func (p *Profile) facts(c *ColumnProfile) [][2]string {
	var out [][2]string
	add := func(word, format string, args ...any) {
		out = append(out, [2]string{word, fmt.Sprintf(format, args...)})
	}
	if !c.skipped() {
		add("nulls", "%d%s", c.Nulls, shareText(c.Nulls, p.Rows))
	}
	if c.NaNs != nil {
		add("NaN", "%d%s", *c.NaNs, shareText(*c.NaNs, p.Rows))
	}
	if c.Distinct != nil {
		add("different", "about %d", *c.Distinct)
	}
	if c.Min != nil {
		add("range", "%s to %s", valueText(c.Min), valueText(c.Max))
	}
	if c.Mean != nil {
		text := "mean " + valueText(*c.Mean)
		if c.StdDev != nil {
			text += ", standard deviation " + valueText(*c.StdDev)
		}
		add("numbers", "%s", text)
	}
	if len(c.Quantiles) > 0 {
		var parts []string
		for _, q := range c.Quantiles {
			parts = append(parts, strconv.FormatFloat(q.Share*100, 'g', 6, 64)+" %: "+valueText(q.Value))
		}
		add("quantiles", "about %s", strings.Join(parts, ", "))
	}
	if l := c.Length; l != nil {
		add("length", "%d to %d, mean %s, %d empty", l.Min, l.Max, valueText(l.Mean), l.Empty)
	}
	if len(c.Top) > 0 && c.Top[0].Count > 1 { // what is there once is not frequent
		var parts []string
		for _, top := range c.Top {
			parts = append(parts, fmt.Sprintf("%q (%d)", top.Value, top.Count))
		}
		add("frequent", "%s", strings.Join(parts, ", "))
	}
	if c.Note != "" {
		add("note", "%s", c.Note)
	}
	return out
}

// shareText is a share in per cent, in parentheses; empty for no rows.
func shareText(part, all int64) string {
	if all == 0 || part == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s %%)", strconv.FormatFloat(100*float64(part)/float64(all), 'g', 3, 64))
}

// printable keeps what is no part of a line out of it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}
