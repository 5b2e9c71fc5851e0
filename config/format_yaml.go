package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// yamlReader turns YAML nodes into a tree.
type yamlReader struct {
	reader
	// open are the anchors that are being read.
	open map[*yaml.Node]bool
}

// parseYAML reads a YAML file of one document. Faults that do not hinder the
// rest are added to out.
func parseYAML(src []byte, name string, out *faults) (document, error) {
	if err := checkYAMLText(src, name); err != nil {
		return document{}, err
	}
	var root, second yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(src))
	err := dec.Decode(&root)
	if errors.Is(err, io.EOF) {
		return document{pos: tree.Pos{File: name}}, nil
	}
	if err != nil {
		return document{}, yamlError(err, src, name)
	}
	r := &yamlReader{reader: reader{name: name}, open: make(map[*yaml.Node]bool)}
	switch err := dec.Decode(&second); {
	case err == nil:
		return document{}, singleError(r.pos(second.Line, second.Column),
			"a second document begins here", "put each pipeline into a file of its own", nil)
	case !errors.Is(err, io.EOF):
		return document{}, yamlError(err, src, name)
	}
	doc, err := r.document(&root)
	out.list = append(out.list, r.list...)
	var stop *fatal
	if errors.As(err, &stop) {
		return document{}, stop.err
	}
	return doc, err
}

func (r *yamlReader) document(root *yaml.Node) (document, error) {
	if len(root.Content) == 0 {
		return document{pos: r.pos(0, 0)}, nil
	}
	n := root.Content[0]
	pos := r.pos(n.Line, n.Column)
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return document{pos: r.pos(0, 0)}, nil
	}
	if n.Kind != yaml.MappingNode {
		return document{}, singleError(pos, "want keys and values at the root", `write "key: value"`, nil)
	}
	var o object
	err := r.mapping(&o, n, 0)
	return document{pos: pos, members: o.members}, err
}

func (r *yamlReader) value(n *yaml.Node, depth int) (tree.Node, error) {
	pos := r.pos(n.Line, n.Column)
	if err := r.enter(pos, depth); err != nil {
		return nil, err
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.alias(n, depth)
	case yaml.MappingNode:
		var o object
		err := r.mapping(&o, n, depth)
		return tree.NewObject(o.members, pos), err
	case yaml.SequenceNode:
		items := make([]tree.Node, len(n.Content))
		for i, c := range n.Content {
			r.push(step{at: i})
			item, err := r.value(c, depth+1)
			if err != nil {
				return nil, err
			}
			r.pop()
			items[i] = item
		}
		return tree.NewArray(items, pos), nil
	}
	return r.scalar(n, pos), nil
}

func (r *yamlReader) alias(n *yaml.Node, depth int) (tree.Node, error) {
	if r.open[n.Alias] {
		return nil, &fatal{singleError(r.pos(n.Line, n.Column), fmt.Sprintf("the anchor &%s contains itself", n.Value), "", nil)}
	}
	r.open[n.Alias] = true
	defer delete(r.open, n.Alias)
	return r.value(n.Alias, depth+1)
}

// mapping adds the members of a mapping to o, then those of its merge keys,
// which the mapping's own keys hide.
func (r *yamlReader) mapping(o *object, n *yaml.Node, depth int) error {
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.ShortTag() == "!!merge" {
			merges = append(merges, v)
			continue
		}
		key, ok := r.key(k)
		if !ok {
			continue
		}
		r.push(step{key: key})
		value, err := r.value(v, depth+1)
		if err != nil {
			return err
		}
		r.pop()
		r.put(o, tree.Member{Key: key, KeyPos: r.pos(k.Line, k.Column), Value: value})
	}
	for _, m := range merges {
		if err := r.merge(o, m, depth); err != nil {
			return err
		}
	}
	return nil
}

// merge adds what a merge key refers to, one mapping or a list of them, of
// which the first wins.
func (r *yamlReader) merge(o *object, n *yaml.Node, depth int) error {
	sources := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		sources = n.Content
	}
	for _, s := range sources {
		node := s
		for node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		pos := r.pos(s.Line, s.Column)
		if node.Kind != yaml.MappingNode {
			r.add(pos, r.path(), "a merge key << wants a mapping or a list of mappings", "")
			continue
		}
		if r.open[node] {
			return &fatal{singleError(pos, "a merge key << refers to the mapping that holds it", "", nil)}
		}
		var merged object
		r.open[node] = true
		err := r.mapping(&merged, node, depth+1)
		delete(r.open, node)
		if err != nil {
			return err
		}
		for _, m := range merged.members {
			if o.find(m.Key) < 0 {
				o.add(m)
			}
		}
	}
	return nil
}

// key gives the text of a key: any scalar as it is written.
func (r *yamlReader) key(n *yaml.Node) (string, bool) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	pos := r.pos(n.Line, n.Column)
	switch {
	case n.Kind != yaml.ScalarNode:
		r.add(pos, r.path(), "a key must be a word, not a list or a mapping", "")
		return "", false
	case n.Value == "" || n.ShortTag() == "!!null":
		r.add(pos, r.path(), "a key is empty", "")
		return "", false
	}
	return n.Value, true
}

func (r *yamlReader) scalar(n *yaml.Node, pos tree.Pos) tree.Node {
	switch tag := n.ShortTag(); tag {
	case "!!null":
		return tree.NewScalar(tree.Null, "null", pos)
	case "!!bool":
		return tree.NewScalar(tree.Bool, strings.ToLower(n.Value), pos)
	case "!!int", "!!float":
		if plainNumber(n.Value) {
			return tree.NewScalar(tree.Number, n.Value, pos)
		}
	case "!!str", "!!timestamp", "!!merge":
	default:
		r.add(pos, r.path(), fmt.Sprintf("the YAML tag %s is not supported", tag), "remove the tag")
	}
	return r.text(n.Value, pos)
}

// plainNumber reports whether a YAML number is one in the other formats too.
// Leading zeros ("007") and ".inf" stay text.
func plainNumber(text string) bool {
	digits := strings.TrimLeft(text, "+-")
	if len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		return false
	}
	_, ok := parseFloat(text)
	return ok
}
