package config

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// maxNodes bounds the values of one YAML or JSON file, anchors counted at each
// use.
const maxNodes = 500_000

// document is the root of a YAML or JSON file, whose includes are not yet read.
type document struct {
	pos     tree.Pos
	members []tree.Member
}

// reader is what the readers of YAML and JSON share: bounds, and faults that do
// not end the reading.
type reader struct {
	faults
	name  string
	nodes int
	// trail is the way to the value being read.
	trail []step
}

// step is a key, or a position when the key is empty.
type step struct {
	key string
	at  int
}

func (r *reader) push(s step) { r.trail = append(r.trail, s) }

func (r *reader) pop() { r.trail = r.trail[:len(r.trail)-1] }

// path is the key path of the value being read.
func (r *reader) path() string {
	path := ""
	for _, s := range r.trail {
		if s.key == "" {
			path = index(path, s.at)
			continue
		}
		path = join(path, s.key)
	}
	return path
}

// fatal ends the reading of a file.
type fatal struct{ err error }

func (f *fatal) Error() string { return f.err.Error() }

func (r *reader) pos(line, column int) tree.Pos {
	return tree.Pos{File: r.name, Line: line, Column: column}
}

// enter counts a value and refuses what would grow without bound.
func (r *reader) enter(pos tree.Pos, depth int) error {
	r.nodes++
	if r.nodes > maxNodes {
		return &fatal{singleError(pos, fmt.Sprintf("the file holds more than %d values", maxNodes),
			"anchors that refer to one another multiply", nil)}
	}
	if depth > maxDepth {
		return &fatal{singleError(pos, fmt.Sprintf("more than %d levels of nesting", maxDepth), "", nil)}
	}
	return nil
}

// text reads a string, which may hold substitutions.
func (r *reader) text(text string, pos tree.Pos) tree.Node {
	node, err := tree.ParseTemplate(text, pos)
	var fault *tree.Error
	switch {
	case err == nil:
		return node
	case errors.As(err, &fault):
		r.add(fault.Pos, r.path(), fault.Msg, "")
	default:
		r.addCause(pos, r.path(), err)
	}
	return tree.NewScalar(tree.String, unsetMark, pos)
}

// object collects the members of a block.
type object struct {
	members []tree.Member
	// index finds members by key once there are many; few are scanned.
	index map[string]int
}

// indexFrom is the number of members from which an object keeps an index.
const indexFrom = 9

func (o *object) find(key string) int {
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	return slices.IndexFunc(o.members, func(m tree.Member) bool { return m.Key == key })
}

func (o *object) add(m tree.Member) {
	o.members = append(o.members, m)
	switch n := len(o.members); {
	case o.index != nil:
		o.index[m.Key] = n - 1
	case n >= indexFrom:
		o.index = make(map[string]int, 2*n)
		for i := range o.members {
			o.index[o.members[i].Key] = i
		}
	}
}

// put adds a member and refuses a key that comes twice.
func (r *reader) put(o *object, m tree.Member) {
	if first := o.find(m.Key); first >= 0 {
		r.add(m.KeyPos, join(r.path(), m.Key),
			fmt.Sprintf("the key is given twice, first at %s", o.members[first].KeyPos), "keep one of them")
		return
	}
	o.add(m)
}
