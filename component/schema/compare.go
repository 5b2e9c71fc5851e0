package schema

import (
	"slices"
	"strings"
)

// Compare returns all in which got is not what is wanted, in the order of the
// wanted columns; what is not wanted comes after the fields beside it. With nil
// rules it is strict.
//
// Fields are found by their names, those within structs too. Where one name stands
// several times, the first goes with the first, and so on. A field whose name
// differs from a wanted one only in case is an error beside that one, since Spark
// cannot tell them apart.
//
// CHAR and VARCHAR columns of tables, which Spark reads as STRING, stand for both:
// for STRING, and for what their metadata say they are. A plain STRING where CHAR or VARCHAR is wanted
// is an error with [TypesExact], and otherwise a warning: whether the texts fit is
// seen when they are written. The same goes for a type in got that stands for many
// itself.
func Compare(want, got Definition, rules *Rules) []Difference {
	c := comparison{}
	if rules != nil {
		c.rules = *rules
	}
	c.fields("", want.Fields, got.Fields)
	return c.out
}

// comparison collects the differences.
type comparison struct {
	rules Rules
	out   []Difference
}

func (c *comparison) add(d Difference) { c.out = append(c.out, d) }

func (c *comparison) fields(path string, want, got []Field) {
	places := pair(want, got, c.rules.Names)
	used := make([]bool, len(got))
	for i, w := range want {
		at := below(path, w.Name)
		if places[i] < 0 {
			c.missing(at, w)
			continue
		}
		used[places[i]] = true
		c.field(at, w, got[places[i]])
	}
	if !c.rules.AnyOrder {
		c.order(path, got, places)
	}
	for i, g := range got {
		if !used[i] {
			c.extra(below(path, g.Name), g, want)
		}
	}
}

func (c *comparison) missing(at string, w Field) {
	d := Difference{
		Path: at, Kind: DifferenceMissing, Want: fieldType(w), Severity: SeverityError, Breaking: true,
		Message: "is missing, wanted " + fieldType(w),
	}
	switch {
	case slices.Contains(c.rules.Optional, at), w.Nullable && c.rules.Missing == MissingAllow:
		return
	case w.Nullable && c.rules.Missing == MissingWarn:
		d.Severity = SeverityWarning
	}
	c.add(d)
}

func (c *comparison) extra(at string, g Field, want []Field) {
	d := Difference{
		Path: at, Kind: DifferenceExtra, Got: fieldType(g), Severity: SeverityError, Message: "is not wanted, found " + fieldType(g),
	}
	twin := slices.IndexFunc(want, func(w Field) bool { return strings.EqualFold(w.Name, g.Name) })
	switch {
	case twin >= 0:
		d.Breaking = true
		d.Message = "has the name of the wanted " + QuoteName(want[twin].Name) + ", and Spark cannot tell them apart"
	case c.rules.Extra == ExtraAllow:
		return
	case c.rules.Extra == ExtraWarn:
		d.Severity = SeverityWarning
	}
	c.add(d)
}

// order compares the order of the fields that both have.
func (c *comparison) order(path string, got []Field, places []int) {
	var wanted, found []int
	for _, at := range places {
		if at >= 0 {
			wanted = append(wanted, at)
		}
	}
	if slices.IsSorted(wanted) {
		return
	}
	found = slices.Sorted(slices.Values(wanted))
	want, have := namesAt(got, wanted), namesAt(got, found)
	what := "the columns stand"
	if path != "" {
		what = "its fields stand"
	}
	c.add(Difference{
		Path: path, Kind: DifferenceOrder, Want: want, Got: have, Severity: SeverityError,
		Message: what + " in the order " + have + ", wanted " + want,
	})
}

func namesAt(fields []Field, places []int) string {
	names := make([]string, len(places))
	for i, at := range places {
		names[i] = QuoteName(fields[at].Name)
	}
	return strings.Join(names, ", ")
}

func (c *comparison) field(at string, w, g Field) {
	c.dataType(at, w.Type, effective(g, w.Type))
	c.nulls(at, w.Nullable, g.Nullable, "")
	if c.rules.Metadata && !sameMetadata(w.Metadata, g.Metadata) {
		c.add(Difference{
			Path: at, Kind: DifferenceMetadata, Want: w.Metadata, Got: g.Metadata, Severity: SeverityError,
			Message: "has the metadata " + orNone(g.Metadata) + ", wanted " + orNone(w.Metadata),
		})
	}
}

func orNone(text string) string {
	if text == "" {
		return "{}"
	}
	return text
}

// nulls compares the nullability of a field or of what is in one.
func (c *comparison) nulls(at string, want, got bool, what string) {
	if want == got || c.rules.Nullability == NullabilityIgnore || want && c.rules.Nullability == NullabilitySafe {
		return
	}
	d := Difference{Path: at, Kind: DifferenceNullability, Want: nullText(want), Got: nullText(got), Severity: SeverityError}
	d.Message = what + "can be null, and must not be"
	if d.Breaking = !want; want {
		d.Message = what + "cannot be null, wanted nullable"
	}
	c.add(d)
}

func nullText(nullable bool) string {
	if nullable {
		return "NULL"
	}
	return "NOT NULL"
}

func fieldType(f Field) string {
	if f.Nullable {
		return f.Type.String()
	}
	return f.Type.String() + " NOT NULL"
}

// below is the path of a field in a struct.
func below(path, name string) string {
	if path == "" {
		return QuoteName(name)
	}
	return path + "." + QuoteName(name)
}
