package config

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// maxShown is the number of runes of a text that a message shows.
const maxShown = 60

func (d *decoder) wrongType(at place, want, hint string) {
	d.add(at.value.Pos, at.path, "want "+want+", found "+describe(at.value), hint)
}

// describe says what a value is. Text from the environment is not shown: it may
// be a secret.
func describe(v *tree.Value) string {
	switch v.Kind {
	case tree.Array:
		return "a list"
	case tree.Object:
		return "a block"
	case tree.Null, tree.Bool:
		return v.Text
	case tree.Number:
		return "the number " + v.Text
	}
	if v.FromEnv {
		return "other text from outside the file"
	}
	text := []rune(v.Text)
	if len(text) > maxShown {
		return "the text " + strconv.Quote(string(text[:maxShown])+"...")
	}
	return "the text " + strconv.Quote(v.Text)
}

func isScalar(v *tree.Value) bool {
	return v.Kind == tree.Bool || v.Kind == tree.Number || v.Kind == tree.String
}

// number gives the text of a value that may stand where a number is wanted.
// Text may only when it came from the environment, which has nothing but text.
func number(v *tree.Value) (string, bool) {
	switch {
	case v.Kind == tree.Number:
		return v.Text, true
	case v.Kind == tree.String && v.FromEnv:
		return strings.TrimSpace(v.Text), true
	}
	return "", false
}

func (d *decoder) boolean(at place, into reflect.Value) {
	v := at.value
	if v.Kind == tree.Bool {
		into.SetBool(v.Text == "true")
		return
	}
	if v.Kind != tree.String {
		d.wrongType(at, "true or false", "")
		return
	}
	value, word := boolWord(strings.TrimSpace(v.Text))
	switch {
	case !word:
		d.wrongType(at, "true or false", "")
	case v.FromEnv:
		into.SetBool(value)
	default:
		d.wrongType(at, "true or false", fmt.Sprintf("write %t without quotes", value))
	}
}

func boolWord(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "y":
		return true, true
	case "false", "no", "off", "n":
		return false, true
	}
	return false, false
}

func (d *decoder) integer(at place, r rule, into reflect.Value) {
	value, ok := int64(0), false
	if text, isNumber := number(at.value); isNumber {
		value, ok = parseInteger(text)
	}
	if !ok {
		d.wrongType(at, "an integer", numberHint(at.value))
		return
	}
	if into.OverflowInt(value) {
		d.add(at.value.Pos, at.path, fmt.Sprintf("%d is out of range", value), "")
		return
	}
	if least, err := strconv.ParseInt(r.min, 10, 64); err == nil && value < least {
		d.tooSmall(at, r, strconv.FormatInt(value, 10))
		return
	}
	into.SetInt(value)
}

func (d *decoder) unsigned(at place, r rule, into reflect.Value) {
	value, ok := uint64(0), false
	if text, isNumber := number(at.value); isNumber {
		n, fine := parseInteger(text)
		value, ok = uint64(max(n, 0)), fine && n >= 0
		if large, err := strconv.ParseUint(text, 10, 64); err == nil {
			value, ok = large, true
		}
	}
	if !ok {
		d.wrongType(at, "an integer that is not negative", numberHint(at.value))
		return
	}
	if into.OverflowUint(value) {
		d.add(at.value.Pos, at.path, fmt.Sprintf("%d is out of range", value), "")
		return
	}
	if least, err := strconv.ParseUint(r.min, 10, 64); err == nil && value < least {
		d.tooSmall(at, r, strconv.FormatUint(value, 10))
		return
	}
	into.SetUint(value)
}

func (d *decoder) float(at place, r rule, into reflect.Value) {
	value, ok := 0.0, false
	if text, isNumber := number(at.value); isNumber {
		value, ok = parseFloat(text)
	}
	if !ok {
		d.wrongType(at, "a number", numberHint(at.value))
		return
	}
	if into.OverflowFloat(value) {
		d.add(at.value.Pos, at.path, fmt.Sprintf("%g is out of range", value), "")
		return
	}
	if least, err := strconv.ParseFloat(r.min, 64); err == nil && value < least {
		d.tooSmall(at, r, strconv.FormatFloat(value, 'g', -1, 64))
		return
	}
	into.SetFloat(value)
}

func (d *decoder) tooSmall(at place, r rule, value string) {
	d.add(at.value.Pos, at.path, fmt.Sprintf("must be at least %s, is %s", r.min, value), "")
}

// numberHint tells about a number in quotes.
func numberHint(v *tree.Value) string {
	if v.Kind != tree.String || v.FromEnv {
		return ""
	}
	if _, ok := parseFloat(v.Text); ok && !strings.HasPrefix(v.Text, "0") {
		return "write " + v.Text + " without quotes"
	}
	return ""
}

// parseInteger reads an integer in any spelling of the three formats, also "1e3"
// and "5.0", which are whole.
func parseInteger(text string) (int64, bool) {
	if value, err := strconv.ParseInt(text, 10, 64); err == nil {
		return value, true
	}
	if strings.ContainsAny(text, "xXoObB_") {
		value, err := strconv.ParseInt(text, 0, 64)
		return value, err == nil
	}
	const exact = 1 << 53
	value, ok := parseFloat(text)
	if !ok || value != math.Trunc(value) || math.Abs(value) > exact {
		return 0, false
	}
	return int64(value), true
}

func parseFloat(text string) (float64, bool) {
	if strings.ContainsAny(text, "xXoObB_") {
		value, err := strconv.ParseInt(text, 0, 64)
		if err == nil {
			return float64(value), true
		}
		text = strings.ReplaceAll(text, "_", "")
	}
	value, err := strconv.ParseFloat(text, 64)
	return value, err == nil && !math.IsNaN(value) && !math.IsInf(value, 0)
}

// native is the value in the types that encoding/json uses, with int64 for
// whole numbers.
func native(v *tree.Value) any {
	switch v.Kind {
	case tree.Bool:
		return v.Text == "true"
	case tree.Number:
		return nativeNumber(v.Text)
	case tree.String:
		return v.Text
	case tree.Array:
		out := make([]any, len(v.Items))
		for i, item := range v.Items {
			out[i] = native(item)
		}
		return out
	case tree.Object:
		out := make(map[string]any, len(v.Fields))
		for i := range v.Fields {
			out[v.Fields[i].Key] = native(v.Fields[i].Value)
		}
		return out
	}
	return nil
}

// nativeNumber is int64 for what is written as a whole number, else float64. A
// number that neither holds stays text.
func nativeNumber(text string) any {
	if value, ok := parseInteger(text); ok && (!strings.ContainsAny(text, ".eE") || isHex(text)) {
		return value
	}
	if value, ok := parseFloat(text); ok {
		return value
	}
	return text
}

func isHex(text string) bool { return strings.ContainsAny(text, "xX") }
