package tree

import "slices"

// Mentions reports whether a document has the key at path, or a substitution of
// it or of something below it.
func Mentions(root Node, path []string) bool { return has(root, path) || names(root, path) }

// has looks for a key.
func has(n Node, path []string) bool {
	if len(path) == 0 {
		return n != nil
	}
	switch n := n.(type) {
	case *object:
		i := n.find(path[0])
		return i >= 0 && has(n.members[i].Value, path[1:])
	case *stack:
		return slices.ContainsFunc(n.layers, func(layer Node) bool { return has(layer, path) })
	case *concat:
		return slices.ContainsFunc(n.parts, func(part Node) bool { return has(part, path) })
	}
	return false
}

// names looks for a substitution.
func names(n Node, path []string) bool {
	inner := func(n Node) bool { return names(n, path) }
	switch n := n.(type) {
	case *substitution:
		return len(n.path) >= len(path) && slices.Equal(n.path[:len(path)], path)
	case *array:
		return slices.ContainsFunc(n.items, inner)
	case *object:
		return slices.ContainsFunc(n.members, func(m Member) bool { return inner(m.Value) })
	case *stack:
		return slices.ContainsFunc(n.layers, inner)
	case *concat:
		return slices.ContainsFunc(n.parts, inner)
	}
	return false
}
