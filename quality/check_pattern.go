package quality

import (
	"fmt"
	"unicode/utf8"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// Pattern wants texts that a regular expression finds something in, as Spark's
// RLIKE does: the expression is one of Java, and it need not cover the whole text.
// Null passes, unless Null says that it fails; the empty text is a text; no rows are
// well.
type Pattern struct {
	// Column is the column of texts; required.
	Column string `koanf:"column" required:"true" doc:"column of texts to look at"`
	// Pattern is the regular expression; required.
	Pattern string `koanf:"pattern" alias:"regex" required:"true" doc:"regular expression of Java, as for RLIKE"`
	// Anchored wants the expression to cover the whole text.
	Anchored bool `koanf:"anchored" default:"false" doc:"whether the pattern has to cover the whole text"`
	// Null says what becomes of null.
	Null NullMode `koanf:"null" default:"pass" enum:"pass,fail" doc:"what becomes of null"`
}

// Kind implements [Check].
func (Pattern) Kind() string { return "pattern" }

// String implements [Check].
func (c Pattern) String() string { return describe(c.Kind(), c.Column, c.Pattern) }

// Validate implements [Check]. Whether the expression is one, only Java knows.
func (c Pattern) Validate() error {
	f := &options.Faults{What: c.Kind()}
	f.Append(prefix(c, checkColumns("column", []string{c.Column})))
	switch {
	case c.Pattern == "":
		f.Add("set pattern")
	case !utf8.ValidString(c.Pattern):
		f.Add("the pattern is no UTF-8")
	}
	f.Append(prefix(c, c.Null.check()))
	return f.Join()
}

func (Pattern) why() string { return "do not match the pattern" }

// hint says what to look at when Spark breaks off.
func (Pattern) hint() string { return "is the pattern a regular expression of Java?" }

func (c Pattern) bad(t *target) (expr, error) {
	col, err := t.column(c.Column)
	if err != nil {
		return expr{}, err
	}
	if familyOf(col.typ) != texts {
		return expr{}, fmt.Errorf("the column %s is %s, and a pattern wants a STRING", c.Column, col.typ)
	}
	match := call("rlike", col.expr, text(c.Pattern))
	if c.Anchored {
		// The pattern alone stays in: one that is none is told for what it is.
		match = both(match, call("rlike", col.expr, text(`\A(?:`+c.Pattern+`)\z`)))
	}
	return c.Null.judge(not(match)), nil
}

func (c Pattern) prepare(t *target) (*probe, error) { return rowProbe(t, c) }
