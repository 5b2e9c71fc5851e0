package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sort"
	"strconv"
	"unicode/utf8"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// jsonReader reads strict JSON token by token, for the places.
type jsonReader struct {
	reader
	src   []byte
	lines []int
	dec   *json.Decoder
}

// parseJSON reads a JSON file. Faults that do not hinder the rest are added to
// out.
func parseJSON(src []byte, name string, out *faults) (document, error) {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	r := &jsonReader{reader: reader{name: name}, src: src, lines: lineStarts(src)}
	r.dec = json.NewDecoder(bytes.NewReader(src))
	r.dec.UseNumber()
	doc, err := r.document()
	out.list = append(out.list, r.list...)
	var stop *fatal
	if errors.As(err, &stop) {
		return document{}, stop.err
	}
	return doc, err
}

func (r *jsonReader) document() (document, error) {
	if len(bytes.TrimSpace(r.src)) == 0 {
		return document{pos: r.pos(0, 0)}, nil
	}
	token, pos, err := r.token()
	if err != nil {
		return document{}, err
	}
	if token != json.Delim('{') {
		return document{}, singleError(pos, "want an object at the root", `begin the file with "{"`, nil)
	}
	members, err := r.members(0)
	if err != nil {
		return document{}, err
	}
	if _, after, err := r.token(); !errors.Is(err, io.EOF) {
		return document{}, singleError(after, "text after the end of the object", "", nil)
	}
	return document{pos: pos, members: members}, nil
}

// token reads the next token and says where it begins.
func (r *jsonReader) token() (json.Token, tree.Pos, error) {
	at := int(r.dec.InputOffset())
	for at < len(r.src) && bytes.IndexByte([]byte(" \t\r\n,:"), r.src[at]) >= 0 {
		at++
	}
	pos := r.at(at)
	token, err := r.dec.Token()
	if err == nil || errors.Is(err, io.EOF) && at >= len(r.src) {
		return token, pos, err
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		pos = r.at(min(max(int(syntax.Offset)-1, at), len(r.src)))
	}
	msg := err.Error()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		pos, msg = r.at(len(r.src)), "the file ends inside of a value"
	}
	return nil, pos, singleError(pos, "not JSON: "+msg, "", nil)
}

func (r *jsonReader) members(depth int) ([]tree.Member, error) {
	var o object
	for r.dec.More() {
		token, pos, err := r.token()
		if err != nil {
			return nil, unexpectedEnd(err, pos)
		}
		key, _ := token.(string)
		r.push(step{key: key})
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		r.pop()
		r.put(&o, tree.Member{Key: key, KeyPos: pos, Value: value})
	}
	_, pos, err := r.token()
	return o.members, unexpectedEnd(err, pos)
}

func (r *jsonReader) value(depth int) (tree.Node, error) {
	token, pos, err := r.token()
	if err != nil {
		return nil, unexpectedEnd(err, pos)
	}
	if err := r.enter(pos, depth); err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			return r.array(pos, depth)
		}
		members, err := r.members(depth)
		return tree.NewObject(members, pos), err
	case json.Number:
		return tree.NewScalar(tree.Number, t.String(), pos), nil
	case bool:
		return tree.NewScalar(tree.Bool, strconv.FormatBool(t), pos), nil
	case string:
		return r.text(t, pos), nil
	}
	return tree.NewScalar(tree.Null, "null", pos), nil
}

func (r *jsonReader) array(pos tree.Pos, depth int) (tree.Node, error) {
	var items []tree.Node
	for r.dec.More() {
		r.push(step{at: len(items)})
		item, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		r.pop()
		items = append(items, item)
	}
	_, end, err := r.token()
	return tree.NewArray(items, pos), unexpectedEnd(err, end)
}

// unexpectedEnd turns the end of the file inside of a value into a fault.
func unexpectedEnd(err error, pos tree.Pos) error {
	if errors.Is(err, io.EOF) {
		return singleError(pos, "not JSON: the file ends inside of a value", "", nil)
	}
	return err
}

// at is the place of a byte of the file; columns count characters.
func (r *jsonReader) at(offset int) tree.Pos {
	line := sort.SearchInts(r.lines, offset+1) - 1
	return r.pos(line+1, utf8.RuneCount(r.src[r.lines[line]:offset])+1)
}

// lineStarts are the offsets at which lines begin.
func lineStarts(src []byte) []int {
	starts := []int{0}
	for i, c := range src {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}
