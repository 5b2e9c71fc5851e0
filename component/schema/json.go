package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// collationsKey is where Spark's JSON keeps the collations of a field.
const collationsKey = "__COLLATIONS"

// JSON returns the schema in Spark's JSON form, the one of df.schema.json() in
// Python: without white space, keys in order. [ParseJSON] reads it back. It
// fails when the metadata of a field is not a JSON object, or a nested type
// lacks a part.
func (d Definition) JSON() ([]byte, error) {
	form, err := jsonStruct(d.Fields, "fields")
	if err != nil {
		return nil, fmt.Errorf("write the schema as JSON: %w", err)
	}
	return encodeJSON(form)
}

func jsonStruct(fields []Field, path string) (map[string]any, error) {
	list := make([]any, 0, len(fields))
	for i, f := range fields {
		at := fmt.Sprintf("%s[%d]", path, i)
		typ, err := f.Type.jsonForm(at + ".type")
		if err != nil {
			return nil, err
		}
		meta, err := decodeMetadata(f.Metadata)
		if err != nil {
			return nil, fmt.Errorf("%s.metadata of %s: %w", at, QuoteName(f.Name), err)
		}
		if collations := f.Type.collations(f.Name, map[string]any{}); len(collations) > 0 {
			meta[collationsKey] = collations
		}
		list = append(list, map[string]any{"name": f.Name, "type": typ, "nullable": f.Nullable, "metadata": meta})
	}
	return map[string]any{"type": "struct", "fields": list}, nil
}

// jsonForm gives the type as a string or an object.
func (t DataType) jsonForm(path string) (any, error) {
	if t.isAny() {
		return nil, fmt.Errorf("%s: %s stands for many types, which has no JSON", path, t)
	}
	switch t.Kind {
	case KindArray:
		elem, err := jsonElem(t.Elem, path+".elementType")
		return map[string]any{"type": "array", "elementType": elem, "containsNull": t.ElemNullable}, err
	case KindMap:
		key, err := jsonElem(t.Key, path+".keyType")
		if err != nil {
			return nil, err
		}
		value, err := jsonElem(t.Elem, path+".valueType")
		return map[string]any{"type": "map", "keyType": key, "valueType": value, "valueContainsNull": t.ElemNullable}, err
	case KindStruct:
		return jsonStruct(t.Fields, path+".fields")
	case KindUDT:
		return t.jsonUDT(path)
	case KindChar, KindVarChar:
		return fmt.Sprintf("%s(%d)", strings.ToLower(t.Kind.String()), t.Length), nil
	case KindUnknown:
		if t.Text == "" {
			return nil, fmt.Errorf("%s: the type is empty", path)
		}
		return strings.ToLower(t.Text), nil
	}
	if name := nameOf(t.Kind).json; name != "" {
		return name, nil
	}
	return strings.ToLower(t.String()), nil
}

func jsonElem(t *DataType, path string) (any, error) {
	if t == nil {
		return nil, fmt.Errorf("%s is missing", path)
	}
	return t.jsonForm(path)
}

func (t DataType) jsonUDT(path string) (any, error) {
	elem, err := jsonElem(t.Elem, path+".sqlType")
	form := map[string]any{"type": "udt", "sqlType": elem}
	for key, value := range map[string]string{"class": t.UDT, "pyClass": t.PythonUDT, "serializedClass": t.PythonCode} {
		if value != "" {
			form[key] = value
		}
	}
	return form, err
}

// collations collects those of the strings in a field under their paths, as
// Spark writes them. The fields of a struct keep their own.
func (t DataType) collations(path string, out map[string]any) map[string]any {
	switch {
	case t.Kind == KindArray && t.Elem != nil:
		t.Elem.collations(path+".element", out)
	case t.Kind == KindMap && t.Key != nil && t.Elem != nil:
		t.Key.collations(path+".key", out)
		t.Elem.collations(path+".value", out)
	case t.hasCollation() && unlessBinary(t.Collation) != "":
		out[path] = collationProvider(t.Collation) + "." + t.Collation
	}
	return out
}

func (t DataType) hasCollation() bool {
	return t.Kind == KindString || t.Kind == KindChar || t.Kind == KindVarChar
}

// encodeJSON writes compact JSON with keys in order.
func encodeJSON(value any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// decodeJSON reads one JSON value; numbers stay as they are written.
func decodeJSON(data []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("more text follows the JSON value at byte %d", dec.InputOffset())
	}
	return value, nil
}

func decodeMetadata(text string) (map[string]any, error) {
	if text == "" {
		return map[string]any{}, nil
	}
	value, err := decodeJSON([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	meta, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("not a JSON object")
	}
	return meta, nil
}

// encodeMetadata gives the text of metadata: nothing when there are none.
func encodeMetadata(meta map[string]any) (string, error) {
	if len(meta) == 0 {
		return "", nil
	}
	data, err := encodeJSON(meta)
	return string(data), err
}

func commentMetadata(comment string) (string, error) {
	return encodeMetadata(map[string]any{"comment": comment})
}
