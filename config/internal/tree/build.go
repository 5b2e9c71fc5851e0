package tree

import "math"

// build turns a cell and everything below it into a value. It returns nil for
// no value and after a fault.
func (r *resolver) build(c *cell, depth int) *Value {
	switch {
	case r.stopped:
		return nil
	case c.built && depth+c.height > MaxDepth:
		r.tooDeep(c)
		return nil
	case c.built:
		return c.value
	case c.building:
		r.contains(c)
		return nil
	}
	if n, ok := c.layers[0].(*scalar); ok && len(c.layers) == 1 {
		c.size, c.built = 1, true
		c.value = &Value{Kind: n.kind, Pos: n.pos, Text: n.text}
		return c.value
	}
	h := r.head(c)
	switch {
	case h == nil || h.failed:
		c.built = true
		return nil
	case h.isContainer() && depth >= MaxDepth:
		r.tooDeep(c)
		return nil
	}
	return r.buildHead(c, h, depth)
}

// buildHead builds the value of a cell from its top.
func (r *resolver) buildHead(c *cell, h *head, depth int) *Value {
	c.building = true
	r.trail = append(r.trail, c)
	v := &Value{Kind: h.kind, Pos: h.pos, Text: h.text, FromEnv: h.fromEnv}
	c.size = 1
	switch h.kind {
	case Array:
		r.buildItems(c, v, h, depth)
	case Object:
		r.buildFields(c, v, h, depth)
	}
	r.trail = r.trail[:len(r.trail)-1]
	c.building = false
	if c.built {
		return nil // dropped because it leads back to itself
	}
	c.built, c.value = true, v
	return v
}

func (r *resolver) tooDeep(c *cell) {
	r.stop(c.Pos(), c.path(), "objects and arrays nest more than %d levels deep", MaxDepth)
}

func (r *resolver) buildItems(c *cell, v *Value, h *head, depth int) {
	if !r.count(c, len(h.items)) {
		return
	}
	v.Items = make([]*Value, 0, len(h.items))
	for _, item := range h.items {
		child := r.build(item, depth+1)
		if child == nil {
			continue
		}
		v.Items = append(v.Items, child)
		r.grow(c, item)
	}
}

func (r *resolver) buildFields(c *cell, v *Value, h *head, depth int) {
	if !r.count(c, len(h.fields.list)) {
		return
	}
	v.Fields = make([]Field, 0, len(h.fields.list))
	for i := range h.fields.list {
		f := &h.fields.list[i]
		child := r.build(f.cell, depth+1)
		if child == nil {
			continue
		}
		v.Fields = append(v.Fields, Field{Key: f.key, KeyPos: f.keyPos, Value: child})
		r.grow(c, f.cell)
	}
	v.reindex()
}

// count charges n values to the document before room is made for them.
func (r *resolver) count(c *cell, n int) bool {
	r.nodes += n
	return r.fits(c, r.nodes)
}

// grow charges a child to its parent. Sizes count a value at each place that
// refers to it, so that references to references cannot multiply unseen.
func (r *resolver) grow(c, child *cell) {
	c.height = max(c.height, child.height+1)
	if child.size > math.MaxInt-c.size {
		c.size = math.MaxInt
	} else {
		c.size += child.size
	}
	r.fits(c, c.size)
}

func (r *resolver) fits(c *cell, n int) bool {
	if n <= MaxNodes {
		return true
	}
	r.stop(c.Pos(), c.path(), "the document has more than %d values: references multiply it", MaxNodes)
	return false
}

// contains deals with a value that holds itself: the reference that closes the
// circle is dropped when it is optional, and an error otherwise.
func (r *resolver) contains(c *cell) {
	last := r.trail[len(r.trail)-1]
	if s, ok := last.layers[0].(*substitution); ok && len(last.layers) == 1 && s.optional {
		last.built = true
		return
	}
	from := 0
	for i, link := range r.trail {
		if link == c {
			from = i
		}
	}
	r.fail(c.Pos(), c.path(), "the value contains itself, a cycle: %s", chainText(r.trail[from:], c))
	if r.circles++; r.circles >= maxCircles {
		r.stopped = true
	}
}
