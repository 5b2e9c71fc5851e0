package quality

import (
	"fmt"
	"strings"
)

// ruleConfig is the block of a rule in a configuration file: its own keys and those
// of the check.
type ruleConfig[C Check] struct {
	Name        string  `koanf:"name" doc:"name of the rule in reports; by default what it checks"`
	Check       C       `koanf:",squash"`
	Where       string  `koanf:"where" doc:"SQL condition on the rows that are looked at; by default all are"`
	MaxBad      int64   `koanf:"max_bad" alias:"max_failures" default:"0" min:"0" doc:"how many bad rows are allowed"`
	MaxBadShare float64 `koanf:"max_bad_share" default:"0" min:"0" doc:"what share of the rows may be bad, from 0 to 1"`
	Action      string  `koanf:"action" enum:"fail,expect,drop,quarantine" doc:"what follows when the check finds bad rows: fail stops the run, expect counts, drop leaves them out, quarantine writes them aside; by default fail"`

	FailureMode string `koanf:"failure_mode" enum:"fail_on_error,warn_only,threshold" doc:"the predecessor's word for action: fail_on_error is fail, warn_only is expect, threshold is fail with max_failures"`
}

// rule makes the rule.
func (c ruleConfig[C]) rule() (Rule, error) {
	r := Rule{Name: c.Name, Check: c.Check, Where: c.Where, MaxBad: c.MaxBad, MaxBadShare: c.MaxBadShare, Action: Action(c.Action)}
	if c.FailureMode != "" {
		if c.Action != "" {
			return Rule{}, fmt.Errorf("action and failure_mode say the same; keep one of them")
		}
		r.Action = ActionFail
		if strings.EqualFold(c.FailureMode, "warn_only") {
			r.Action = ActionExpect
		}
	}
	if named, ok := any(c.Check).(interface{ shareOfRule() (float64, bool) }); ok {
		if share, set := named.shareOfRule(); set {
			if r.MaxBadShare != 0 {
				return Rule{}, fmt.Errorf("max_bad_share and max_null_pct say the same; keep one of them")
			}
			r.MaxBadShare = share
		}
	}
	if err := r.Validate(); err != nil {
		return Rule{}, err
	}
	if c, ok := r.Check.(interface{ plain() Check }); ok {
		r.Check = c.plain()
	}
	return r, nil
}
