package tree

import "slices"

// Key is one segment of a key path with its place.
type Key struct {
	Name string
	Pos  Pos
}

// Builder makes an object from definitions in the order of a file. It changes
// what it was given in place, so that many definitions of one path stay linear;
// nodes handed to it must not be used elsewhere.
type Builder struct {
	object *object
}

// NewBuilder starts an object at pos.
func NewBuilder(pos Pos) *Builder { return &Builder{object: &object{pos: pos}} }

// Set defines the value at path, which has at least one key. Objects on the way
// are made as needed and merge with what is there.
func (b *Builder) Set(path []Key, value Node) {
	last := len(path) - 1
	b.descend(path[:last]).put(Member{Key: path[last].Name, KeyPos: path[last].Pos, Value: value}, mergeOwned)
}

// Append adds an element to the array at path. Self is the substitution that
// refers to path, for an array that is not known yet; a nil self means that
// path cannot be referred to, as inside of arrays, and only what this object
// holds at path counts.
func (b *Builder) Append(path []Key, element, self Node) {
	last := len(path) - 1
	target := b.descend(path[:last])
	key := path[last]
	addition := &array{pos: element.Pos(), items: []Node{element}}
	var old Node
	if i := target.find(key.Name); i >= 0 {
		old = target.members[i].Value
		if (self == nil || closed(element)) && extend(old, element) {
			return
		}
	}
	var value Node = addition
	switch {
	case self != nil:
		value = &concat{pos: element.Pos(), parts: []Node{self, addition}, appends: true}
	case old != nil:
		value = &concat{pos: element.Pos(), parts: []Node{old, addition}, appends: true}
		target.members[target.find(key.Name)].Value = value
		return
	}
	target.put(Member{Key: key.Name, KeyPos: key.Pos, Value: value}, mergeOwned)
}

// closed reports whether a node holds no substitution, so that nothing in it can
// refer to an earlier value of its own key.
func closed(n Node) bool {
	switch n := n.(type) {
	case *scalar:
		return true
	case *array:
		return !slices.ContainsFunc(n.items, func(item Node) bool { return !closed(item) })
	case *object:
		return !slices.ContainsFunc(n.members, func(m Member) bool { return !closed(m.Value) })
	}
	return false
}

// extend adds the element in place to a literal array, or to the array of an
// earlier Append. It reports false when the value is neither.
func extend(old, element Node) bool {
	switch o := old.(type) {
	case *array:
		o.items = append(o.items, element)
		return true
	case *concat:
		if o.appends {
			return extend(o.parts[len(o.parts)-1], element)
		}
	case *stack:
		return extend(o.layers[len(o.layers)-1], element)
	}
	return false
}

// Include merges the members of an object node, as if they stood here. It
// reports false when the node is not an object.
func (b *Builder) Include(n Node) bool {
	o, ok := n.(*object)
	if ok {
		mergeOwned(b.object, o)
	}
	return ok
}

// Object gives the object. The builder must not be used afterwards.
func (b *Builder) Object() Node { return b.object }

// descend walks to the object at path and makes what is missing.
func (b *Builder) descend(path []Key) *object {
	at := b.object
	for _, key := range path {
		next := at.child(key.Name)
		if next == nil {
			next = &object{pos: key.Pos}
			at.put(Member{Key: key.Name, KeyPos: key.Pos, Value: next}, mergeOwned)
		}
		at = next
	}
	return at
}

// child gives the object that definitions below key go to, or nil when there
// is none yet.
func (o *object) child(key string) *object {
	i := o.find(key)
	if i < 0 {
		return nil
	}
	value := o.members[i].Value
	if s, ok := value.(*stack); ok {
		value = s.layers[len(s.layers)-1]
	}
	next, _ := value.(*object)
	return next
}

// mergeOwned is [Merge] for nodes that nobody else holds: it changes under.
func mergeOwned(under, over Node) Node {
	s, stacked := under.(*stack)
	switch o := over.(type) {
	case *object:
		target, _ := under.(*object)
		if stacked {
			target, _ = s.layers[len(s.layers)-1].(*object)
		}
		if target != nil {
			for _, m := range o.members {
				target.put(m, mergeOwned)
			}
			return under
		}
	case *stack:
		for _, layer := range o.layers {
			under = mergeOwned(under, layer)
		}
		return under
	}
	if _, literal := over.(*scalar); stacked && !literal {
		if _, literal := over.(*array); !literal {
			s.layers = append(s.layers, over)
			return s
		}
	}
	return Merge(under, over)
}
