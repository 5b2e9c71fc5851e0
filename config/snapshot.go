package config

import (
	"github.com/sparkpipe/sparkpipe/config/internal/tree"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// FromOutside is what a snapshot shows for a text that came from the environment or
// from a secret: it may be one that nobody wrote into the file.
const FromOutside = "[FROM OUTSIDE]"

// Snapshot returns the file as it was understood, for records of what was run: with
// includes read and substitutions replaced, without the block "vars", and with
// [FromOutside] for every text that is not from the file. References to secrets stay as
// they are written. What the file itself writes is not hidden. Each call returns
// maps of its own.
func (p *Pipeline) Snapshot() map[string]any {
	if p.Root.value == nil {
		return nil
	}
	out, _ := native(withoutOutside(p.Root.value)).(map[string]any)
	return out
}

// withoutOutside returns the value with FromOutside for what is not from the file.
func withoutOutside(v *tree.Value) *tree.Value {
	out := *v
	switch {
	case v.Kind == tree.Array:
		out.Items = make([]*tree.Value, len(v.Items))
		for i, item := range v.Items {
			out.Items[i] = withoutOutside(item)
		}
	case v.Kind == tree.Object:
		out.Fields = make([]tree.Field, len(v.Fields))
		for i, f := range v.Fields {
			f.Value = withoutOutside(f.Value)
			out.Fields[i] = f
		}
	case v.FromEnv && v.Kind == tree.String:
		out.Text = FromOutside
	case v.Secret:
		out.Text = secrets.Redacted
	}
	return &out
}
