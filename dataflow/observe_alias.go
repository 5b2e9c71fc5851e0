package dataflow

import (
	"reflect"
	"regexp"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// sqlAlias is the end of a SQL expression that gives it a name. A cast, whose AS
// is followed by a type, ends in a parenthesis.
var sqlAlias = regexp.MustCompile("(?is)\\sas\\s+(?:([\\pL\\pN_]+)|`((?:[^`]|``)+)`)\\s*$")

// aliasOf returns the name that an expression of the client gives its value.
func aliasOf(expr protoreflect.Message) (string, bool) {
	kind := expr.WhichOneof(expr.Descriptor().Oneofs().ByName("expr_type"))
	if kind == nil {
		return "", false
	}
	inner := expr.Get(kind).Message()
	switch kind.Name() {
	case "alias":
		names := inner.Get(inner.Descriptor().Fields().ByName("name")).List()
		if names.Len() != 1 || names.Get(0).String() == "" {
			return "", false
		}
		return names.Get(0).String(), true
	case "expression_string":
		found := sqlAlias.FindStringSubmatch(inner.Get(inner.Descriptor().Fields().ByName("expression")).String())
		if found == nil {
			return "", false
		}
		if found[1] != "" {
			return found[1], true
		}
		return strings.ReplaceAll(found[2], "``", "`"), true
	}
	return "", false
}

// isNil reports whether a column is nil or the zero value of its type, which the
// client cannot convert.
func isNil(value any) bool { return value == nil || reflect.ValueOf(value).IsZero() }
