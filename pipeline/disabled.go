package pipeline

import "fmt"

// DisabledPolicy says what becomes of the steps that depend on a disabled or
// unused one.
type DisabledPolicy uint8

// The policies for dependents of disabled steps.
const (
	// DisabledSkip skips the dependents and what depends on them. That alone does
	// not make the run fail. It is the default.
	DisabledSkip DisabledPolicy = iota
	// DisabledRun runs the dependents as if the disabled step were done. They
	// still wait for what the disabled step depends on, and are skipped when that
	// fails.
	DisabledRun
	// DisabledError refuses pipelines in which an enabled step depends on a
	// disabled one.
	DisabledError
)

var disabledTexts = [...]string{DisabledSkip: "skip", DisabledRun: "run", DisabledError: "error"}

// String returns "skip", "run" or "error".
func (d DisabledPolicy) String() string {
	if int(d) >= len(disabledTexts) {
		return fmt.Sprintf("policy(%d)", uint8(d))
	}
	return disabledTexts[d]
}

// MarshalText implements [encoding.TextMarshaler].
func (d DisabledPolicy) MarshalText() ([]byte, error) {
	if int(d) >= len(disabledTexts) {
		return nil, fmt.Errorf("%d is not a policy for disabled steps", uint8(d))
	}
	return []byte(disabledTexts[d]), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler]. The empty text means the
// default.
func (d *DisabledPolicy) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = DisabledSkip
		return nil
	}
	for i, known := range disabledTexts {
		if known == string(text) {
			*d = DisabledPolicy(i)
			return nil
		}
	}
	return fmt.Errorf("%q is not one of skip, run and error", text)
}
