package tree

import (
	"strconv"
	"strings"
)

// head is a value resolved at its top only: the members of an object and the
// elements of an array are cells that are resolved when they are asked for. A
// nil head stands for no value.
type head struct {
	kind    Kind
	pos     Pos
	text    string
	fromEnv bool
	space   bool
	items   []*cell
	fields  *fieldSet
	// failed marks what could not be resolved. The fault is reported already.
	failed bool
	// partial marks an object of which a layer failed, so that a missing key is
	// no news.
	partial bool
}

var failedHead = &head{failed: true}

// isContainer reports whether the value is an array or an object.
func (h *head) isContainer() bool { return h.kind == Array || h.kind == Object }

// cell is one place of the document: the definitions of its value, lowest
// first, and what is known of the result.
type cell struct {
	parent *cell
	key    string
	item   int
	depth  int
	layers []Node
	// origin is the number of the layer of parent, from 1, that this cell is
	// written in.
	origin int
	// literals remembers the objects that are layers of this cell, so that
	// looking back at one gives the same cells again.
	literals map[Node]*head

	// active is the number of the layer that is being resolved, from 1; frame
	// is its place in the chain of cells being resolved. Zero when idle.
	active int
	frame  int

	done   bool
	result *head
	below  map[int]*head

	building bool
	built    bool
	value    *Value
	size     int
	height   int
}

// Pos implements [Node]: a cell is a layer of the cell that merges it.
func (c *cell) Pos() Pos { return c.layers[len(c.layers)-1].Pos() }
func (*cell) node()      {}

// set makes the cell hold a node.
func (c *cell) set(n Node, single []Node) {
	if s, ok := n.(*stack); ok {
		c.layers = s.layers
		return
	}
	single[0] = n
	c.layers = single[:1:1]
}

// path renders the key path of the cell: components[2].config.
func (c *cell) path() string {
	var parts []string
	for ; c != nil && c.parent != nil; c = c.parent {
		if c.item >= 0 {
			parts = append(parts, "["+strconv.Itoa(c.item)+"]")
			continue
		}
		parts = append(parts, "."+quoteKey(c.key))
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteString(parts[i])
	}
	return strings.TrimPrefix(b.String(), ".")
}

// RenderPath joins keys with dots and quotes the keys that need it.
func RenderPath(path []string) string {
	out := make([]string, len(path))
	for i, key := range path {
		out[i] = quoteKey(key)
	}
	return strings.Join(out, ".")
}

func quoteKey(key string) string {
	if key == "" || strings.ContainsAny(key, ". \t\"\\$[]{}:=,+#") {
		return strconv.Quote(key)
	}
	return key
}

type field struct {
	key    string
	keyPos Pos
	cell   *cell
}

// fieldSet is the members of an object in order, with an index when there are
// many.
type fieldSet struct {
	list  []field
	index map[string]int
}

func (s *fieldSet) find(key string) int {
	if s.index != nil {
		if i, ok := s.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range s.list {
		if s.list[i].key == key {
			return i
		}
	}
	return -1
}

func (s *fieldSet) add(f field) {
	s.list = append(s.list, f)
	if s.index != nil {
		s.index[f.key] = len(s.list) - 1
		return
	}
	if len(s.list) >= indexFrom {
		s.index = make(map[string]int, 2*len(s.list))
		for i := range s.list {
			s.index[s.list[i].key] = i
		}
	}
}

// objectHead gives the members of a literal object their cells.
func objectHead(n *object, owner *cell) *head {
	if h := owner.literals[n]; h != nil {
		return h
	}
	set := &fieldSet{list: make([]field, len(n.members)), index: n.index}
	cells := make([]cell, len(n.members))
	nodes := make([]Node, len(n.members))
	for i := range n.members {
		m := &n.members[i]
		c := &cells[i]
		c.parent, c.key, c.item, c.depth, c.origin = owner, m.Key, -1, owner.depth+1, owner.active
		c.set(m.Value, nodes[i:])
		set.list[i] = field{key: m.Key, keyPos: m.KeyPos, cell: c}
	}
	h := &head{kind: Object, pos: n.pos, fields: set}
	if len(owner.layers) > 1 {
		if owner.literals == nil {
			owner.literals = map[Node]*head{}
		}
		owner.literals[n] = h
	}
	return h
}

// arrayHead gives the elements of a literal array their cells.
func arrayHead(n *array, owner *cell) *head {
	cells := make([]cell, len(n.items))
	nodes := make([]Node, len(n.items))
	items := make([]*cell, len(n.items))
	for i, item := range n.items {
		c := &cells[i]
		c.parent, c.item, c.depth, c.origin = owner, i, owner.depth+1, owner.active
		c.set(item, nodes[i:])
		items[i] = c
	}
	return &head{kind: Array, pos: n.pos, items: items}
}
