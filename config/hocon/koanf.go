package hocon

import (
	"strconv"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// HOCON is a parser for koanf: it has the methods of koanf's Parser interface.
// The zero value has the default options.
type HOCON struct {
	opts *Options
}

// Parser returns a parser with the default options.
func Parser() *HOCON { return NewParser(nil) }

// NewParser returns a parser with options of its own.
func NewParser(opts *Options) *HOCON { return &HOCON{opts: opts} }

// Unmarshal parses a document and resolves its substitutions. Numbers become
// int64 when they are written as whole numbers that fit, else float64; objects
// become map[string]any, arrays []any, null nil. A key with dots in it stays
// one key.
func (h *HOCON) Unmarshal(src []byte) (map[string]any, error) {
	node, err := Parse(src, "", h.opts)
	if err != nil {
		return nil, err
	}
	return resolve(node, h.opts)
}

// Load reads a file and the files it includes, resolves the substitutions and
// returns the map that [HOCON.Unmarshal] describes.
func Load(path string, opts *Options) (map[string]any, error) {
	node, err := ParseFile(path, opts)
	if err != nil {
		return nil, err
	}
	return resolve(node, opts)
}

func resolve(node tree.Node, opts *Options) (map[string]any, error) {
	value, err := tree.Resolve(node, opts.withDefaults().Env)
	if err != nil {
		return nil, publicErrors(err)
	}
	out, _ := plain(value).(map[string]any)
	return out, nil
}

// plain turns a value into the types that koanf works with.
func plain(v *tree.Value) any {
	switch v.Kind {
	case tree.Bool:
		return v.Text == "true"
	case tree.Number:
		return number(v.Text)
	case tree.String:
		return v.Text
	case tree.Array:
		out := make([]any, len(v.Items))
		for i, item := range v.Items {
			out[i] = plain(item)
		}
		return out
	case tree.Object:
		out := make(map[string]any, len(v.Fields))
		for _, f := range v.Fields {
			out[f.Key] = plain(f.Value)
		}
		return out
	}
	return nil
}

// number reads whole numbers as int64 and everything else as float64. A number
// beyond float64 stays its text, so that nothing turns into infinity.
func number(text string) any {
	if !strings.ContainsAny(text, ".eE") {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return f
}
