package config

import (
	"regexp"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
	"github.com/sparkpipe/sparkpipe/internal/sqltext"
)

// viewName is a name that can be a view's without quotes.
var viewName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// nameResults gives the result of a sequence a view under the sequence's name when
// a later sequence reads it. A name that means something else already keeps that
// meaning: a view of the file, a table that the file writes, the name of several
// sequences.
func (b *builder) nameResults() {
	taken := map[string]int{}
	for i := range b.entries {
		e := &b.entries[i]
		for _, key := range []string{viewKey, "table", "table_name", "output_table"} {
			if f := e.Config.field(key); f != nil && f.Value.Kind == tree.String {
				if parts := sqltext.ParseName(f.Value.Text); len(parts) > 0 {
					taken[sqltext.Fold(parts[len(parts)-1])]++
				}
			}
		}
		if e.result != "" {
			taken[sqltext.Fold(e.result)]++
		}
	}
	last := b.lastReaders()
	for i := range b.entries {
		e := &b.entries[i]
		name := sqltext.Fold(e.result)
		if viewName.MatchString(e.result) && taken[name] == 1 && last[name] > i {
			addText(e.Config.value, viewKey, e.result, e.named)
		}
	}
}

// lastReaders tells by a name, in the form of [sqltext.Fold], which is the last
// enabled sequence that reads it.
func (b *builder) lastReaders() map[string]int {
	last := map[string]int{}
	for i := range b.entries {
		e := &b.entries[i]
		if !e.sequence || !e.Enabled {
			continue
		}
		st := sqltext.Parse(e.query)
		if !st.Complete {
			for word := range sqltext.Words(e.query) {
				last[word] = i
			}
		}
		for _, read := range st.Reads {
			if len(read) == 1 {
				last[sqltext.Fold(read[0])] = i
			}
		}
	}
	return last
}
