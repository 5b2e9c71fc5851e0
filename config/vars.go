package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

const varsKey = "vars"

// vars lays the variables of the call over the root key "vars". One that the
// file neither has nor uses is a fault, since a name that is mistyped would
// change nothing; needless counts them.
func (l *loader) vars(root tree.Node) (merged tree.Node, needless int) {
	if len(l.given) == 0 {
		return root, 0
	}
	before := len(l.list)
	var members []tree.Member
	for _, name := range slices.Sorted(maps.Keys(l.given)) {
		pos := tree.Pos{File: "variable " + name}
		path := strings.Split(name, ".")
		if slices.Contains(path, "") {
			l.add(pos, "", "is no name of a variable", "write words with dots between them")
			continue
		}
		if !tree.Mentions(root, append([]string{varsKey}, path...)) {
			l.add(pos, "", fmt.Sprintf("the file has no key vars.%s, and no ${vars.%s}", name, name), "")
			continue
		}
		value := tree.NewOutside(l.given[name], pos)
		for i := len(path) - 1; i > 0; i-- {
			value = tree.NewObject([]tree.Member{{Key: path[i], KeyPos: pos, Value: value}}, pos)
		}
		members = append(members, tree.Member{Key: path[0], KeyPos: pos, Value: value})
	}
	return tree.Merge(root, tree.NewObject([]tree.Member{
		{Key: varsKey, Value: tree.NewObject(members, tree.Pos{})},
	}, root.Pos())), len(l.list) - before
}
