package quality

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sparkpipe/sparkpipe/internal/options"
	"github.com/sparkpipe/sparkpipe/internal/sqltext"
)

// Action says what follows when a check finds bad rows.
type Action string

// What may follow.
const (
	// ActionFail fails the component and the run, and nothing is published. It is
	// the default.
	ActionFail Action = "fail"
	// ActionExpect counts and goes on.
	ActionExpect Action = "expect"
	// ActionDrop leaves the bad rows out.
	ActionDrop Action = "drop"
	// ActionQuarantine leaves the bad rows out and writes them to a side target,
	// with the names of the rules that they break.
	ActionQuarantine Action = "quarantine"
)

// Actions are all of them, as configuration files name them.
func Actions() []Action {
	return []Action{ActionFail, ActionExpect, ActionDrop, ActionQuarantine}
}

// Rule is a check with what it is applied to and what follows.
type Rule struct {
	// Name is unique in a suite; the default is the text of the check.
	Name string
	// Check says what the rows have to be like; required.
	Check Check
	// Where is a SQL condition on the rows that the check looks at; empty is all.
	// A row for which it is null is not looked at.
	Where string
	// MaxBad is how many bad rows are allowed; default none.
	MaxBad int64
	// MaxBadShare is what share of the rows that the check looks at may be bad,
	// from 0 to 1. When MaxBad is set too, both have to hold. No rows have a share
	// of 0.
	MaxBadShare float64
	// Action is what follows; the empty one is [ActionFail].
	Action Action
}

// name is the name of the rule, which is the text of its check when it has none of
// its own.
func (r Rule) name() string {
	if r.Name != "" || r.Check == nil {
		return r.Name
	}
	return r.Check.String()
}

// RowByRow reports whether the rule tells of a single row whether it is bad, as
// [ActionDrop] and [ActionQuarantine] want it.
func (r Rule) RowByRow() bool { return r.notRowByRow() == "" }

// notRowByRow says why not, or nothing.
func (r Rule) notRowByRow() string {
	if c, ok := r.Check.(rowwise); ok {
		return c.notRowwise()
	}
	if _, ok := r.Check.(rowCheck); ok {
		return ""
	}
	if r.counts() {
		return "a row is bad only beside others"
	}
	return "it looks at all rows together"
}

// counts reports whether the check counts bad rows.
func (r Rule) counts() bool {
	if c, ok := r.Check.(counted); ok {
		return c.countsRows()
	}
	_, ok := r.Check.(rowCheck)
	return ok
}

// Validate reports every fault of the rule that can be told without rows.
func (r Rule) Validate() error {
	f := &options.Faults{What: "rule"}
	if r.Check == nil {
		f.Add("the check is missing")
		return f.Join()
	}
	f.What = fmt.Sprintf("rule %q", r.name())
	if err := r.Check.Validate(); err != nil {
		f.Add("%w", err)
	}
	f.Err("where", condition(r.Where, true))
	if c, ok := r.Check.(selfish); ok && r.Where != "" && c.ignoresWhere() {
		f.Add("where is for checks of rows, and %s looks at what it is told", r.Check.Kind())
	}
	f.NotNegative("max_bad", r.MaxBad)
	if r.MaxBadShare < 0 || r.MaxBadShare > 1 || math.IsNaN(r.MaxBadShare) {
		f.Add("max_bad_share is %v; write a share from 0 to 1", r.MaxBadShare)
	}
	if (r.MaxBad != 0 || r.MaxBadShare != 0) && !r.counts() {
		f.Add("max_bad and max_bad_share count bad rows, and %s counts none", r.Check.Kind())
	}
	switch {
	case r.Action != "" && !slices.Contains(Actions(), r.Action):
		f.Add("action is %q; write one of %s", r.Action, join(Actions()))
	case (r.Action == ActionDrop || r.Action == ActionQuarantine) && !r.RowByRow():
		f.Add("action %s wants a check of single rows, and %s is none: %s", r.Action, r.Check.Kind(), r.notRowByRow())
	}
	return f.Join()
}

// action is what follows, never empty.
func (r Rule) action() Action { return cmp.Or(r.Action, ActionFail) }

// condition refuses a text that is provably no SQL condition. Only Spark knows
// whether what is left is one.
func condition(text string, optional bool) error {
	if text == "" && optional {
		return nil
	}
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("the condition is empty")
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("the condition is no UTF-8")
	}
	// The line break ends a comment at the end of the condition. Alone it shows
	// parentheses that do not match, in them what is a clause of its own.
	for _, query := range []string{"SELECT 1 WHERE " + text, "SELECT 1 WHERE (" + text + "\n)"} {
		if st := sqltext.Parse(query); !st.Query {
			return fmt.Errorf("%q is no SQL condition: %s", text, st.Reason)
		}
	}
	return nil
}

// Suite are rules on the rows of one frame.
type Suite struct {
	Rules []Rule
}

// Validate reports the faults of all rules, and names that are taken twice.
func (s Suite) Validate() error {
	f := &options.Faults{What: "quality"}
	seen := map[string]bool{}
	for _, r := range s.Rules {
		f.Append(r.Validate())
		if r.Check == nil {
			continue
		}
		name := r.name()
		if seen[name] {
			f.Add("two rules have the name %q; give one of them another", name)
		}
		seen[name] = true
	}
	return f.Join()
}

func join[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}
