package config

import (
	"maps"
	"slices"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
	"github.com/sparkpipe/sparkpipe/internal/sqltext"
)

// connect makes every component depend on the sources whose view its texts
// mention, and every sequence also on the components that make such a view. A
// source that nothing enabled needs is marked as unused.
func (b *builder) connect() {
	b.nameResults()
	makers := make(map[string][]int)
	sources := false
	for i := range b.entries {
		e := &b.entries[i]
		view := e.view
		sources = sources || view != ""
		if f := e.Config.field(viewKey); f != nil && f.Value.Kind == tree.String {
			view = f.Value.Text
		}
		if view != "" {
			key := sqltext.Fold(view)
			makers[key] = append(makers[key], i)
		}
	}
	for i := range b.entries {
		e := &b.entries[i]
		if e.sequence || sources && e.view == "" {
			b.dependOnMakers(i, makers)
		}
	}
	b.markUnused()
}

func (b *builder) dependOnMakers(i int, makers map[string][]int) {
	e := &b.entries[i]
	words := make(map[string]bool)
	if e.sequence {
		words = sqltext.Words(e.query)
	} else {
		collectWords(words, e.Config.object())
	}
	found := make(map[int]bool)
	for word := range words {
		for _, m := range makers[word] {
			maker := &b.entries[m]
			if m != i && (!maker.sequence || m < i) && (e.sequence || maker.view != "") {
				found[m] = true
			}
		}
	}
	for _, m := range slices.Sorted(maps.Keys(found)) {
		e.DependsOn = append(e.DependsOn, b.entries[m].Name)
	}
}

// collectWords gathers the words of every text below a value.
func collectWords(words map[string]bool, v *tree.Value) {
	if v.Kind == tree.String {
		maps.Copy(words, sqltext.Words(v.Text))
		words[sqltext.Fold(v.Text)] = true
	}
	for _, item := range v.Items {
		collectWords(words, item)
	}
	for i := range v.Fields {
		collectWords(words, v.Fields[i].Value)
	}
}

func (b *builder) markUnused() {
	used := make(map[string]bool)
	for i := range b.entries {
		if e := &b.entries[i]; e.Enabled {
			for _, name := range e.DependsOn {
				used[name] = true
			}
		}
	}
	for i := range b.entries {
		e := &b.entries[i]
		e.Unused = e.view != "" && !used[e.Name]
	}
}
