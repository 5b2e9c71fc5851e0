package dataflow

import (
	"errors"
	"fmt"
	"strings"
)

// QuoteName writes a name of those parts for the methods and fields that read
// names as SQL does, and for SQL itself: each part in backquotes, dots between
// them. QuoteName("db", "my-table") is `db`.`my-table`.
func QuoteName(parts ...string) string {
	quoted := make([]string, len(parts))
	for i, part := range parts {
		quoted[i] = "`" + strings.ReplaceAll(part, "`", "``") + "`"
	}
	return strings.Join(quoted, ".")
}

// splitName gives the parts of a name as SQL reads it. Unlike SQL it takes any
// character but a dot and a backquote without quotes: quoted again, the part is
// a name whatever it holds.
func splitName(name string) ([]string, error) {
	var parts []string
	for rest := name; ; {
		part, after, err := cutPart(rest)
		if err != nil {
			return nil, fmt.Errorf("the name %q: %w", name, err)
		}
		parts = append(parts, part)
		if after == "" {
			return parts, nil
		}
		rest = after[1:] // without the dot
	}
}

// cutPart takes the first part off a name; after is empty or begins with a dot.
func cutPart(name string) (part, after string, err error) {
	name = strings.TrimSpace(name)
	if !strings.HasPrefix(name, "`") {
		end := strings.IndexByte(name, '.')
		if end < 0 {
			end = len(name)
		}
		part, after = strings.TrimSpace(name[:end]), name[end:]
		switch {
		case part == "":
			return "", "", errors.New("a part is empty")
		case strings.Contains(part, "`"):
			return "", "", errors.New("a backquote stands in the middle of a part; quote the whole part and double the backquote")
		}
		return part, after, nil
	}
	var b strings.Builder
	for i := 1; i < len(name); i++ {
		if name[i] != '`' {
			b.WriteByte(name[i])
			continue
		}
		if strings.HasPrefix(name[i+1:], "`") {
			b.WriteByte('`')
			i++
			continue
		}
		after = strings.TrimSpace(name[i+1:])
		switch {
		case b.Len() == 0:
			return "", "", errors.New("a part is empty")
		case after != "" && after[0] != '.':
			return "", "", errors.New("something other than a dot follows a closing backquote")
		}
		return b.String(), after, nil
	}
	return "", "", errors.New("a backquote is not closed")
}

// requote gives the name with every part in backquotes.
func requote(name string) (string, error) {
	parts, err := splitName(name)
	if err != nil {
		return "", err
	}
	return QuoteName(parts...), nil
}
