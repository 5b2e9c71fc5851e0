package tree

import (
	"sort"
	"strconv"
	"strings"
)

// concat joins the values of the parts: texts to a text, arrays to an array,
// objects to an object. Parts without a value are left out.
func (r *resolver) concat(n *concat, owner *cell) *head {
	var heads []*head
	container, failed := false, false
	for _, part := range n.parts {
		h := r.eval(part, owner)
		switch {
		case h == nil:
			continue
		case h.failed:
			failed = true
			continue
		}
		container = container || h.isContainer()
		heads = append(heads, h)
	}
	switch {
	case failed:
		return failedHead
	case len(heads) == 0:
		return nil
	case len(heads) == 1:
		out := *heads[0]
		out.pos = n.pos
		return &out
	case container:
		return r.concatContainers(n, heads, owner)
	}
	return r.concatText(n, heads, owner)
}

func (r *resolver) concatText(n *concat, heads []*head, owner *cell) *head {
	size := 0
	for _, h := range heads {
		size += len(h.text)
	}
	r.text += size
	if r.text > MaxText {
		return r.stop(n.pos, owner.path(), "concatenation makes more than %d MiB of text", MaxText>>20)
	}
	var b strings.Builder
	b.Grow(size)
	out := &head{kind: String, pos: n.pos}
	for _, h := range heads {
		b.WriteString(h.text)
		out.fromEnv = out.fromEnv || h.fromEnv
	}
	out.text = b.String()
	return out
}

// concatContainers joins arrays with arrays and objects with objects. Blanks
// between them do not count.
func (r *resolver) concatContainers(n *concat, heads []*head, owner *cell) *head {
	var acc *head
	for _, h := range heads {
		switch {
		case h.space:
			continue
		case acc == nil:
			acc = h
			continue
		}
		left, right := acc, h
		if left.kind == Array && right.kind == Object {
			right = numbered(right)
		}
		if left.kind == Object && right.kind == Array {
			left = numbered(left)
		}
		switch {
		case left.kind == Object && right.kind == Object:
			acc = r.mergeHeads([]*head{left, right}, false, owner)
		case left.kind == Array && right.kind == Array:
			acc = r.joinArrays(left, right)
		default:
			return r.fail(right.pos, owner.path(), "cannot concatenate %s and %s: "+
				"join texts with texts, arrays with arrays and objects with objects, or put a comma or a new line between them",
				describe(left), describe(right))
		}
	}
	out := *acc
	out.pos = n.pos
	return &out
}

func (r *resolver) joinArrays(left, right *head) *head {
	r.step(len(right.items))
	if len(left.items)+len(right.items) > MaxNodes {
		return r.stop(right.pos, "", "an array has more than %d elements", MaxNodes)
	}
	r.step(len(left.items))
	items := make([]*cell, 0, len(left.items)+len(right.items))
	items = append(append(items, left.items...), right.items...)
	return &head{kind: Array, pos: left.pos, items: items}
}

// numbered turns an object with the keys "0", "1", ... into an array, which is
// what such an object means beside an array. Other keys are dropped; without
// any number it stays an object.
func numbered(h *head) *head {
	type entry struct {
		at   int
		cell *cell
	}
	var entries []entry
	for _, f := range h.fields.list {
		if at, err := strconv.Atoi(f.key); err == nil && at >= 0 {
			entries = append(entries, entry{at, f.cell})
		}
	}
	if len(entries) == 0 {
		return h
	}
	sort.SliceStable(entries, func(i, j int) bool { return entries[i].at < entries[j].at })
	out := &head{kind: Array, pos: h.pos}
	for _, e := range entries {
		out.items = append(out.items, e.cell)
	}
	return out
}

func describe(h *head) string {
	switch h.kind {
	case Array:
		return "an array"
	case Object:
		return "an object"
	case Null:
		return "null"
	}
	if h.fromEnv {
		return "a text from outside the file"
	}
	return strconv.Quote(clip(h.text))
}
