package config

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

// outBlock is a block of a text with the places of its parts.
type outBlock struct {
	// open and end are the offsets of its braces, -1 without braces.
	open, end int
	// flow is true where YAML has braces.
	flow    bool
	members []*outMember
	// includes are the offsets of include statements.
	includes []int
}

// outKey is a key, or one of a path of keys.
type outKey struct {
	name string
	// at is its place, from and to its bytes, quotes included; from is -1 when it
	// is not written in a way that can be replaced.
	at, from, to int
	quote        byte
}

// outMember is a key or a path of keys with its value.
type outMember struct {
	keys  []outKey
	value outValue
	// lastLine is the index of the last line before the next key, for YAML.
	lastLine int
}

// outValue is a value. A concatenation has several parts.
type outValue struct {
	from, to int
	parts    int
	// literal is true for one text without substitutions; text is what it says.
	literal bool
	text    string
	quote   byte
	blocks  []*outBlock
	lists   [][]outValue
	// shared is true for what stands elsewhere too, such as an anchor of YAML.
	shared bool
}

// block is the value if it is one block and nothing else.
func (v *outValue) block() *outBlock {
	if v.parts == 1 && len(v.blocks) == 1 && !v.shared {
		return v.blocks[0]
	}
	return nil
}

// find returns the members whose path begins with the key, in snake_case.
func (b *outBlock) find(name string) []*outMember {
	var out []*outMember
	for _, mem := range b.members {
		if normalKey(mem.keys[0].name) == name {
			out = append(out, mem)
		}
	}
	return out
}

// outliner finds the structure of a HOCON or JSON text that the parser has
// accepted.
type outliner struct {
	src string
	off int
}

func (o *outliner) rest() string { return o.src[o.off:] }

func (o *outliner) root() *outBlock {
	o.skip(true)
	if strings.HasPrefix(o.rest(), "{") {
		return o.block()
	}
	b := &outBlock{open: -1, end: -1}
	o.members(b)
	return b
}

// skip moves over blanks and comments, and with lines over line ends.
func (o *outliner) skip(lines bool) {
	for o.off < len(o.src) {
		c, size := utf8.DecodeRuneInString(o.rest())
		switch {
		case c == '\n' && !lines:
			return
		case unicode.IsSpace(c), c == '\ufeff', c >= 0x1c && c <= 0x1f:
			o.off += size
		case c == '#', strings.HasPrefix(o.rest(), "//"):
			o.off += strings.IndexByte(o.rest()+"\n", '\n')
		default:
			return
		}
	}
}

func (o *outliner) block() *outBlock {
	b := &outBlock{open: o.off}
	o.off++
	o.members(b)
	b.end = o.off
	o.off++
	return b
}

func (o *outliner) members(b *outBlock) {
	for {
		o.separators()
		if rest := o.rest(); rest == "" || rest[0] == '}' || rest[0] == ']' {
			return
		}
		begin := o.off
		if o.isInclude() {
			b.includes = append(b.includes, o.off)
			o.include()
		} else {
			b.members = append(b.members, o.member())
		}
		if o.off == begin {
			return // what the parser accepts does not come here
		}
	}
}

func (o *outliner) separators() {
	for o.skip(true); strings.HasPrefix(o.rest(), ","); o.skip(true) {
		o.off++
	}
}

func (o *outliner) isInclude() bool {
	after, ok := strings.CutPrefix(o.rest(), "include")
	return ok && (after == "" || after[0] == '"' || unicode.IsSpace(rune(after[0])))
}

func (o *outliner) include() {
	o.off += strings.IndexByte(o.rest()+`"`, '"')
	o.string()
	for o.skip(false); strings.HasPrefix(o.rest(), ")"); o.skip(false) {
		o.off++
	}
}

// member reads a path of keys and its value.
func (o *outliner) member() *outMember {
	mem := &outMember{keys: o.path()}
	o.skip(true)
	appends := strings.HasPrefix(o.rest(), "+=")
	switch rest := o.rest(); {
	case appends:
		o.off += 2
	case rest != "" && (rest[0] == ':' || rest[0] == '='):
		o.off++
	}
	o.skip(true)
	mem.value = o.value()
	if appends { // the value is an element
		v := mem.value
		mem.value = outValue{from: v.from, to: v.to, parts: 2, lists: [][]outValue{{v}}}
	}
	return mem
}

// path reads keys up to the separator. Dots outside of quotes divide them.
func (o *outliner) path() []outKey {
	keys := []outKey{{from: -1}}
	for o.off < len(o.src) {
		k := &keys[len(keys)-1]
		c, size := utf8.DecodeRuneInString(o.rest())
		begin := o.off
		switch {
		case c == '"':
			text, _ := o.string()
			k.add(begin, o.off, text, '"')
			continue
		case strings.ContainsRune(":={+\n,}]", c):
			return keys
		case c == '.':
			keys = append(keys, outKey{from: -1})
		case c == '#', strings.HasPrefix(o.rest(), "//"):
			return keys
		case !unicode.IsSpace(c):
			k.add(begin, begin+size, o.src[begin:begin+size], 0)
		}
		o.off += size
	}
	return keys
}

// add extends a key by what stands at from..to; blanks in it count.
func (k *outKey) add(from, to int, text string, quote byte) {
	if k.from < 0 {
		*k = outKey{name: text, at: from, from: from, to: to, quote: quote}
		return
	}
	k.name += strings.Repeat(" ", from-k.to) + text
	k.to = to
	if quote != 0 {
		k.quote = 0
	}
}

// value reads the parts of a value.
func (o *outliner) value() outValue {
	v := outValue{from: o.off, to: o.off, literal: true}
	for {
		o.skip(false)
		rest := o.rest()
		if rest == "" || strings.ContainsRune("\n,}]", rune(rest[0])) {
			v.literal = v.literal && v.parts > 0 && (v.parts == 1 || v.quote == 0)
			return v
		}
		begin := o.off
		o.part(&v)
		if o.off == begin {
			return v
		}
		v.parts++
		v.to = o.off
	}
}

// part reads one part of a value.
func (o *outliner) part(v *outValue) {
	begin := o.off
	switch rest := o.rest(); {
	case rest[0] == '{':
		v.literal = false
		v.blocks = append(v.blocks, o.block())
	case rest[0] == '[':
		v.literal = false
		v.lists = append(v.lists, o.list())
	case strings.HasPrefix(rest, "${"):
		v.literal = false
		o.reference()
	case rest[0] == '"':
		v.text, v.literal = o.string()
		v.literal = v.literal && v.parts == 0
		v.quote = '"'
	default:
		o.off += strings.IndexFunc(rest+"\n", func(r rune) bool {
			return unicode.IsSpace(r) || strings.ContainsRune("$\"{}[]:=,+#`^?!@*&\\", r)
		})
		if i := strings.Index(o.src[begin:o.off], "//"); i > 0 {
			o.off = begin + i
		}
		v.text = o.src[v.from:o.off]
	}
}

func (o *outliner) reference() {
	for o.off += 2; o.off < len(o.src) && o.src[o.off] != '}'; {
		if o.src[o.off] == '"' {
			o.string()
			continue
		}
		o.off++
	}
	o.off = min(o.off+1, len(o.src))
}

func (o *outliner) list() []outValue {
	var items []outValue
	for o.off++; ; {
		o.separators()
		begin := o.off
		if rest := o.rest(); rest == "" || rest[0] == ']' {
			o.off = min(o.off+1, len(o.src))
			return items
		}
		items = append(items, o.value())
		if o.off == begin {
			return items
		}
	}
}

// string reads a text in quotes: what it says, and whether it is free of
// escapes and of what JSON would take for a substitution.
func (o *outliner) string() (string, bool) {
	rest := o.rest()
	if strings.HasPrefix(rest, `"""`) {
		end := strings.Index(rest[3:], `"""`)
		if end < 0 {
			o.off = len(o.src)
			return "", false
		}
		for end += 3; strings.HasPrefix(rest[end+1:], `"""`); {
			end++
		}
		o.off += end + 3
		return rest[3:end], false
	}
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '"':
			o.off += i + 1
			var text string
			err := json.Unmarshal([]byte(rest[:i+1]), &text)
			return text, err == nil && text == rest[1:i] && !strings.Contains(text, "${")
		}
	}
	o.off = len(o.src)
	return "", false
}
