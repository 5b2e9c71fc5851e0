package tree

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// The limits of a document. They are far above what people write and stop what
// grows without bound.
const (
	// MaxDepth is how deep objects and arrays may nest.
	MaxDepth = 200
	// MaxNodes is how many values a resolved document may hold. A value counts
	// once at each place that refers to it.
	MaxNodes = 1_000_000
	// MaxText is how many bytes concatenation may produce in all.
	MaxText = 64 << 20
	// maxChain is how many references may follow one another.
	maxChain = 10_000
	// maxCircles is how many values that contain themselves are reported. Each
	// may hide many more.
	maxCircles = 10
	// maxFaults is how many faults are reported at all.
	maxFaults = 1000
	// maxSteps is how many definitions may be looked at.
	maxSteps = 20_000_000
)

// Env looks up an environment variable. [os.LookupEnv] is one.
type Env func(name string) (value string, ok bool)

// Resolve replaces every substitution in root. A path is looked up in the
// document first, and in the environment when the document has no such path; a
// nil env is empty. The error is an [*Errors] with all faults.
func Resolve(root Node, env Env) (*Value, error) {
	if root == nil {
		return &Value{}, nil
	}
	r := &resolver{env: env, seen: map[Error]bool{}, taint: math.MaxInt}
	r.root = &cell{item: -1}
	r.root.set(root, make([]Node, 1))
	value := r.build(r.root, 0)
	if len(r.errs) > 0 {
		return nil, &Errors{List: r.errs}
	}
	if value == nil {
		return &Value{Pos: root.Pos()}, nil
	}
	return value, nil
}

// resolver evaluates cells on demand. While a cell is being resolved, a
// reference to it sees the layers below the one at work: that is how a value
// refers to its own previous value.
type resolver struct {
	root *cell
	env  Env
	errs []*Error
	seen map[Error]bool

	// chain holds the cells being resolved, outermost first.
	chain []*cell
	// taint is the outermost place in chain that the evaluation at hand looked
	// back at. Such a result holds only while that cell is being resolved and
	// is not remembered.
	taint int
	// trail holds the cells being built.
	trail []*cell

	nodes, text, steps, circles int
	// stopped is set when a limit is hit; everything fails quietly from then on.
	stopped bool
}

func (r *resolver) fail(pos Pos, path, format string, args ...any) *head {
	fault := Error{Pos: pos, Path: path, Msg: fmt.Sprintf(format, args...)}
	if !r.stopped && !r.seen[fault] {
		r.seen[fault] = true
		r.errs = append(r.errs, &fault)
		r.stopped = len(r.errs) >= maxFaults
	}
	return failedHead
}

func (r *resolver) stop(pos Pos, path, format string, args ...any) *head {
	r.fail(pos, path, format, args...)
	r.stopped = true
	return failedHead
}

// head resolves the top of a cell. A cell being resolved gives the value of the
// layers below the one at work.
func (r *resolver) head(c *cell) *head {
	if c.active > 0 {
		r.taint = min(r.taint, c.frame)
		return r.lowest(c, c.active-1)
	}
	if c.done {
		return c.result
	}
	return r.lowest(c, len(c.layers))
}

// lowest resolves the lowest n layers of a cell and remembers the result,
// unless it holds only for the moment.
func (r *resolver) lowest(c *cell, n int) *head {
	if h, ok := c.below[n]; ok {
		return h
	}
	own := len(r.chain)
	if c.active > 0 {
		own = c.frame
	}
	saved := r.taint
	r.taint = math.MaxInt
	h := r.force(c, n)
	if r.taint >= own {
		r.taint = math.MaxInt
		c.remember(n, h)
	}
	r.taint = min(r.taint, saved)
	return h
}

func (c *cell) remember(layers int, h *head) {
	if layers == len(c.layers) {
		c.done, c.result = true, h
		return
	}
	if c.below == nil {
		c.below = map[int]*head{}
	}
	c.below[layers] = h
}

// force resolves the lowest n layers of a cell.
func (r *resolver) force(c *cell, n int) *head {
	if r.stopped {
		return failedHead
	}
	if len(r.chain) >= maxChain {
		return r.stop(c.Pos(), c.path(), "references follow one another more than %d times", maxChain)
	}
	active, frame := c.active, c.frame
	c.frame = len(r.chain)
	r.chain = append(r.chain, c)
	defer func() {
		r.chain = r.chain[:len(r.chain)-1]
		c.active, c.frame = active, frame
	}()
	var objects []*head
	partial := false
	for i := n; i > 0; i-- {
		c.active = i
		h := r.eval(c.layers[i-1], c)
		switch {
		case h == nil:
			continue
		case h.failed && len(objects) == 0:
			return h
		case h.failed:
			partial = true
			continue
		case h.kind == Object:
			objects = append(objects, h)
			continue
		case len(objects) == 0:
			return h
		}
		break
	}
	slices.Reverse(objects)
	return r.mergeHeads(objects, partial, c)
}

// mergeHeads merges objects, lowest first.
func (r *resolver) mergeHeads(objects []*head, partial bool, owner *cell) *head {
	switch {
	case len(objects) == 0:
		return nil
	case len(objects) == 1 && !partial:
		return objects[0]
	}
	out := *objects[0]
	out.partial = out.partial || partial
	set := &fieldSet{list: slices.Clone(out.fields.list)}
	if out.fields.index != nil {
		set.index = make(map[string]int, len(set.list))
		for i := range set.list {
			set.index[set.list[i].key] = i
		}
	}
	r.step(len(set.list))
	for _, over := range objects[1:] {
		out.partial = out.partial || over.partial
		r.step(len(over.fields.list))
		for _, f := range over.fields.list {
			i := set.find(f.key)
			if i < 0 {
				set.add(f)
				continue
			}
			set.list[i] = field{key: f.key, keyPos: f.keyPos, cell: overlay(set.list[i].cell, f.cell, owner)}
		}
	}
	out.fields = set
	return &out
}

// overlay is the cell of a key that both objects have. A literal scalar or
// array on top needs nothing from below.
func overlay(under, over, owner *cell) *cell {
	if under == over {
		return over
	}
	if len(over.layers) == 1 {
		switch over.layers[0].(type) {
		case *scalar, *array:
			return over
		}
	}
	return &cell{
		parent: owner, key: over.key, item: -1, depth: owner.depth + 1, origin: over.origin,
		layers: []Node{under, over},
	}
}

func (r *resolver) step(n int) {
	r.steps += n
	if r.steps > maxSteps && !r.stopped {
		r.stop(r.root.Pos(), "", "the document takes more than %d steps to resolve: references multiply", maxSteps)
	}
}

// eval resolves the top of a node that is the layer of owner at work.
func (r *resolver) eval(n Node, owner *cell) *head {
	r.step(1)
	if r.stopped {
		return failedHead
	}
	switch n := n.(type) {
	case *scalar:
		return &head{kind: n.kind, pos: n.pos, text: n.text, space: n.space, fromEnv: n.outside}
	case *array:
		return arrayHead(n, owner)
	case *object:
		return objectHead(n, owner)
	case *substitution:
		return r.substitute(n, owner)
	case *concat:
		return r.concat(n, owner)
	case *cell:
		return r.head(n)
	case *stack:
		inner := *owner
		inner.layers, inner.active, inner.done, inner.below, inner.literals = n.layers, 0, false, nil, nil
		return r.head(&inner)
	}
	return nil
}

// chainText renders the cells from the place where c entered the chain, and c
// again.
func chainText(cells []*cell, c *cell) string {
	var names []string
	for _, link := range append(slices.Clone(cells), c) {
		name := link.path()
		if n := len(names); n == 0 || names[n-1] != name || link == c {
			names = append(names, name)
		}
	}
	if n := len(names); n > 2 && names[n-1] == names[n-2] {
		names = names[:n-1]
	}
	return strings.Join(names, " -> ")
}
