package pipeline

import (
	"reflect"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/internal/options"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// know has the vault hide the secrets that the pipeline itself holds: those of its
// block "spark", and those that stand in the settings of its components.
func (v *vault) know(p *Pipeline) *vault {
	if p == nil {
		return v
	}
	known := append([]secrets.Value{p.Spark.Token}, options.Secrets(p.Spark.Conf)...)
	known = append(known, options.SecretsIn(p.Spark.Remote.Reveal())...)
	for i := range p.Steps {
		known = append(known, p.Steps[i].secrets...)
	}
	for _, value := range known {
		if !isReference(value) {
			v.mask.Add(value)
		}
	}
	return v
}

// isReference reports whether a text refers to secrets and is none itself.
func isReference(value secrets.Value) bool {
	refs, err := secrets.FindRefs(value.Reveal())
	return err != nil || len(refs) > 0
}

// hideFaults are the faults of a step without the secrets of its settings.
func hideFaults(faults []error, known []secrets.Value) []error {
	v := (&vault{}).know(&Pipeline{Steps: []Step{{secrets: known}}})
	for i, fault := range faults {
		faults[i] = v.hide(fault)
	}
	return faults
}

// noting is the decode function of a section that also remembers the secrets which
// it fills in and those which the section holds elsewhere.
func noting(section config.Section, known *[]secrets.Value) func(into any) error {
	var all map[string]any
	if section.Decode(&all) == nil {
		*known = append(*known, settingSecrets("", all)...)
	}
	return func(into any) error {
		err := section.Decode(into)
		*known = append(*known, valuesIn(reflect.ValueOf(into))...)
		return err
	}
}

// settingSecrets are the secrets in the settings of a file.
func settingSecrets(key string, value any) []secrets.Value {
	var found []secrets.Value
	switch v := value.(type) {
	case map[string]any:
		for inner, item := range v {
			text, isText := item.(string)
			if isText && isSecretOptions(key) {
				found = append(found, secrets.NewValue(text))
			}
			found = append(found, settingSecrets(inner, item)...)
		}
	case []any:
		for _, item := range v {
			found = append(found, settingSecrets(key, item)...)
		}
	case string:
		found = options.Secrets(map[string]string{key: v})
	}
	return found
}

var secretType = reflect.TypeFor[secrets.Value]()

// valuesIn are the secrets in the exported fields of what was decoded.
func valuesIn(v reflect.Value) []secrets.Value {
	var found []secrets.Value
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			found = valuesIn(v.Elem())
		}
	case reflect.Struct:
		if v.Type() == secretType && v.CanInterface() {
			value, _ := v.Interface().(secrets.Value)
			return append([]secrets.Value{value}, options.SecretsIn(value.Reveal())...)
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() || v.Type().Field(i).Anonymous {
				found = append(found, valuesIn(v.Field(i))...)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			found = append(found, valuesIn(v.Index(i))...)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			found = append(found, valuesIn(v.MapIndex(key))...)
		}
	}
	return found
}
