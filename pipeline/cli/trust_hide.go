package cli

import (
	"fmt"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// hide returns err, or when its text has a secret an error whose text has not.
func (t *trust) hide(err error) error {
	if err == nil || t.mask.Text(err.Error()) == err.Error() {
		return err
	}
	return &hiddenError{err: err, mask: &t.mask}
}

// hiddenError is an error that does not show the secrets in its text. What it wraps
// does: it is for who looks at types.
type hiddenError struct {
	err  error
	mask *secrets.Mask
}

// Error implements error.
func (e *hiddenError) Error() string { return e.mask.Text(e.err.Error()) }

// Unwrap returns the error.
func (e *hiddenError) Unwrap() error { return e.err }

// hideIn is an option of a logger whose lines do not show the secrets.
func hideIn(mask *secrets.Mask) zap.Option {
	return zap.WrapCore(func(core zapcore.Core) zapcore.Core { return &hidingCore{core, mask} })
}

// hidingCore hides secrets in messages and in the texts of fields.
type hidingCore struct {
	zapcore.Core
	mask *secrets.Mask
}

// With implements [zapcore.Core].
func (c *hidingCore) With(fields []zapcore.Field) zapcore.Core {
	return &hidingCore{c.Core.With(c.hidden(fields)), c.mask}
}

// Check implements [zapcore.Core].
func (c *hidingCore) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return checked.AddCore(e, c)
	}
	return checked
}

// Write implements [zapcore.Core].
func (c *hidingCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	e.Message, e.Stack = c.mask.Text(e.Message), c.mask.Text(e.Stack)
	return c.Core.Write(e, c.hidden(fields))
}

// hidden are the fields without secrets. A field that is neither a text nor a number
// becomes a text when it has one.
func (c *hidingCore) hidden(fields []zapcore.Field) []zapcore.Field {
	if c.mask.Empty() {
		return fields
	}
	out := make([]zapcore.Field, len(fields))
	for i, f := range fields {
		text := f.String
		switch value := f.Interface.(type) {
		case nil:
		case []byte:
			text = string(value)
		default:
			text = fmt.Sprint(value)
		}
		out[i] = f
		if hidden := c.mask.Text(text); hidden != text {
			out[i] = zap.String(f.Key, hidden)
		}
	}
	return out
}
