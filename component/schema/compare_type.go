package schema

import (
	"encoding/json"
	"slices"
	"strings"
)

func (c *comparison) dataType(at string, w, g DataType) {
	switch {
	case w.isAny() && (w.Kind == KindUnknown || w.Kind == g.Kind):
		return
	case g.isAny() && (g.Kind == KindUnknown || w.Kind == g.Kind):
		c.notKnown(at, w, g, "stands for many types, wanted "+w.String())
		return
	case w.isAny() || g.isAny() || w.Kind != g.Kind:
		c.leaf(at, w, g)
		return
	}
	switch w.Kind {
	case KindArray:
		c.part(at+"[]", w.Elem, g.Elem)
		c.nulls(at+"[]", w.ElemNullable, g.ElemNullable, "")
	case KindMap:
		c.part(at+"{key}", w.Key, g.Key)
		c.part(at+"{value}", w.Elem, g.Elem)
		c.nulls(at+"{value}", w.ElemNullable, g.ElemNullable, "")
	case KindStruct:
		c.fields(at, w.Fields, g.Fields)
	default:
		c.leaf(at, w, g)
	}
}

// part compares what is in an array or a map. A type made by hand may lack it.
func (c *comparison) part(at string, w, g *DataType) {
	var none DataType
	if w == nil {
		w = &none
	}
	if g == nil {
		g = &none
	}
	c.dataType(at, *w, *g)
}

// leaf compares types of which not both have the same parts.
func (c *comparison) leaf(at string, w, g DataType) {
	if fits(g, w, c.rules.Types) {
		return
	}
	if sized(w.Kind) && g.Kind == KindString && sameCollation(w, g) {
		c.notKnown(at, w, g, "is STRING, wanted "+w.String()+"; whether the texts fit is seen when they are written")
		return
	}
	c.add(Difference{
		Path: at, Kind: DifferenceType, Want: w.String(), Got: g.String(), Severity: SeverityError, Breaking: !g.UpCastsTo(w),
		Message: "is " + g.String() + ", wanted " + w.String(),
	})
}

// notKnown adds that got may fit.
func (c *comparison) notKnown(at string, w, g DataType, message string) {
	d := Difference{
		Path: at, Kind: DifferenceType, Want: w.String(), Got: g.String(), Severity: SeverityWarning, Breaking: true, Message: message,
	}
	if c.rules.Types == TypesExact {
		d.Severity = SeverityError
	}
	c.add(d)
}

func sized(k Kind) bool { return k == KindChar || k == KindVarChar }

// charKey is where Spark keeps the CHAR and VARCHAR in the type of a table's
// column that it reads as STRING.
const charKey = "__CHAR_VARCHAR_TYPE_STRING"

// effective is the type of a field with the CHAR and VARCHAR of its metadata, where
// such are wanted.
func effective(f Field, want DataType) DataType {
	if !strings.Contains(f.Metadata, charKey) {
		return f.Type
	}
	var meta map[string]any
	if json.Unmarshal([]byte(f.Metadata), &meta) != nil {
		return f.Type
	}
	text, _ := meta[charKey].(string)
	raw, err := ParseType(text)
	if err != nil {
		return f.Type
	}
	return withSizes(f.Type, raw, want)
}

// withSizes puts the CHAR and VARCHAR of raw in the place of the STRING of a type
// that is otherwise alike, where such are wanted.
func withSizes(t, raw, want DataType) DataType {
	switch {
	case t.Kind == KindString && sized(raw.Kind) && sized(want.Kind):
		raw.Collation = t.Collation
		return raw
	case t.Kind != raw.Kind || t.Kind != want.Kind:
		return t
	}
	t.Elem, t.Key = partSizes(t.Elem, raw.Elem, want.Elem), partSizes(t.Key, raw.Key, want.Key)
	if len(t.Fields) != len(raw.Fields) {
		return t
	}
	t.Fields = slices.Clone(t.Fields)
	for i, f := range t.Fields {
		if w, ok := lookup(want.Fields, f.Name); ok {
			t.Fields[i].Type = withSizes(f.Type, raw.Fields[i].Type, w.Type)
		}
	}
	return t
}

func partSizes(t, raw, want *DataType) *DataType {
	if t == nil || raw == nil || want == nil {
		return t
	}
	part := withSizes(*t, *raw, *want)
	return &part
}

// pair gives for each wanted field the place of the one that goes with it, or -1:
// first those of the very name, then those whose names are the same by the rule.
func pair(want, got []Field, rule NameRule) []int {
	places := make([]int, len(want))
	for i := range places {
		places[i] = -1
	}
	used := make([]bool, len(got))
	keys := []func(string) string{func(name string) string { return name }}
	if rule != NamesExact {
		keys = append(keys, strings.ToLower)
	}
	if rule == NamesLoose {
		keys = append(keys, func(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) })
	}
	for _, key := range keys {
		byName := map[string][]int{}
		for i, g := range got {
			if !used[i] {
				byName[key(g.Name)] = append(byName[key(g.Name)], i)
			}
		}
		for i, w := range want {
			free := byName[key(w.Name)]
			if places[i] >= 0 || len(free) == 0 {
				continue
			}
			places[i], used[free[0]], byName[key(w.Name)] = free[0], true, free[1:]
		}
	}
	return places
}
