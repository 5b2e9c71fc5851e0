package artifact_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/artifact"
)

// schema checks documents by the part of JSON Schema that ours use. It refuses
// keywords that it does not know, and with closed also keys that the schema does
// not name.
type schema struct {
	root   map[string]any
	closed bool
}

func parseSchema(tb testing.TB, text []byte, closed bool) schema {
	tb.Helper()
	var root map[string]any
	require.NoError(tb, json.Unmarshal(text, &root))
	return schema{root, closed}
}

func (s schema) check(document []byte) error {
	var value any
	if err := json.Unmarshal(document, &value); err != nil {
		return err
	}
	return s.value("", s.root, value)
}

func (s schema) value(path string, rules map[string]any, v any) error {
	if name, ok := rules["type"].(string); ok && !isType(name, v) { // the others build on it
		return fmt.Errorf("%s: %v is no %s", path, v, name)
	}
	for _, keyword := range slices.Sorted(maps.Keys(rules)) {
		if err := s.rule(path, keyword, rules[keyword], rules, v); err != nil {
			return err
		}
	}
	return nil
}

func (s schema) rule(path, keyword string, rule any, rules map[string]any, v any) error {
	fault := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s: %s", path, keyword, fmt.Sprintf(format, args...))
	}
	switch keyword {
	case "$schema", "$id", "$defs", "title", "description", "type":
		return nil
	case "$ref":
		name := strings.TrimPrefix(rule.(string), "#/$defs/")
		definition, ok := s.root["$defs"].(map[string]any)[name].(map[string]any)
		if !ok {
			return fault("no definition %v", rule)
		}
		return s.value(path, definition, v)
	case "const":
		if v != rule {
			return fault("%v is not %v", v, rule)
		}
	case "enum":
		if !slices.Contains(rule.([]any), v) {
			return fault("%v is not one of %v", v, rule)
		}
	case "minimum":
		if v.(float64) < rule.(float64) {
			return fault("%v is below %v", v, rule)
		}
	case "format":
		if rule != "date-time" {
			return fault("unknown format %v", rule)
		}
		if _, err := time.Parse(time.RFC3339Nano, v.(string)); err != nil {
			return fault("%v", err)
		}
	case "required":
		for _, key := range rule.([]any) {
			if _, ok := v.(map[string]any)[key.(string)]; !ok {
				return fault("%v is missing", key)
			}
		}
	case "items":
		for i, item := range v.([]any) {
			if err := s.value(fmt.Sprintf("%s[%d]", path, i), rule.(map[string]any), item); err != nil {
				return err
			}
		}
	case "properties", "additionalProperties":
		return s.properties(path, rules, v.(map[string]any))
	default:
		return fault("unknown keyword")
	}
	return nil
}

func (s schema) properties(path string, rules map[string]any, object map[string]any) error {
	known, _ := rules["properties"].(map[string]any)
	other, open := rules["additionalProperties"].(map[string]any)
	for key, value := range object {
		rule, ok := known[key].(map[string]any)
		if !ok {
			rule = other
		}
		if !ok && !open && s.closed {
			return fmt.Errorf("%s: the schema does not name %q", path, key)
		}
		if err := s.value(path+"."+key, rule, value); err != nil {
			return err
		}
	}
	return nil
}

func isType(name string, v any) bool {
	switch v := v.(type) {
	case string:
		return name == "string"
	case bool:
		return name == "boolean"
	case float64:
		return name == "number" || name == "integer" && v == float64(int64(v))
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	}
	return false
}

// requireFits checks a document by its schema, which must name every key.
func requireFits(tb testing.TB, schemaText []byte, document any) []byte {
	tb.Helper()
	text, err := json.Marshal(document)
	require.NoError(tb, err)
	require.NoError(tb, parseSchema(tb, schemaText, true).check(text), "%s", text)
	return text
}

func TestTheCheckerRefuses(t *testing.T) {
	t.Parallel()
	check := parseSchema(t, artifact.RunResultsSchema(), false)
	good := string(requireFits(t, artifact.RunResultsSchema(), artifact.NewRunResults(failed(), nil)))
	require.NoError(t, check.check([]byte(strings.Replace(good, "{", `{"new_key":1,`, 1))), "keys may be added")
	for name, change := range map[string][2]string{
		"another version":   {`"schema_version":1`, `"schema_version":2`},
		"another kind":      {`"kind":"run_results"`, `"kind":"manifest"`},
		"unknown status":    {`"status":"failed"`, `"status":"lost"`},
		"a key that misses": {`"run_id"`, `"id"`},
		"text for a number": {`"attempts":2`, `"attempts":"2"`},
		"a part of one":     {`"attempts":2`, `"attempts":2.5`},
		"below zero":        {`"attempts":2`, `"attempts":-1`},
		"no time":           {`"started":"2026`, `"started":"x2026`},
	} {
		require.Contains(t, good, change[0], name)
		require.Error(t, check.check([]byte(strings.Replace(good, change[0], change[1], 1))), name)
	}
}
