package schema

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// ParseJSON reads a schema in Spark's JSON form, the one of df.schema.json():
// {"type":"struct","fields":[{"name":"id","type":"long","nullable":false}]}.
// A field without nullable can be null, metadata may be missing; any other key
// that is missing or unknown is an error, which names the path.
//
// Metadata are kept. Spark writes collations there, under "__COLLATIONS"; they
// become part of the type. The CHAR and VARCHAR of a table's columns, which
// Spark reads as STRING, stay there under "__CHAR_VARCHAR_TYPE_STRING".
func ParseJSON(data []byte) (Definition, error) {
	value, err := decodeJSON(data)
	if err != nil {
		return Definition{}, fmt.Errorf("parse the JSON of a schema: %w", err)
	}
	r := jsonReader{}
	t := r.dataType(value, "", 0)
	if r.err == nil && t.Kind != KindStruct {
		r.err = fmt.Errorf("a schema is a struct, not %s", t)
	}
	if r.err != nil {
		return Definition{}, fmt.Errorf("parse the JSON of a schema: %w", r.err)
	}
	return Definition{Fields: t.Fields}, nil
}

// jsonReader reads the parts of a decoded schema and keeps the first fault.
type jsonReader struct{ err error }

func (r *jsonReader) fail(path, format string, args ...any) {
	if r.err != nil {
		return
	}
	r.err = fmt.Errorf(format, args...)
	if path = strings.TrimPrefix(path, "."); path != "" {
		r.err = fmt.Errorf("%s: %w", path, r.err)
	}
}

func (r *jsonReader) dataType(value any, path string, depth int) DataType {
	if depth > maxDepth {
		r.fail("", "types are nested more than %d deep", maxDepth)
	}
	if r.err != nil {
		return DataType{}
	}
	switch value := value.(type) {
	case string:
		return r.simple(value, path)
	case map[string]any:
		return r.object(value, path, depth+1)
	}
	r.fail(path, "a type is a text or an object, not %s", jsonKind(value))
	return DataType{}
}

// parameters matches the types whose JSON names are those of the DDL.
func parameters() *regexp.Regexp {
	return regexp.MustCompile(`^(?:decimal|char|varchar|time|geometry|geography|interval|string collate)\b`)
}

func (r *jsonReader) simple(name, path string) DataType {
	switch name {
	case "null":
		return Null()
	case "timestamp_ltz":
		return Timestamp()
	}
	for k := KindUnknown; k <= KindUDT; k++ {
		if json := nameOf(k).json; json == name && json != "" {
			return DataType{Kind: k}
		}
	}
	if parameters().MatchString(name) {
		t, err := ParseType(name)
		var fault *ParseError
		if errors.As(err, &fault) {
			r.fail(path, "the type %q: %s", name, fault.Reason)
		}
		return t
	}
	if kind, ok := typeKind(strings.ToUpper(name)); ok && nameOf(kind).json != "" {
		r.fail(path, "Spark's JSON has no type %q; it has %q", name, nameOf(kind).json)
	}
	r.fail(path, "Spark's JSON has no type %q", name)
	return DataType{}
}

func (r *jsonReader) object(o map[string]any, path string, depth int) DataType {
	switch kind := r.text(o, "type", path); kind {
	case "struct":
		r.keys(o, path, "type", "fields")
		return DataType{Kind: KindStruct, Fields: r.fields(o, path, depth)}
	case "array":
		r.keys(o, path, "type", "elementType", "containsNull")
		elem := r.dataType(r.get(o, "elementType", path), path+".elementType", depth)
		return ArrayOf(elem, r.bool(o, "containsNull", path))
	case "map":
		r.keys(o, path, "type", "keyType", "valueType", "valueContainsNull")
		key := r.dataType(r.get(o, "keyType", path), path+".keyType", depth)
		value := r.dataType(r.get(o, "valueType", path), path+".valueType", depth)
		return MapOf(key, value, r.bool(o, "valueContainsNull", path))
	case "udt":
		r.keys(o, path, "type", "class", "pyClass", "serializedClass", "sqlType")
		elem := r.dataType(r.get(o, "sqlType", path), path+".sqlType", depth)
		return DataType{
			Kind: KindUDT, Elem: &elem, UDT: r.optional(o, "class", path),
			PythonUDT: r.optional(o, "pyClass", path), PythonCode: r.optional(o, "serializedClass", path),
		}
	default:
		r.fail(path+".type", "an object is a struct, an array, a map or a udt, not %q", kind)
	}
	return DataType{}
}

func (r *jsonReader) fields(o map[string]any, path string, depth int) []Field {
	list, ok := r.get(o, "fields", path).([]any)
	if !ok {
		r.fail(path+".fields", "not a list")
	}
	fields := make([]Field, 0, len(list))
	for i, item := range list {
		at := fmt.Sprintf("%s.fields[%d]", path, i)
		object, ok := item.(map[string]any)
		if !ok {
			r.fail(at, "a field is an object, not %s", jsonKind(item))
		}
		if r.err != nil {
			return nil
		}
		fields = append(fields, r.field(object, at, depth))
	}
	return fields
}

func (r *jsonReader) field(o map[string]any, path string, depth int) Field {
	r.keys(o, path, "name", "type", "nullable", "metadata")
	f := Field{Name: r.text(o, "name", path), Nullable: true}
	f.Type = r.dataType(r.get(o, "type", path), path+".type", depth)
	if _, ok := o["nullable"]; ok {
		f.Nullable = r.bool(o, "nullable", path)
	}
	if o["metadata"] == nil {
		return f
	}
	meta, ok := o["metadata"].(map[string]any)
	if !ok {
		r.fail(path+".metadata", "not an object")
		return f
	}
	if collations, ok := meta[collationsKey]; ok {
		f.Type = r.collate(f, collations, path+".metadata."+collationsKey)
		delete(meta, collationsKey)
	}
	text, err := encodeMetadata(meta)
	if err != nil {
		r.fail(path+".metadata", "%w", err)
	}
	f.Metadata = text
	return f
}

// collate puts the collations of a field's metadata into its type.
func (r *jsonReader) collate(f Field, value any, path string) DataType {
	byPath, ok := value.(map[string]any)
	if !ok {
		r.fail(path, "not an object")
		return f.Type
	}
	t, used := f.Type.withCollations(f.Name, byPath)
	if r.err == nil && used != len(byPath) {
		r.fail(path, "it names a part of the column that is not a string")
	}
	return t
}

// withCollations returns the type with the collations under their paths, and how
// many it has used.
func (t DataType) withCollations(path string, byPath map[string]any) (DataType, int) {
	switch {
	case t.Kind == KindArray:
		elem, n := t.Elem.withCollations(path+".element", byPath)
		t.Elem = &elem
		return t, n
	case t.Kind == KindMap:
		key, n := t.Key.withCollations(path+".key", byPath)
		value, m := t.Elem.withCollations(path+".value", byPath)
		t.Key, t.Elem = &key, &value
		return t, n + m
	case !t.hasCollation():
		return t, 0
	}
	text, ok := byPath[path].(string)
	if !ok {
		return t, 0
	}
	_, name, _ := strings.Cut(text, ".") // provider.name
	if known, ok := collationName(name); ok {
		name = known
	}
	t.Collation = unlessBinary(name)
	return t, 1
}

// keys refuses keys that are not named.
func (r *jsonReader) keys(o map[string]any, path string, known ...string) {
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(known, key) {
			r.fail(path, "unknown key %q; the keys here are %s", key, strings.Join(known, ", "))
		}
	}
}

func (r *jsonReader) get(o map[string]any, key, path string) any {
	value, ok := o[key]
	if !ok {
		r.fail(path, "the key %q is missing", key)
	}
	return value
}

func (r *jsonReader) text(o map[string]any, key, path string) string {
	value := r.get(o, key, path)
	text, ok := value.(string)
	if !ok {
		r.fail(path+"."+key, "not a text but %s", jsonKind(value))
	}
	return text
}

func (r *jsonReader) optional(o map[string]any, key, path string) string {
	if o[key] == nil {
		return ""
	}
	return r.text(o, key, path)
}

func (r *jsonReader) bool(o map[string]any, key, path string) bool {
	value := r.get(o, key, path)
	yes, ok := value.(bool)
	if !ok {
		r.fail(path+"."+key, "not true or false but %s", jsonKind(value))
	}
	return yes
}

func jsonKind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "a bool"
	case string:
		return "a text"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "a number"
}
