package hocon_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator writes random documents that use the format the way people do and
// a little worse: few keys, so that definitions, merges and references meet. A
// reference goes to the key itself or to a root key earlier in names, so that
// there are no circles: about those the reference implementation depends on the
// order in which it happens to resolve.
type generator struct {
	rand  *rand.Rand
	out   strings.Builder
	lists int
	// top is the place in names of the root key being defined, self its path
	// when a value may refer to it.
	top  int
	self string
}

// names are the keys that random documents use.
var names = []string{"10", "a", "b", "c", `"d.e"`, "k-1"}

func randomDocument(seed uint64) document {
	g := &generator{rand: rand.New(rand.NewPCG(seed, 1))}
	braces := g.one(8)
	if braces {
		g.out.WriteString("{\n")
	}
	g.members(3+g.rand.IntN(5), 0)
	if braces {
		g.out.WriteString("}\n")
	}
	return document{name: fmt.Sprintf("seed %d", seed), main: g.out.String()}
}

// one is true once in n times.
func (g *generator) one(n int) bool { return g.rand.IntN(n) == 0 }

func (g *generator) pick(choices ...string) string { return choices[g.rand.IntN(len(choices))] }

func (g *generator) members(n, depth int) {
	for range n {
		g.member(depth)
		g.out.WriteString(g.pick("\n", "\n", "\n", ",", ",\n", " ,\n", "\n\n", " # note\n", " // a = {\n", "\r\n"))
	}
}

func (g *generator) name() string {
	return g.pick(names...)
}

func (g *generator) path() string {
	if g.one(4) {
		return g.name() + "." + g.name()
	}
	return g.name()
}

func (g *generator) member(depth int) {
	path := g.path()
	if depth == 0 {
		first := g.rand.IntN(len(names))
		path = names[first]
		if g.one(3) {
			path += "." + g.name()
		}
		g.top = first
	}
	g.self = ""
	if depth == 0 {
		g.self = path
	}
	g.out.WriteString(strings.Repeat("  ", depth) + path)
	switch {
	case depth < 2 && g.one(5):
		g.out.WriteString(g.pick(" ", "", "\n"))
		g.object(depth + 1)
	case g.lists == 0 && g.one(8):
		g.out.WriteString(" += ")
		g.value(depth)
	default:
		g.out.WriteString(g.pick(" = ", ": ", "=", " =\n "))
		g.value(depth)
	}
}

func (g *generator) object(depth int) {
	g.out.WriteString(g.pick("{", "{\n", "{ "))
	g.members(g.rand.IntN(3), depth)
	g.out.WriteString("}")
}

func (g *generator) array(depth int) {
	g.lists++
	defer func() { g.lists-- }()
	g.out.WriteString("[")
	for i := range g.rand.IntN(3) {
		if i > 0 {
			g.out.WriteString(g.pick(", ", ",", "\n", " ,\n"))
		}
		g.value(depth + 1)
	}
	g.out.WriteString(g.pick("]", " ]", "]", "\n]"))
}

// value writes one to three parts that can be put together, and now and then
// parts that cannot.
func (g *generator) value(depth int) {
	part := g.text
	switch g.rand.IntN(6) {
	case 0:
		part = func(int) { g.out.WriteString(g.reference()) }
	case 1:
		part = g.arrayPart
	case 2:
		part = g.objectPart
	}
	for i := 0; ; i++ {
		if i > 0 && g.one(2) {
			g.out.WriteString(g.reference())
		} else {
			part(depth)
		}
		if i == 2 || !g.one(3) {
			return
		}
		g.out.WriteString(g.pick(" ", " ", "", "  "))
	}
}

func (g *generator) arrayPart(depth int) {
	if depth < 3 {
		g.array(depth + 1)
		return
	}
	g.out.WriteString("[]")
}

func (g *generator) objectPart(depth int) {
	if depth < 3 {
		g.object(depth + 1)
		return
	}
	g.out.WriteString("{}")
}

func (g *generator) text(int) {
	g.out.WriteString(g.pick("1", "007", "-2.50", "1e3", "true", "false", "null", "word", "two words", `"quoted"`,
		`"a\tb \u00e9"`, `""`, `"""raw "x" \n"""`, "10s", "x/y", "a.b", "(z)"))
}

func (g *generator) reference() string {
	open := g.pick("${", "${?", "${?", "${?", "${?")
	switch {
	case g.self != "" && g.lists == 0 && g.one(3):
		return open + g.self + "}"
	case g.top == 0 || g.one(4):
		return open + g.pick("HT_SET", "HT_NUM", "HT_EMPTY", "HT_UNSET") + "}"
	}
	path := names[g.rand.IntN(g.top)]
	if g.one(3) {
		path += "." + g.name()
	}
	return open + path + "}"
}
