package tree

// indexFrom is the number of members from which an object keeps an index.
// Below it a scan is faster.
const indexFrom = 9

// Member is one key of an object with its value.
type Member struct {
	Key    string
	KeyPos Pos
	Value  Node
}

type object struct {
	pos     Pos
	members []Member
	index   map[string]int
}

// NewObject returns an object. Of a key that comes twice the later value is
// merged over the earlier one, as [Merge] does.
func NewObject(members []Member, pos Pos) Node {
	o := &object{pos: pos, members: make([]Member, 0, len(members))}
	for _, m := range members {
		o.put(m, Merge)
	}
	return o
}

// find gives the position of the key in members, or -1.
func (o *object) find(key string) int {
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range o.members {
		if o.members[i].Key == key {
			return i
		}
	}
	return -1
}

func (o *object) put(m Member, merge func(under, over Node) Node) {
	i := o.find(m.Key)
	if i < 0 {
		o.add(m)
		return
	}
	old := &o.members[i]
	merged := merge(old.Value, m.Value)
	if merged == m.Value {
		old.KeyPos = m.KeyPos
	}
	old.Value = merged
}

func (o *object) add(m Member) {
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

// clone copies the object but not its members' values.
func (o *object) clone(extra int) *object {
	out := &object{pos: o.pos, members: make([]Member, 0, len(o.members)+extra)}
	for _, m := range o.members {
		out.add(m)
	}
	return out
}
