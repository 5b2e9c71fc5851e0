package pipeline

import (
	"fmt"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// progressLogger gives a logger whose lines go to progress, or nil for nil.
func progressLogger(progress func(message string)) *zap.Logger {
	if progress == nil {
		return nil
	}
	return zap.New(progressCore{zapcore.InfoLevel, progress})
}

// progressCore writes an entry as one line: the message, and the error after a
// colon. Other fields are for logs.
type progressCore struct {
	zapcore.LevelEnabler
	progress func(message string)
}

func (c progressCore) With([]zapcore.Field) zapcore.Core { return c }
func (c progressCore) Sync() error                       { return nil }

func (c progressCore) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return checked.AddCore(e, c)
	}
	return checked
}

func (c progressCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	line := e.Message
	for _, f := range fields {
		if err, ok := f.Interface.(error); ok && f.Type == zapcore.ErrorType {
			line = fmt.Sprintf("%s: %s", line, err)
		}
	}
	c.progress(line)
	return nil
}
