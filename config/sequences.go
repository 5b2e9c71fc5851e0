package config

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// The keys that sources and sequences add to the config of what they become.
const (
	viewKey  = "output_view"
	queryKey = "query"
)

// targetDefaults are those of a sequence's target where a component has others.
// Without a mode Spark refuses to touch what exists, and so must a job that has
// always run that way.
var targetDefaults = map[string]string{"mode": "errorifexists"}

// sources turns each member of "sources" into a component that reads into a
// temporary view.
func (b *builder) sources() {
	views := make(map[string]string)
	object := b.shape.Sources.object()
	for i := range object.Fields {
		f := &object.Fields[i]
		at := Section{path: join(b.shape.Sources.path, f.Key), value: f.Value}
		if f.Value.Kind != tree.Object {
			b.wrongType(place{path: at.path, value: f.Value}, "a block with a type", "")
			continue
		}
		known, rest := pick(at, "type", "alias", "quality")
		var s sourceShape
		b.section(known, &s)
		view := f.Key
		if s.Alias != "" {
			view = s.Alias
		}
		pos, path := at.at("alias")
		if own := (Section{path: at.path, value: rest}).field(viewKey); own != nil {
			b.add(own.KeyPos, join(at.path, own.Key), "not a key of a source", "set alias to name the view")
		}
		if first, taken := views[strings.ToLower(view)]; taken {
			b.add(pos, path, fmt.Sprintf("the view %q is that of %s already", view, first), "set another alias")
		}
		views[strings.ToLower(view)] = at.path
		addText(rest, viewKey, view, pos)
		b.entries = append(b.entries, entry{
			at: at, named: f.KeyPos, namePath: at.path, view: view,
			Component: Component{
				Name: "sources." + f.Key, Type: prefixed("read_", s.Type), ComponentType: "source",
				Enabled: true, Config: Section{path: at.path, value: rest}, Quality: s.Quality,
			},
		})
	}
}

// sequences turns each element of "sequences" into a component that writes the
// result of a query.
func (b *builder) sequences() {
	count := make(map[string]int)
	for _, at := range b.shape.Sequences {
		if at.value == nil {
			b.incomplete = true
			continue
		}
		var s sequenceShape
		b.section(at, &s)
		query := b.query(at, &s)
		name := "sequences." + s.Name
		count[name]++
		if n := count[name]; n > 1 {
			name = fmt.Sprintf("%s#%d", name, n)
		}
		typ, config := b.target(at, s.Target, query)
		e := entry{at: at, query: query, sequence: true, Component: Component{
			Name: name, Type: typ, ComponentType: "sink",
			DependsOn: s.DependsOn, Enabled: s.Enabled, Config: config, Timeout: s.Timeout,
			Quality: s.Quality, Schema: s.Schema,
			Resilience: b.resilience(at, &s.policyShape), RetryUnsafe: s.RetryUnsafe,
		}}
		if s.Alias != "" && config.value != nil {
			pos, _ := at.at("alias")
			addText(config.value, viewKey, s.Alias, pos)
		} else if config.value != nil && at.field("name") != nil {
			e.result = s.Name
		}
		b.addEntry(e, "name")
	}
}

// query is the text of a sequence's query, from the file or from one beside it.
func (b *builder) query(at Section, s *sequenceShape) string {
	text, file := at.field("query"), at.field("query_file")
	switch {
	case text != nil && file != nil:
		b.add(file.KeyPos, join(at.path, file.Key), "given beside query", "keep one of them")
	case text == nil && file == nil:
		b.add(at.object().Pos, join(at.path, queryKey), "required key is missing", "a sequence wants a query or a query_file")
	case file != nil && s.QueryFile != "":
		return b.queryFile(at, file, s.QueryFile)
	case text != nil && text.Value.Kind <= tree.String && strings.TrimSpace(s.Query) == "" && isEmpty(text.Value):
		b.add(text.Value.Pos, join(at.path, text.Key), "must not be empty", "a sequence wants a query")
	case file != nil && isEmpty(file.Value):
		b.add(file.Value.Pos, join(at.path, file.Key), "must not be empty", "")
	}
	return s.Query
}

func (b *builder) queryFile(at Section, f *tree.Field, path string) string {
	if b.unset {
		return ""
	}
	shown := path
	if !filepath.IsAbs(path) {
		base := f.Value.Pos.File
		if base == "" {
			base = b.name
		}
		path = filepath.Join(filepath.Dir(base), path)
	}
	src, err := readFile(path, f.Value.Pos)
	if err != nil {
		before := len(b.list)
		b.addAll(err, "")
		for _, fault := range b.list[before:] {
			fault.Path = join(at.path, f.Key)
		}
		return ""
	}
	if strings.TrimSpace(string(src)) == "" {
		b.add(f.Value.Pos, join(at.path, f.Key), fmt.Sprintf("the file %q is empty", shown), "")
	}
	return string(src)
}

// target is the type and the config of what a sequence writes to.
func (b *builder) target(at, target Section, query string) (string, Section) {
	f := at.field("target")
	if f == nil || f.Value.Kind == tree.Null || f.Value.Kind == tree.Object && len(f.Value.Fields) == 0 {
		pos, path := at.at("target")
		if f == nil {
			path = join(path, "target")
		}
		b.add(pos, path, "a sequence wants a target with a type", `for example type: parquet with a path`)
		return "", Section{}
	}
	if f.Value.Kind != tree.Object {
		return "", Section{}
	}
	known, rest := pick(target, "type")
	var s targetShape
	b.section(known, &s)
	for key, hint := range map[string]string{
		queryKey: "the query is a key of the sequence", viewKey: "set the alias of the sequence",
		"args": "args is a key of the sequence", "cache": "cache is a key of the sequence",
	} {
		if own := (Section{path: target.path, value: rest}).field(key); own != nil {
			b.add(own.KeyPos, join(target.path, own.Key), "not a key of a target", hint)
			return "", Section{}
		}
	}
	pos, _ := at.at("query", "query_file")
	addText(rest, queryKey, query, pos)
	more, _ := pick(at, "args", "cache")
	rest.Fields = append(rest.Fields, more.value.Fields...)
	return prefixed("write_", s.Type), Section{path: target.path, value: rest, defaults: targetDefaults}
}

// pick is [Section.Split] with the rest as a value that may be added to.
func pick(s Section, keys ...string) (Section, *tree.Value) {
	with, without := s.Split(keys...)
	return with, without.value
}

func addText(object *tree.Value, key, text string, pos tree.Pos) {
	object.Fields = append(object.Fields, tree.Field{
		Key: key, KeyPos: pos, Value: &tree.Value{Kind: tree.String, Text: text, Pos: pos},
	})
}

// prefixed names the component for a source or target type. A type that is
// written in full stays.
func prefixed(prefix, typ string) string {
	if strings.HasPrefix(typ, prefix) {
		return typ
	}
	return prefix + typ
}
