package config

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// yamlOutliner turns YAML nodes into an outline.
type yamlOutliner struct {
	*migration
	// blocks are the outlines of mappings, so that an anchor has one.
	blocks map[*yaml.Node]*outBlock
}

func (m *migration) outlineYAML() (*outBlock, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(m.src), &doc); err != nil {
		return nil, yamlError(err, []byte(m.src), m.name)
	}
	empty := &outBlock{open: -1, end: -1}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return empty, nil
	}
	o := &yamlOutliner{migration: m, blocks: make(map[*yaml.Node]*outBlock)}
	return o.block(doc.Content[0], len(m.lines)-1), nil
}

// offset is the place of a node in the text.
func (o *yamlOutliner) offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(o.lines) {
		return 0
	}
	off := o.lines[n.Line-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRuneInString(o.src[off:])
		off += size
	}
	return off
}

func (o *yamlOutliner) block(n *yaml.Node, lastLine int) *outBlock {
	if b := o.blocks[n]; b != nil {
		return b
	}
	b := &outBlock{open: -1, end: -1, flow: n.Style&yaml.FlowStyle != 0}
	if b.flow {
		b.open = o.offset(n)
	}
	o.blocks[n] = b
	for i := 0; i+1 < len(n.Content); i += 2 {
		last := lastLine
		if i+2 < len(n.Content) {
			last = max(n.Content[i].Line-1, n.Content[i+2].Line-2)
		}
		key := o.scalar(n.Content[i])
		at := o.offset(n.Content[i])
		k := outKey{name: n.Content[i].Value, at: at, from: -1}
		if key.literal {
			k.from, k.to, k.quote = key.from, key.to, key.quote
		}
		value := o.value(n.Content[i+1], last)
		b.members = append(b.members, &outMember{keys: []outKey{k}, value: value, lastLine: last})
	}
	return b
}

func (o *yamlOutliner) value(n *yaml.Node, lastLine int) outValue {
	at := o.offset(n)
	v := outValue{from: at, to: at, parts: 1, shared: n.Anchor != ""}
	switch n.Kind {
	case yaml.AliasNode:
		v = o.value(n.Alias, lastLine)
		v.shared, v.literal = true, false
	case yaml.MappingNode:
		v.blocks = []*outBlock{o.block(n, lastLine)}
	case yaml.SequenceNode:
		items := make([]outValue, len(n.Content))
		for i, c := range n.Content {
			last := lastLine
			if i+1 < len(n.Content) {
				last = n.Content[i+1].Line - 2
			}
			items[i] = o.value(c, last)
		}
		v.lists = [][]outValue{items}
	case yaml.ScalarNode:
		v = o.scalar(n)
	}
	return v
}

// scalar is a text that stands in the source as it is read, or a value that is
// not literal.
func (o *yamlOutliner) scalar(n *yaml.Node) outValue {
	at := o.offset(n)
	v := outValue{from: at, to: at, parts: 1, text: n.Value}
	text := n.Value
	switch {
	case n.Kind != yaml.ScalarNode || n.Anchor != "":
		return v
	case n.Style&yaml.DoubleQuotedStyle != 0:
		v.quote, text = '"', `"`+n.Value+`"`
	case n.Style&yaml.SingleQuotedStyle != 0:
		v.quote, text = '\'', "'"+n.Value+"'"
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return v
	}
	if n.Value == "" || !strings.HasPrefix(o.src[at:], text) {
		return v
	}
	v.to = at + len(text)
	v.literal = !strings.Contains(n.Value, "${")
	return v
}
