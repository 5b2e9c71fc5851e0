package dataflow

import (
	"errors"
	"fmt"
	"strings"
)

// sqlPiece makes sure that a text stays what it is where Spark puts it into a
// statement for a database: a part of that statement. What would end it, or have
// the database leave out what comes behind, is refused. Databases differ in what a
// backslash in quotes means, so both meanings are looked at.
func sqlPiece(text string) error {
	if strings.Contains(text, "\x00") {
		return errors.New("it holds a null character")
	}
	for _, escapes := range []bool{false, true} {
		if err := (&pieceReader{rest: text, escapes: escapes}).read(); err != nil {
			return err
		}
	}
	return nil
}

// pieceReader reads a text as databases do.
type pieceReader struct {
	rest string
	// escapes says that a backslash in quotes is one.
	escapes bool
	depth   int
}

func (r *pieceReader) read() error {
	for r.rest != "" {
		switch c := r.rest[0]; {
		case c == ';':
			return errors.New("it holds a semicolon outside of quotes, which would end the statement")
		case c == '\'', c == '"', c == '`':
			if !r.skipQuoted(c) {
				return fmt.Errorf("a quote %c is not closed", c)
			}
			continue
		case strings.HasPrefix(r.rest, "--") && !r.skipTo("\n"), strings.HasPrefix(r.rest, "/*") && !r.skipTo("*/"):
			return errors.New("it ends in a comment, which would take in what comes behind")
		case c == '(':
			r.depth++
		case c == ')':
			if r.depth--; r.depth < 0 {
				return errors.New("a bracket is closed that was not opened")
			}
		}
		if r.rest != "" {
			r.rest = r.rest[1:]
		}
	}
	if r.depth != 0 {
		return errors.New("a bracket is not closed")
	}
	return nil
}

// skipQuoted goes to the closing quote and behind it. A doubled quote is two texts
// in quotes here, which comes to the same.
func (r *pieceReader) skipQuoted(quote byte) bool {
	for i := 1; i < len(r.rest); i++ {
		switch {
		case r.rest[i] == '\\' && r.escapes:
			i++
		case r.rest[i] == quote:
			r.rest = r.rest[i+1:]
			return true
		}
	}
	return false
}

// skipTo goes to the last byte of what ends a comment, or reports that nothing does.
func (r *pieceReader) skipTo(end string) bool {
	at := strings.Index(r.rest[2:], end)
	if at < 0 {
		return false
	}
	r.rest = r.rest[2+at+len(end)-1:]
	return true
}

// pieceFault names the setting whose text would not stay a part of its statement.
func pieceFault(key, text string) []error {
	if err := sqlPiece(text); err != nil {
		return []error{fmt.Errorf("%q goes into a statement of the database as it is: %w", key, err)}
	}
	return nil
}
