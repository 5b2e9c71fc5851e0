package quality

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// notNullConfig is a [NotNull] with the predecessor's key for the share of nulls.
type notNullConfig struct {
	NotNull    `koanf:",squash"`
	MaxNullPct *float64 `koanf:"max_null_pct" alias:"max_null_percent" min:"0" doc:"max_bad_share in percent"`
}

// Validate implements [Check].
func (c notNullConfig) Validate() error {
	err := c.NotNull.Validate()
	if p := c.MaxNullPct; p != nil && !(*p >= 0 && *p <= 100) {
		err = errors.Join(err, fmt.Errorf("not_null: max_null_pct is %v; write a share from 0 to 100 percent", *p))
	}
	return err
}

// shareOfRule is the share of bad rows that the rule allows.
func (c notNullConfig) shareOfRule() (float64, bool) {
	if c.MaxNullPct == nil || math.IsNaN(*c.MaxNullPct) {
		return 0, false
	}
	// As a decimal number, so that 29 % is 0.29.
	share, err := strconv.ParseFloat(strconv.FormatFloat(*c.MaxNullPct, 'f', -1, 64)+"e-2", 64)
	return share, err == nil
}

// plain is the check as code writes it.
func (c notNullConfig) plain() Check { return c.NotNull }
