package config

import (
	"cmp"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// entry is a component with where it comes from.
type entry struct {
	Component
	// at is the block of the file that the component was made of.
	at Section
	// named is the place of its name.
	named tree.Pos
	// namePath is the key path of its name.
	namePath string
	// view is the temporary view that a source makes, or empty.
	view string
	// query is the query of a sequence, or empty.
	query string
	// sequence is true for what a sequence was turned into.
	sequence bool
	// result is the name under which later steps may read what a sequence gives,
	// or empty.
	result string
}

// collect gathers the components of every form in the order of the run and
// checks how they hang together.
func (b *builder) collect() {
	b.sources()
	b.components()
	b.instances()
	b.sequences()
	if len(b.entries) == 0 && !b.incomplete {
		b.nothingToRun()
	}
	if b.unset {
		return
	}
	b.checkNames()
	b.connect()
	b.checkGraph()
}

// nothingToRun reports a file without a component.
func (b *builder) nothingToRun() {
	for _, key := range []string{"components", "sequences"} {
		f := b.given(key)
		if f == nil {
			continue
		}
		if f.Value.Kind == tree.Array {
			b.add(f.Value.Pos, f.Key, "must not be empty", "a pipeline wants at least one component or sequence")
		}
		return
	}
	if b.given("pipeline") == nil {
		b.add(b.root.value.Pos, "components", "required key is missing",
			"a pipeline wants at least one component or sequence")
	}
}

func (b *builder) components() {
	for _, s := range b.shape.Components {
		if s.value == nil {
			b.incomplete = true
			continue
		}
		var c componentShape
		b.section(s, &c)
		b.addEntry(entry{at: s, Component: Component{
			Name: c.Name, Type: c.Type, ComponentType: c.ComponentType,
			DependsOn: c.DependsOn, Enabled: c.Enabled, Timeout: c.Timeout, Config: c.Config,
			Quality: c.Quality, Schema: c.Schema,
			Resilience: b.resilience(s, &c.policyShape), RetryUnsafe: c.RetryUnsafe,
		}}, "name")
	}
}

// instances are the components of the root block "pipeline".
func (b *builder) instances() {
	block := b.shape.Pipeline
	if block == nil {
		return
	}
	if f := b.given("components"); f != nil {
		b.add(f.KeyPos, f.Key, "given beside pipeline.pipeline-components", "keep one of them")
	}
	for _, s := range block.Components {
		if s.value == nil {
			b.incomplete = true
			continue
		}
		var c instanceShape
		b.section(s, &c)
		b.addEntry(entry{at: s, Component: Component{
			Name: c.Name, Type: c.Type, Enabled: true, Config: c.Config,
			Resilience: resilience.Config{
				Retry:   scalaRetry(cmp.Or(c.RetryPolicy, block.RetryPolicy)),
				Breaker: block.CircuitBreaker,
			},
		}}, "instance_name")
	}
}

func (b *builder) addEntry(e entry, nameKey string) {
	e.named, e.namePath = e.at.at(nameKey)
	if strings.TrimSpace(e.Name) == "" {
		b.incomplete = true
	}
	b.entries = append(b.entries, e)
}
