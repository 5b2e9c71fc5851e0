// Package tree holds configuration documents between parsing and use.
//
// A parser (HOCON, YAML, JSON) builds a [Node]: scalars, arrays, objects,
// substitutions and concatenations, each with its place in a file. [Merge] lays
// one document over another. [Resolve] then replaces every substitution, late
// and over the whole document, and gives a [Value] that holds none:
//
//	root := tree.NewObject([]tree.Member{
//		{Key: "dir", Value: tree.NewScalar(tree.String, "/data", pos)},
//		{Key: "out", Value: tree.NewSubstitution([]string{"dir"}, false, pos)},
//	}, pos)
//	value, err := tree.Resolve(root, os.LookupEnv)
//
// The rules are those of HOCON: objects merge, anything else replaces; a
// substitution sees the final document, not the part above it; a value that
// refers to itself sees its own previous value; an optional substitution
// without a value leaves the previous value, or no key at all.
//
// # Errors
//
// [Resolve] reports all faults at once as [*Errors]; each [*Error] has the place,
// the key path and what to do. Documents that would grow without bound (nesting,
// references to references) are refused.
//
// # Concurrency
//
// Nodes and values do not change once they are built, so they may be shared.
// A [Builder] belongs to one goroutine.
package tree
