package hocon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// Marshal writes a map as JSON, which is HOCON, with sorted keys and two blanks
// of indentation. What [HOCON.Unmarshal] gave comes back the same: a float64
// keeps a fraction or an exponent. Values of other types are written as
// encoding/json writes them. NaN and infinity are errors.
func (h *HOCON) Marshal(values map[string]any) ([]byte, error) {
	w := &writer{}
	if err := w.object(values, 0); err != nil {
		return nil, fmt.Errorf("write HOCON: %w", err)
	}
	w.WriteByte('\n')
	return w.Bytes(), nil
}

type writer struct{ bytes.Buffer }

func (w *writer) line(depth int) {
	w.WriteByte('\n')
	w.WriteString(strings.Repeat("  ", depth))
}

func (w *writer) value(v any, depth int) error {
	switch v := v.(type) {
	case map[string]any:
		return w.object(v, depth)
	case []any:
		return w.array(v, depth)
	case float64:
		return w.float(v)
	case float32:
		return w.float(float64(v))
	case string:
		return w.text(v)
	}
	text, err := json.Marshal(v)
	w.Write(text)
	return err
}

func (w *writer) object(values map[string]any, depth int) error {
	if depth > tree.MaxDepth {
		return fmt.Errorf("the value nests more than %d levels deep", tree.MaxDepth)
	}
	if len(values) == 0 {
		w.WriteString("{}")
		return nil
	}
	w.WriteByte('{')
	for i, key := range slices.Sorted(maps.Keys(values)) {
		if i > 0 {
			w.WriteByte(',')
		}
		w.line(depth + 1)
		if err := w.text(key); err != nil {
			return err
		}
		w.WriteString(": ")
		if err := w.value(values[key], depth+1); err != nil {
			return fmt.Errorf("%s: %w", strconv.Quote(key), err)
		}
	}
	w.line(depth)
	w.WriteByte('}')
	return nil
}

func (w *writer) array(items []any, depth int) error {
	if depth > tree.MaxDepth {
		return fmt.Errorf("the value nests more than %d levels deep", tree.MaxDepth)
	}
	if len(items) == 0 {
		w.WriteString("[]")
		return nil
	}
	w.WriteByte('[')
	for i, item := range items {
		if i > 0 {
			w.WriteByte(',')
		}
		w.line(depth + 1)
		if err := w.value(item, depth+1); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
	w.line(depth)
	w.WriteByte(']')
	return nil
}

func (w *writer) float(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%v has no form in HOCON", f)
	}
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	w.WriteString(text)
	return nil
}

func (w *writer) text(s string) error {
	encoder := json.NewEncoder(&w.Buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return err
	}
	w.Truncate(w.Len() - 1)
	return nil
}
