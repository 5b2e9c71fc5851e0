package tree

import "slices"

// inside reports whether c stands at the place of outer or below it. Places are
// compared by key path, since a merged object has cells of its own.
func (c *cell) inside(outer *cell) bool {
	for c.depth > outer.depth {
		c = c.parent
	}
	if c.depth < outer.depth {
		return false
	}
	for a, b := c, outer; a != b; a, b = a.parent, b.parent {
		if a == nil || b == nil || a.key != b.key || a.item != b.item {
			return false
		}
	}
	return true
}

// around gives the value of outer as a reference inside of it sees it. When a
// definition on the way from outer to the reference refers to other values and
// has earlier definitions, the reference sees those in its place: in
// "l = [0], l = ${l} [${l}]" the inner reference is [0]. Otherwise outer would
// contain itself, and the result is nil.
func (r *resolver) around(outer, owner *cell) *head {
	var way []*cell // from the child of outer down to owner
	layer := owner.active
	var layers []int
	c := owner
	for ; c.depth > outer.depth; c = c.parent {
		way = append(way, c)
		layers = append(layers, layer)
		layer = c.origin
	}
	if refers(c, layer) {
		return r.lowest(c, layer-1)
	}
	slices.Reverse(way)
	slices.Reverse(layers)
	for i, step := range way {
		if refers(step, layers[i]) {
			return r.replaced(r.head(outer), way[:i+1], r.lowest(step, layers[i]-1))
		}
	}
	return nil
}

// refers reports whether the layer looks back when it refers to its own key.
func refers(c *cell, layer int) bool {
	if layer < 2 || layer > len(c.layers) {
		return false
	}
	switch n := c.layers[layer-1].(type) {
	case *substitution:
		return true
	case *concat:
		return slices.ContainsFunc(n.parts, func(part Node) bool {
			_, ok := part.(*substitution)
			return ok
		})
	}
	return false
}

// replaced is h with the value at the end of way exchanged.
func (r *resolver) replaced(h *head, way []*cell, last *head) *head {
	if len(way) == 0 {
		return last
	}
	if h == nil || !h.isContainer() {
		return h
	}
	step := way[0]
	out := *h
	with := func(old *cell) *cell {
		fresh := *old
		fresh.done, fresh.result = true, r.replaced(r.head(old), way[1:], last)
		fresh.active, fresh.below, fresh.built, fresh.building, fresh.value = 0, nil, false, false, nil
		return &fresh
	}
	r.step(1)
	switch {
	case h.kind == Array && step.item >= 0:
		i := slices.Index(h.items, step)
		if i < 0 {
			return h
		}
		out.items = slices.Clone(h.items)
		out.items[i] = with(step)
	case h.kind == Object && step.item < 0:
		i := h.fields.find(step.key)
		if i < 0 {
			return h
		}
		set := *h.fields
		set.list = slices.Clone(set.list)
		set.list[i].cell = with(set.list[i].cell)
		out.fields = &set
	}
	return &out
}
