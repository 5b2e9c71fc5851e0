package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
)

// variables are the values of --var by their names.
type variables map[string]string

// Set implements [pflag.Value]. Of a name that is given twice the last value
// counts.
func (v variables) Set(text string) error {
	name, value, found := strings.Cut(text, "=")
	if !found || name == "" {
		return errors.New("want NAME=VALUE")
	}
	v[name] = value
	return nil
}

// Type implements [pflag.Value].
func (variables) Type() string { return "NAME=VALUE" }

// String implements [pflag.Value]. It shows no values, which may be secret.
func (variables) String() string { return "" }

// varFlag adds --var to a command that loads a configuration file.
func (a *app) varFlag(cmd *cobra.Command) {
	if a.vars == nil {
		a.vars = variables{}
	}
	cmd.Flags().Var(a.vars, "var", "value for ${vars.NAME} of the file; may be given several times")
}
