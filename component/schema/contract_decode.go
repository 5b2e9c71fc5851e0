package schema

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// DecodeContract reads wanted columns as configuration files have them:
//
//   - a text of DDL as [ParseContract] takes it, or of Spark's JSON as [ParseJSON]
//     takes it;
//   - a list of fields, each a map with the keys name, type (or data_type), nullable
//     (default true), metadata (a map) and comment. A type is a text of DDL, or one
//     of the names string, integer, long, float, double, boolean, timestamp, date,
//     binary, byte, short and decimal, where decimal alone is DECIMAL(38,18), array,
//     map and struct stand for all of their kind, and any for every type. The type
//     struct may have its fields beside it, under fields;
//   - a map with such a list under fields, and a text under description, which is
//     not for the columns.
//
// Lists are []any and maps map[string]any, as decoders of YAML and JSON give them.
// All faults are returned at once, each with the path to it, which begins with the
// given one: output.fields[2].type. That may be empty.
func DecodeContract(path string, value any) (Definition, error) {
	d := contractDecoder{}
	def := d.contract(path, value)
	if err := errors.Join(d.faults...); err != nil {
		return Definition{}, err
	}
	return def, nil
}

// contractDecoder collects faults.
type contractDecoder struct{ faults []error }

func (d *contractDecoder) fault(path, format string, args ...any) {
	err := fmt.Errorf(format, args...)
	if path != "" {
		err = fmt.Errorf("%s: %w", path, err)
	}
	d.faults = append(d.faults, err)
}

func (d *contractDecoder) contract(path string, value any) Definition {
	switch value := value.(type) {
	case string:
		return d.text(path, value)
	case []any:
		return d.list(path, value)
	case map[string]any:
		return d.object(path, value)
	}
	d.fault(path, "columns are a text of DDL, a list of fields, or a block with fields, not %s", goKind(value))
	return Definition{}
}

func (d *contractDecoder) text(path, text string) Definition {
	if strings.TrimSpace(text) == "" {
		d.fault(path, "the text has no columns")
		return Definition{}
	}
	var def Definition
	var err error
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		def, err = ParseJSON([]byte(text))
	} else {
		def, err = ParseContract(text)
	}
	if err != nil {
		d.fault(path, "%w", err)
	}
	d.twins(path, def.Fields)
	return def
}

func (d *contractDecoder) object(path string, object map[string]any) Definition {
	d.keys(path, object, "fields", "description")
	if about, ok := object["description"]; ok {
		if _, text := about.(string); !text {
			d.fault(join(path, "description"), "must be a text, not %s", goKind(about))
		}
	}
	list, ok := object["fields"].([]any)
	if !ok {
		d.fault(join(path, "fields"), "must be a list of fields, not %s", goKind(object["fields"]))
		return Definition{}
	}
	return d.list(join(path, "fields"), list)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (d *contractDecoder) list(path string, list []any) Definition {
	if len(list) == 0 {
		d.fault(path, "there are no fields")
	}
	def := Definition{Fields: make([]Field, 0, len(list))}
	for i, item := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		object, ok := item.(map[string]any)
		if !ok {
			d.fault(at, "a field is a block with name and type, not %s", goKind(item))
			continue
		}
		def.Fields = append(def.Fields, d.field(at, object))
	}
	d.twins(path, def.Fields)
	return def
}

// twins refuses a name that stands twice: rows that somebody wants can be asked
// for by name.
func (d *contractDecoder) twins(path string, fields []Field) {
	seen := map[string]bool{}
	for _, f := range fields {
		if f.Name != "" && seen[f.Name] {
			d.fault(path, "two fields have the name %s", QuoteName(f.Name))
		}
		seen[f.Name] = true
	}
}

func (d *contractDecoder) field(at string, object map[string]any) Field {
	d.keys(at, object, "name", "type", "data_type", "nullable", "metadata", "comment", "fields")
	f := Field{Nullable: true}
	name, ok := object["name"].(string)
	if f.Name = name; !ok || name == "" {
		d.fault(at+".name", "must be the name of a column, not %s", goKind(object["name"]))
	}
	f.Type = d.fieldType(at, object)
	if value, given := object["nullable"]; given && value != nil {
		if f.Nullable, ok = value.(bool); !ok {
			d.fault(at+".nullable", "must be true or false, not %s", goKind(value))
		}
	}
	f.Metadata = d.metadata(at, object)
	return f
}

func (d *contractDecoder) fieldType(at string, object map[string]any) DataType {
	key, value := "type", object["type"]
	if other, given := object["data_type"]; given {
		if value != nil {
			d.fault(at, "type and data_type are the same key; keep one of them")
		}
		key, value = "data_type", other
	}
	text, ok := value.(string)
	if !ok || strings.TrimSpace(text) == "" {
		d.fault(at+"."+key, "must be a type such as bigint or array<string>, not %s", goKind(value))
		return DataType{}
	}
	if strings.EqualFold(strings.TrimSpace(text), "decimal") {
		return Decimal(38, 18)
	}
	t, err := parseContractType(text)
	if err != nil {
		var fault *ParseError
		if errors.As(err, &fault) {
			err = errors.New(fault.Reason)
		}
		d.fault(at+"."+key, "%q: %w", text, err)
		return DataType{}
	}
	list, given := object["fields"]
	switch fields, isList := list.([]any); {
	case !given || list == nil:
	case t.Kind != KindStruct || !t.isAny():
		d.fault(at+".fields", "go with the type struct, not with %s", text)
	case !isList:
		d.fault(at+".fields", "must be a list of fields, not %s", goKind(list))
	default:
		return StructOf(d.list(at+".fields", fields).Fields...)
	}
	return t
}

func (d *contractDecoder) metadata(at string, object map[string]any) string {
	meta := map[string]any{}
	switch value := object["metadata"].(type) {
	case nil:
	case map[string]any:
		maps.Copy(meta, value)
	default:
		d.fault(at+".metadata", "must be a block, not %s", goKind(value))
	}
	switch comment := object["comment"].(type) {
	case nil:
	case string:
		meta["comment"] = comment
	default:
		d.fault(at+".comment", "must be a text, not %s", goKind(comment))
	}
	text, err := encodeMetadata(meta)
	if err != nil {
		d.fault(at+".metadata", "%w", err)
	}
	return text
}

func (d *contractDecoder) keys(at string, object map[string]any, known ...string) {
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(known, key) {
			d.fault(at, "unknown key %q; the keys here are %s", key, strings.Join(known, ", "))
		}
	}
}

// goKind names a decoded value to whoever wrote it.
func goKind(value any) string {
	switch value := value.(type) {
	case int, int64, uint64, float64:
		return fmt.Sprintf("the number %v", value)
	case string:
		if value == "" {
			return "an empty text"
		}
		return fmt.Sprintf("the text %q", value)
	case map[string]any:
		return "a block"
	}
	if value == nil {
		return "nothing"
	}
	return jsonKind(value)
}
