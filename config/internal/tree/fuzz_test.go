package tree_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// FuzzTemplate holds that no text panics, and that a text without "${" stays as
// it is.
func FuzzTemplate(f *testing.F) {
	for _, text := range []string{"", "x", "${a}", "$${a}", "${?a.b}x", `${"a.b"}`, "${secret:x}", "${", "$$${x}", "${a:-b}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		node, err := tree.ParseTemplate(text, at(1, 1))
		if err != nil {
			var fault *tree.Error
			require.ErrorAs(t, err, &fault)
			return
		}
		_, err = tree.Resolve(obj("v", node, "a", str("x")), env)
		if err != nil {
			var all *tree.Errors
			require.ErrorAs(t, err, &all)
		}
	})
}

// FuzzResolve makes documents from bytes: few keys, every kind of node, so that
// references meet in every way. Resolving must end and must end the same way
// twice.
func FuzzResolve(f *testing.F) {
	f.Add([]byte{7, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Add([]byte{3, 0, 7, 1, 8, 2, 3, 0, 7, 0, 8, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		g := &byteNodes{data: data}
		var root tree.Node
		for range 3 {
			root = tree.Merge(root, g.object(0))
		}
		first, err := tree.Resolve(root, env)
		second, again := tree.Resolve(root, env)
		if err != nil {
			require.EqualError(t, again, err.Error())
			return
		}
		require.NoError(t, again)
		require.Equal(t, render(first), render(second))
	})
}

type byteNodes struct{ data []byte }

func (g *byteNodes) next(n int) int {
	if len(g.data) == 0 {
		return 0
	}
	b := g.data[0]
	g.data = g.data[1:]
	return int(b) % n
}

func (g *byteNodes) key() string { return []string{"a", "b", "c", "d"}[g.next(4)] }

func (g *byteNodes) node(depth int) tree.Node {
	kind := g.next(8)
	if depth > 4 {
		kind %= 4
	}
	switch kind {
	case 1:
		return num("1")
	case 2, 3:
		path := []string{g.key(), g.key()}[:1+g.next(2)]
		return tree.NewSubstitution(path, kind == 2, at(1, len(g.data)+1))
	case 4:
		return arr(g.node(depth+1), g.node(depth+1))
	case 5:
		return g.object(depth + 1)
	case 6:
		return tree.NewConcat([]tree.Node{g.node(depth + 1), g.node(depth + 1)}, at(2, len(g.data)+1))
	case 7:
		return tree.Merge(g.node(depth+1), g.node(depth+1))
	}
	return str("x")
}

func (g *byteNodes) object(depth int) tree.Node {
	var members []tree.Member
	for range g.next(5) {
		members = append(members, tree.Member{Key: g.key(), Value: g.node(depth + 1)})
	}
	return tree.NewObject(members, at(1, 1))
}
