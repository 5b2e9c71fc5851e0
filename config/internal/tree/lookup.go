package tree

import "strings"

// found says what a lookup came to.
type found uint8

const (
	absent  found = iota // the document has no such path
	present              // the path is in the document, with a value or without
	looped               // the path is being resolved and has no earlier value
)

// find walks path from the root for a reference in owner. The cell is where a
// looped lookup ended.
func (r *resolver) find(path []string, owner *cell) (*head, *cell, found) {
	c := r.root
	for _, key := range path {
		if c.active == 1 {
			r.taint = min(r.taint, c.frame)
			return nil, c, looped
		}
		h := r.head(c)
		switch {
		case h == nil || !h.failed && h.kind != Object:
			return nil, nil, absent
		case h.failed:
			return h, nil, present
		}
		i := h.fields.find(key)
		if i < 0 {
			if h.partial {
				return failedHead, nil, present
			}
			return nil, nil, absent
		}
		c = h.fields.list[i].cell
	}
	if c.active == 1 {
		r.taint = min(r.taint, c.frame)
		return nil, c, looped
	}
	if c.active == 0 && owner.inside(c) {
		h := r.around(c, owner)
		if h == nil {
			return nil, c, looped
		}
		return h, nil, present
	}
	return r.head(c), nil, present
}

// substitute gives the value that a substitution refers to, placed where the
// reference stands.
func (r *resolver) substitute(s *substitution, owner *cell) *head {
	h, loop, state := r.lookup(s, owner)
	switch {
	case h != nil && h.failed:
		return h
	case h != nil:
		out := *h
		out.pos = s.pos
		return &out
	case s.optional:
		return nil
	case state == looped:
		return r.failCycle(s, loop, owner)
	}
	return r.failUnset(s, owner, state)
}

// lookup tries the path below the prefix of the including file, the path from
// the root, and the environment, in this order.
func (r *resolver) lookup(s *substitution, owner *cell) (*head, *cell, found) {
	if len(s.prefix) > 0 {
		full := append(append(make([]string, 0, len(s.prefix)+len(s.path)), s.prefix...), s.path...)
		if h, c, state := r.find(full, owner); state != absent {
			return h, c, state
		}
	}
	h, c, state := r.find(s.path, owner)
	if state != absent || r.env == nil {
		return h, c, state
	}
	if text, ok := r.env(strings.Join(s.path, ".")); ok {
		return &head{kind: String, text: text, fromEnv: true}, nil, present
	}
	return nil, nil, absent
}

func (s *substitution) String() string { return "${" + RenderPath(s.path) + "}" }

// failCycle reports the chain that leads back to loop, once for all its cells.
func (r *resolver) failCycle(s *substitution, loop, owner *cell) *head {
	if loop.active == 0 {
		return r.fail(s.pos, owner.path(), "%s is part of a cycle: %s; a value cannot contain itself",
			s, chainText([]*cell{loop, owner}, loop))
	}
	links := r.chain[loop.frame:]
	for _, link := range links {
		link.done, link.result = true, failedHead
	}
	here := r.chain[len(r.chain)-1].path()
	text := chainText(links, loop)
	hint := "give one of them a value of its own"
	if len(links) == 1 {
		hint = "a key that refers to itself needs an earlier value"
	}
	if r.env != nil && len(links) == 1 {
		if _, ok := r.env(strings.Join(s.path, ".")); ok {
			hint += "; to read the environment variable of this name, give the key another name"
		}
	}
	return r.fail(s.pos, here, "%s is part of a cycle: %s; %s", s, text, hint)
}

func (r *resolver) failUnset(s *substitution, owner *cell, state found) *head {
	name := strings.Join(s.path, ".")
	key := RenderPath(s.path)
	if state == present {
		return r.fail(s.pos, owner.path(),
			"%s has no value: the key %s is defined only by optional substitutions that are not set; "+
				"set one of them, give %s a default, or write ${?%s}", s, key, key, key)
	}
	return r.fail(s.pos, owner.path(),
		"%s has no value: set the environment variable %s, define the key %s, or write ${?%s}", s, name, key, key)
}
