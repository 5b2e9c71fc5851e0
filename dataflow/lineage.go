package dataflow

import (
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
)

// DatasetKind says what a [Dataset] is.
type DatasetKind string

// The kinds of datasets.
const (
	// DatasetView is a temporary view of the session; a global one has the name
	// "global_temp." and its own.
	DatasetView DatasetKind = "view"
	// DatasetTable is a table of a catalog or of another database.
	DatasetTable DatasetKind = "table"
	// DatasetPath is a file, a folder or a glob.
	DatasetPath DatasetKind = "path"
	// DatasetRelation is what a query names: a view if there is one of the name,
	// else a table.
	DatasetRelation DatasetKind = "relation"
)

// Dataset is something that a component reads or makes.
type Dataset struct {
	Kind DatasetKind
	// Name is a path, or the parts of a name with dots between them. A part that
	// holds more than letters, digits and underscores stands in backquotes.
	Name string
}

// Same reports whether the two can be the same data: equal paths, or equal names
// whatever their case, where a relation can be a view or a table.
func (d Dataset) Same(other Dataset) bool {
	if d.Kind == DatasetPath || other.Kind == DatasetPath {
		return d.Kind == other.Kind && strings.TrimRight(d.Name, "/") == strings.TrimRight(other.Name, "/")
	}
	if d.Kind != other.Kind && d.Kind != DatasetRelation && other.Kind != DatasetRelation {
		return false
	}
	return strings.EqualFold(shortName(d.Name), shortName(other.Name))
}

// shortName leaves the name of Spark's own catalog out.
func shortName(name string) string {
	const own = "spark_catalog."
	if len(name) > len(own) && strings.EqualFold(name[:len(own)], own) {
		return name[len(own):]
	}
	return name
}

// Effect says what a second run of a component does to what the first one left.
type Effect uint8

const (
	// EffectUnknown is said of code that nobody can look into. It is the zero
	// value.
	EffectUnknown Effect = iota
	// EffectNone changes nothing outside the session: reading, registering
	// temporary views, printing.
	EffectNone
	// EffectIdempotent leaves the same data however often it runs on the same
	// input, also when a run before ended half way: an overwrite, for example.
	EffectIdempotent
	// EffectRepeats does its work again: an append, for example.
	EffectRepeats
)

// Lineage is what a component reads and makes, as far as it can be told without
// running it.
type Lineage struct {
	// Inputs are read, Outputs are made or changed. Both are without repetitions.
	Inputs, Outputs []Dataset
	// Effect says what a second run does.
	Effect Effect
	// Partial means that a run which fails can leave a part of its work behind.
	Partial bool
	// Continues means that the component keeps to itself how far it is, and goes on
	// there when it runs again: a streaming query with a checkpoint. What it sends
	// only begins its work.
	Continues bool
	// Opaque means that there may be more inputs and outputs than those that are
	// listed.
	Opaque bool
}

// Describer is implemented by flows, sources, transforms and sinks that know what
// they read and make. Lineage touches nothing and may be called at any time.
type Describer interface {
	Lineage() Lineage
}

// LineageOf returns the lineage of a component: what its own Lineage says if it
// is a [Describer] or the [Component] of one, and otherwise that it is opaque. The
// names of paths are without the passwords and signatures that URLs can hold.
func LineageOf(c component.PipelineComponent) Lineage {
	if f, ok := c.(*flowComponent); ok {
		return lineageOf(f.flow).shown()
	}
	return lineageOf(c).shown()
}

func lineageOf(part any) Lineage {
	if d, ok := part.(Describer); ok {
		return d.Lineage()
	}
	return Lineage{Opaque: true}
}
