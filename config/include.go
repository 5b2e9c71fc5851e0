package config

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// The bounds of includes in YAML and JSON.
const (
	maxFiles        = 1000
	maxIncludeDepth = 50
)

const includeKey = "include"

// include merges the files that the root key "include" names below the
// document. A later file wins over an earlier one, the document over all.
func (l *loader) include(doc document, name string) (tree.Node, error) {
	var wanted tree.Node
	own := make([]tree.Member, 0, len(doc.members))
	for _, m := range doc.members {
		if m.Key == includeKey {
			wanted = m.Value
			continue
		}
		own = append(own, m)
	}
	root := tree.NewObject(own, doc.pos)
	if wanted == nil {
		return root, nil
	}
	paths, err := l.includePaths(wanted)
	if err != nil {
		return nil, err
	}
	var under tree.Node
	for _, p := range paths {
		path := p.Text
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(name), path)
		}
		node, err := l.file(path, p.Pos)
		if err != nil {
			return nil, err
		}
		under = tree.Merge(under, node)
	}
	return tree.Merge(under, root), nil
}

// includePaths reads a path or a list of paths. Only the environment can be
// substituted in them: the document is not known yet.
func (l *loader) includePaths(node tree.Node) ([]*tree.Value, error) {
	pos := node.Pos()
	holder := tree.NewObject([]tree.Member{{Key: includeKey, KeyPos: pos, Value: node}}, pos)
	resolved, err := tree.Resolve(holder, l.env)
	if err != nil {
		return nil, err
	}
	value := resolved.Get(includeKey)
	if value == nil || value.Kind == tree.Null {
		return nil, nil
	}
	items := value.Items
	if value.Kind != tree.Array {
		items = []*tree.Value{value}
	}
	for _, item := range items {
		if item.Kind != tree.String || item.Text == "" {
			return nil, singleError(item.Pos, "include: want a file name or a list of them, found "+describe(item), "", nil)
		}
	}
	return items, nil
}

// enter notes that the includes of a file are being read and refuses a cycle.
// Leave takes the note back.
func (l *loader) enter(path string, from tree.Pos) (leave func(), err error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		absolute = path
	}
	if real, err := filepath.EvalSymlinks(absolute); err == nil {
		absolute = real
	}
	for i, open := range l.stack {
		if open.absolute != absolute {
			continue
		}
		var chain []string
		for _, link := range l.stack[i:] {
			chain = append(chain, link.shown)
		}
		return nil, singleError(from, "includes form a cycle: "+strings.Join(append(chain, path), " -> "), "", nil)
	}
	if len(l.stack) >= maxIncludeDepth {
		return nil, singleError(from, fmt.Sprintf("includes nest more than %d files deep", maxIncludeDepth), "", nil)
	}
	l.stack = append(l.stack, openFile{shown: path, absolute: absolute})
	return func() { l.stack = l.stack[:len(l.stack)-1] }, nil
}
