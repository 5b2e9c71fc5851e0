package tree_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

func at(line, column int) tree.Pos { return tree.Pos{File: "f.yaml", Line: line, Column: column} }

func str(text string) tree.Node { return tree.NewScalar(tree.String, text, at(1, 1)) }

func num(text string) tree.Node { return tree.NewScalar(tree.Number, text, at(1, 1)) }

func ref(path string) tree.Node {
	return tree.NewSubstitution(strings.Split(path, "."), false, at(9, 9))
}

func opt(path string) tree.Node {
	return tree.NewSubstitution(strings.Split(path, "."), true, at(9, 9))
}

func arr(items ...tree.Node) tree.Node { return tree.NewArray(items, at(1, 1)) }

// obj takes keys and nodes in turn.
func obj(pairs ...any) tree.Node {
	var members []tree.Member
	for i := 0; i < len(pairs); i += 2 {
		members = append(members, tree.Member{Key: pairs[i].(string), KeyPos: at(i/2+1, 1), Value: pairs[i+1].(tree.Node)})
	}
	return tree.NewObject(members, at(1, 1))
}

func env(name string) (string, bool) {
	value, ok := map[string]string{"HOST": "db", "a.b": "dotted", "EMPTY": ""}[name]
	return value, ok
}

// render gives the value as JSON with the members in their order.
func render(v *tree.Value) string {
	switch v.Kind {
	case tree.Object:
		var parts []string
		for _, f := range v.Fields {
			parts = append(parts, fmt.Sprintf("%q:%s", f.Key, render(f.Value)))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case tree.Array:
		var parts []string
		for _, item := range v.Items {
			parts = append(parts, render(item))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case tree.String:
		text, _ := json.Marshal(v.Text)
		return string(text)
	}
	return v.Text
}

func TestResolve(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		root tree.Node
		want string
	}{
		"order of first appearance": {obj("b", num("1"), "a", num("2"), "b", num("3")), `{"b":3,"a":2}`},
		"same key merges":           {obj("a", obj("x", num("1")), "a", obj("y", num("2"))), `{"a":{"x":1,"y":2}}`},
		"reference":                 {obj("a", num("1"), "b", ref("a")), `{"a":1,"b":1}`},
		"environment":               {obj("a", ref("HOST"), "b", ref("EMPTY")), `{"a":"db","b":""}`},
		"dotted environment":        {obj("x", ref("a.b")), `{"x":"dotted"}`},
		"document before env":       {obj("HOST", num("1"), "b", ref("HOST")), `{"HOST":1,"b":1}`},
		"optional key disappears":   {obj("a", opt("NOPE"), "b", num("1")), `{"b":1}`},
		"optional keeps previous":   {obj("a", num("1"), "a", opt("NOPE")), `{"a":1}`},
		"optional element vanishes": {arr(num("1"), opt("NOPE"), num("2")), `[1,2]`},
		"optional text is empty":    {obj("a", tree.NewConcat([]tree.Node{str("x"), opt("NOPE"), str("y")}, at(1, 1))), `{"a":"xy"}`},
		"self append":               {obj("a", arr(num("1")), "a", tree.NewConcat([]tree.Node{ref("a"), arr(num("2"))}, at(1, 1))), `{"a":[1,2]}`},
		"null is a value":           {obj("a", tree.NewScalar(tree.Null, "", at(1, 1)), "b", ref("a")), `{"a":null,"b":null}`},
		"relative before absolute":  {obj("o", obj("x", num("1"), "y", tree.NewRelative([]string{"o"}, []string{"x"}, false, at(1, 1))), "x", num("2")), `{"o":{"x":1,"y":1},"x":2}`},
		"absolute after relative":   {obj("o", obj("y", tree.NewRelative([]string{"o"}, []string{"x"}, false, at(1, 1))), "x", num("2")), `{"o":{"y":2},"x":2}`},
		"array at the root":         {arr(num("1")), `[1]`},
		"root without a value":      {opt("NOPE"), ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			value, err := tree.Resolve(c.root, env)
			require.NoError(t, err)
			require.Equal(t, c.want, render(value))
		})
	}
}

func TestResolvePlaces(t *testing.T) {
	t.Parallel()
	root := obj("a", num("1"), "b", ref("a"), "c", ref("HOST"), "d", tree.NewConcat([]tree.Node{str("x"), ref("HOST")}, at(4, 4)))
	value, err := tree.Resolve(root, env)
	require.NoError(t, err)
	require.Equal(t, &tree.Value{Kind: tree.Number, Pos: at(9, 9), Text: "1"}, value.Get("b"))
	require.Equal(t, &tree.Value{Kind: tree.String, Pos: at(9, 9), Text: "db", FromEnv: true}, value.Get("c"))
	require.Equal(t, &tree.Value{Kind: tree.String, Pos: at(4, 4), Text: "xdb", FromEnv: true}, value.Get("d"))
	require.Equal(t, at(2, 1), value.Fields[1].KeyPos)
	require.Nil(t, value.Get("e"))
}

func TestResolveReportsEveryFault(t *testing.T) {
	t.Parallel()
	_, err := tree.Resolve(obj(
		"a", ref("NOPE"),
		"b", arr(obj("k.x", ref("NOPE"))),
		"c", ref("d"), "d", ref("c"),
		"e", obj("f", ref("e")),
		"g", ref("h"), "h", opt("NOPE"),
		"i", ref("a"),
	), env)
	require.EqualError(t, err, strings.Join([]string{
		"f.yaml:9:9: a: ${NOPE} has no value: set the environment variable NOPE, define the key NOPE, or write ${?NOPE}",
		`f.yaml:9:9: b[0]."k.x": ${NOPE} has no value: set the environment variable NOPE, define the key NOPE, or write ${?NOPE}`,
		"f.yaml:9:9: d: ${c} is part of a cycle: c -> d -> c; give one of them a value of its own",
		"f.yaml:9:9: e.f: ${e} is part of a cycle: e -> e.f -> e; a value cannot contain itself",
		"f.yaml:9:9: g: ${h} has no value: the key h is defined only by optional substitutions that are not set; " +
			"set one of them, give h a default, or write ${?h}",
	}, "\n"))
	var all *tree.Errors
	require.ErrorAs(t, err, &all)
	require.Len(t, all.List, 5)
	var one *tree.Error
	require.ErrorAs(t, err, &one)
	require.Equal(t, "a", one.Path)
}

func TestSelfReferenceMentionsTheEnvironment(t *testing.T) {
	t.Parallel()
	_, err := tree.Resolve(obj("HOST", ref("HOST")), env)
	require.EqualError(t, err, "f.yaml:9:9: HOST: ${HOST} is part of a cycle: HOST -> HOST; a key that refers to itself needs an earlier value; "+
		"to read the environment variable of this name, give the key another name")
}

func TestMerge(t *testing.T) {
	t.Parallel()
	base := obj("a", obj("x", num("1"), "y", num("1")), "l", arr(num("1")), "s", str("old"))
	over := obj("a", obj("y", num("2")), "l", arr(num("2")), "s", opt("NOPE"), "n", num("3"))
	value, err := tree.Resolve(tree.Merge(base, over), env)
	require.NoError(t, err)
	require.JSONEq(t, `{"a":{"x":1,"y":2},"l":[2],"s":"old","n":3}`, render(value))

	value, err = tree.Resolve(base, env)
	require.NoError(t, err)
	require.JSONEq(t, `{"a":{"x":1,"y":1},"l":[1],"s":"old"}`, render(value), "the operands do not change")
	require.Equal(t, base, tree.Merge(nil, base))
	require.Equal(t, base, tree.Merge(base, nil))
}

func TestMergeOfReferences(t *testing.T) {
	t.Parallel()
	root := obj("base", obj("x", num("1")), "a", ref("base"))
	root = tree.Merge(root, obj("a", obj("y", num("2"))))
	root = tree.Merge(root, obj("a", obj("x", num("3"))))
	root = tree.Merge(root, obj("base", obj("z", num("4"))))
	value, err := tree.Resolve(root, nil)
	require.NoError(t, err)
	require.JSONEq(t, `{"base":{"x":1,"z":4},"a":{"x":3,"y":2,"z":4}}`, render(value))
}

func TestSharedNodesMayMeet(t *testing.T) {
	t.Parallel()
	shared := obj("x", num("1"))
	root := obj("a", shared, "b", shared, "b", obj("y", num("2")))
	value, err := tree.Resolve(root, nil)
	require.NoError(t, err)
	require.Equal(t, `{"a":{"x":1},"b":{"x":1,"y":2}}`, render(value))
}

func TestLargeObjects(t *testing.T) {
	t.Parallel()
	const n = 50_000
	members := make([]tree.Member, n)
	for i := range members {
		members[i] = tree.Member{Key: fmt.Sprintf("k%d", i), Value: tree.NewSubstitution([]string{fmt.Sprintf("k%d", max(i-1, 0)/5000*5000)}, i%5000 == 0, at(i+1, 1))}
	}
	root := tree.Merge(obj("k0", num("7")), tree.NewObject(members, at(1, 1)))
	begin := time.Now()
	value, err := tree.Resolve(root, nil)
	require.NoError(t, err)
	require.Equal(t, "7", value.Get("k49999").Text)
	require.Less(t, time.Since(begin), 5*time.Second)
}

func TestBombs(t *testing.T) {
	t.Parallel()
	double := func(first tree.Node, wrap func(previous tree.Node) tree.Node) tree.Node {
		pairs := []any{"k0", first}
		for i := 1; i < 60; i++ {
			pairs = append(pairs, fmt.Sprintf("k%d", i), wrap(ref(fmt.Sprintf("k%d", i-1))))
		}
		return obj(pairs...)
	}
	concat := func(previous tree.Node) tree.Node { return tree.NewConcat([]tree.Node{previous, previous}, at(1, 1)) }
	var chain []any
	for i := 20_000; i > 0; i-- {
		chain = append(chain, fmt.Sprintf("k%d", i), ref(fmt.Sprintf("k%d", i-1)))
	}
	nested := num("1")
	for range 300 {
		nested = arr(nested)
	}
	for name, c := range map[string]struct {
		root tree.Node
		want string
	}{
		"elements": {double(num("1"), func(p tree.Node) tree.Node { return arr(p, p) }), "more than 1000000 values"},
		"members":  {double(num("1"), func(p tree.Node) tree.Node { return obj("a", p, "b", p) }), "more than 1000000 values"},
		"text":     {double(str("0123456789"), concat), "more than 64 MiB of text"},
		"arrays":   {double(arr(num("1")), concat), "more than 1000000 "},
		"depth":    {nested, "nest more than 200 levels deep"},
		"chain":    {obj(chain...), "references follow one another more than 10000 times"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tree.Resolve(c.root, nil)
			require.ErrorContains(t, err, c.want)
			require.Less(t, len(err.Error()), 1000)
		})
	}
}

func TestChainOfReferences(t *testing.T) {
	t.Parallel()
	var members []tree.Member
	for i := 5000; i > 0; i-- {
		members = append(members, tree.Member{Key: fmt.Sprintf("k%d", i), Value: ref(fmt.Sprintf("k%d", i-1))})
	}
	members = append(members, tree.Member{Key: "k0", Value: num("1")})
	value, err := tree.Resolve(tree.NewObject(members, at(1, 1)), nil)
	require.NoError(t, err)
	require.Equal(t, "1", value.Get("k5000").Text)
}
