package audit

import (
	"cmp"
	"context"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// ZapSink writes each event as one line of a log: at info when its status is
// success, else at warn, with the action as message, under the name "audit". It
// keeps no chain. Closing it does nothing; the logger is its owner's.
type ZapSink struct{ logger *zap.Logger }

var _ Sink = (*ZapSink)(nil)

// NewZapSink returns a sink that writes to logger; nil is silent.
func NewZapSink(logger *zap.Logger) *ZapSink {
	return &ZapSink{logger: cmp.Or(logger, zap.NewNop()).Named("audit")}
}

// Write implements [Sink]. Loggers tell nobody whether they could write.
func (s *ZapSink) Write(_ context.Context, e Event) error {
	level := zapcore.WarnLevel
	if e.Status == StatusSuccess {
		level = zapcore.InfoLevel
	}
	if entry := s.logger.Check(level, string(e.Action)); entry != nil {
		entry.Write(zapFields(e)...)
	}
	return nil
}

// Close implements [Sink].
func (*ZapSink) Close(context.Context) error { return nil }

func zapFields(e Event) []zap.Field {
	fields := []zap.Field{zap.String("id", e.ID), zap.String("status", string(e.Status)), zap.Stringer("event_time", e.Time)}
	for _, text := range []struct{ key, value string }{
		{"actor", e.Actor}, {"resource", e.Resource}, {"pipeline", e.Pipeline}, {"run_id", e.RunID}, {"trace_id", e.TraceID},
		{"user", e.User}, {"host", e.Host}, {"server", e.Server}, {"session", e.Session}, {"config_fingerprint", e.ConfigFingerprint},
	} {
		if text.value != "" {
			fields = append(fields, zap.String(text.key, text.value))
		}
	}
	if e.PID != 0 {
		fields = append(fields, zap.Int("pid", e.PID))
	}
	if len(e.Metadata) > 0 {
		fields = append(fields, zap.Any("metadata", e.Metadata))
	}
	if e.Config != nil {
		fields = append(fields, zap.Any("config", e.Config))
	}
	if e.Error != nil {
		fields = append(fields, zap.String("error_class", e.Error.Class), zap.String("error", e.Error.Text))
	}
	return fields
}
