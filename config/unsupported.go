package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// unsupportedKey is a key that has a meaning but no code behind it yet. It is
// refused by name, never dropped.
type unsupportedKey struct {
	// key is the path in snake_case, with [] for each position in a list.
	key string
	// switchedOff are the keys of a block that is accepted when it says
	// "enabled: false", because then it asks for nothing.
	switchedOff []string
}

// unsupportedKeys is the one list of them. Whoever builds what a line stands for
// removes the line.
var unsupportedKeys = []unsupportedKey{
	{key: "quality"},
	{key: "secrets"},
	{key: "components[].quality"},
	{key: "components[].schema"},
	{key: "hooks.audit", switchedOff: []string{
		"include_data_samples", "audit_trail_path", "retention_days",
	}},
	{key: "pipeline.schema_validation", switchedOff: []string{"strict", "fail_on_warning"}},
}

// unsupportedTexts are the beginnings and the parts of texts that ask for
// something without code behind it: secret references.
var unsupportedTexts = []struct {
	text   string
	prefix bool
}{
	{text: "secret://", prefix: true},
	{text: "${secret:"},
}

const notSupported = "not supported yet"

func findUnsupported(key string) *unsupportedKey {
	for i := range unsupportedKeys {
		if unsupportedKeys[i].key == key {
			return &unsupportedKeys[i]
		}
	}
	return nil
}

// refuse reports whether the key that no struct knows is one that is not
// supported yet, and if it asks for something, the faults to report.
func refuse(path string, f *tree.Field) (known bool, list []*Error) {
	entry := findUnsupported(pattern(path))
	if entry == nil {
		return false, nil
	}
	if f.Value.Kind == tree.Null {
		return true, nil
	}
	hint := "remove the key"
	if entry.switchedOff != nil {
		if f.Value.Kind == tree.Object && len(f.Value.Fields) == 0 {
			return true, nil
		}
		block := Section{path: path, value: f.Value}
		if saysDisabled(block) {
			return true, unknownIn(block, entry.switchedOff)
		}
		hint = fmt.Sprintf("set %s to false or remove the block", join(path, "enabled"))
	}
	var out faults
	out.add(f.KeyPos, path, notSupported, hint)
	return true, out.list
}

func saysDisabled(block Section) bool {
	enabled := block.field("enabled")
	if enabled == nil {
		return false
	}
	value, word := boolWord(enabled.Value.Text)
	isBool := enabled.Value.Kind == tree.Bool || enabled.Value.Kind == tree.String && enabled.Value.FromEnv
	return isBool && word && !value
}

// unknownIn finds the keys of a switched-off block that it does not have.
func unknownIn(block Section, keys []string) []*Error {
	keys = append([]string{"enabled"}, keys...)
	var out faults
	for i := range block.value.Fields {
		f := &block.value.Fields[i]
		if !slices.Contains(keys, normalKey(f.Key)) {
			out.add(f.KeyPos, join(block.path, f.Key), "unknown key", suggest(f.Key, keys, "valid keys"))
		}
	}
	return out.list
}

// refuseTexts finds every text below the value that asks for something without
// code behind it.
func refuseTexts(out *faults, path string, v *tree.Value) {
	switch v.Kind {
	case tree.Array:
		for i, item := range v.Items {
			refuseTexts(out, index(path, i), item)
		}
	case tree.Object:
		for i := range v.Fields {
			refuseTexts(out, join(path, v.Fields[i].Key), v.Fields[i].Value)
		}
	case tree.String:
		if asksUnsupported(v.Text) {
			out.add(v.Pos, path, "secret references are "+notSupported, "pass the value by an environment variable: ${NAME}")
		}
	}
}

func asksUnsupported(text string) bool {
	for _, u := range unsupportedTexts {
		if u.prefix && strings.HasPrefix(text, u.text) || !u.prefix && strings.Contains(text, u.text) {
			return true
		}
	}
	return false
}
