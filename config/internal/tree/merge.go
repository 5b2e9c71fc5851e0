package tree

import "slices"

// Merge returns the document under with over laid on it: objects merge key by
// key, anything else is replaced. What cannot be decided before substitutions
// are known is left to [Resolve]. A nil node stands for no document. Neither
// node is changed.
func Merge(under, over Node) Node {
	switch {
	case under == nil:
		return over
	case over == nil:
		return under
	}
	switch o := over.(type) {
	case *stack:
		for _, layer := range o.layers {
			under = Merge(under, layer)
		}
		return under
	case *object:
		return mergeObject(under, o)
	case *substitution, *concat:
		return push(under, over)
	}
	return over
}

func mergeObject(under Node, over *object) Node {
	switch u := under.(type) {
	case *object:
		out := u.clone(len(over.members))
		for _, m := range over.members {
			out.put(m, Merge)
		}
		return out
	case *stack:
		top := len(u.layers) - 1
		if _, ok := u.layers[top].(*object); ok {
			layers := slices.Clone(u.layers)
			layers[top] = mergeObject(layers[top], over)
			return &stack{layers: layers}
		}
		return push(under, over)
	case *substitution, *concat:
		return push(under, over)
	}
	return over
}

// push lays over on under without merging.
func push(under, over Node) Node {
	if s, ok := under.(*stack); ok {
		return &stack{layers: append(slices.Clip(s.layers), over)}
	}
	return &stack{layers: []Node{under, over}}
}
