package quality

import (
	"errors"

	"github.com/sparkpipe/sparkpipe/component"
)

// Check says what rows have to be like. Each kind is a struct of its own, such as
// [NotNull]; the file check_<kind>.go has it. A check of your own is a [Func].
//
// Columns are named as in Spark SQL: a dot goes into a struct, as in address.zip,
// and a name that has a dot itself stands in backquotes, as in `address.zip`.
// Other names need no quotes, whatever is in them. Case counts for nothing unless
// two columns differ in nothing else.
type Check interface {
	component.Validator
	// Kind is the name in configuration files, such as "not_null".
	Kind() string
	// String describes the check in a few words for reports, such as
	// "not_null(id, name)".
	String() string

	// prepare says what has to be measured on the rows, and how it is judged. Its
	// errors are faults of the check on rows of this schema.
	prepare(t *target) (*probe, error)
}

// rowCheck is a check that tells of a single row whether it is bad.
type rowCheck interface {
	Check
	// bad is true for bad rows; where it is null a row is not bad.
	bad(t *target) (expr, error)
	// why says what is wrong with bad rows, as in "3 of 10 rows are null".
	why() string
}

// rowwise is a check of which some settings make no check of single rows.
type rowwise interface {
	// notRowwise says why it tells nothing of single rows; empty when it does.
	notRowwise() string
}

// counted is a check that counts bad rows.
type counted interface{ countsRows() bool }

// selfish is a check of which some settings look at all rows, whatever the rule
// says.
type selfish interface{ ignoresWhere() bool }

// NullMode says what becomes of null.
type NullMode string

// What may become of null.
const (
	// NullPass lets null through; it is the default, as the empty NullMode is.
	NullPass NullMode = "pass"
	// NullFail counts null as bad.
	NullFail NullMode = "fail"
)

// judge makes a condition true where it is null, if the mode says so.
func (m NullMode) judge(bad expr) expr {
	if m == NullFail {
		return call("coalesce", bad, boolean(true))
	}
	return bad
}

func (m NullMode) check() error {
	switch m {
	case "", NullPass, NullFail:
		return nil
	}
	return errors.New("null is \"" + string(m) + "\"; write pass or fail")
}

// rowProbe counts the bad rows of a row check.
func rowProbe(t *target, c rowCheck) (*probe, error) {
	bad, err := c.bad(t)
	if err != nil {
		return nil, err
	}
	rows, wrong := t.countRows(), t.countIf(bad)
	p := t.probe(func(m metrics) (verdict, error) {
		return t.countVerdict(m.count(rows), m.count(wrong), c.why())
	})
	p.bad = both(t.where(), bad)
	return p, nil
}
