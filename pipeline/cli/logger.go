package cli

import (
	"fmt"
	"io"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/sparkpipe/sparkpipe/config"
)

// newLogger makes the logger that the block hooks.logging describes.
func newLogger(w io.Writer, cfg config.LoggingHook) (*zap.Logger, error) {
	level, err := logLevel(cfg.Level)
	if err != nil {
		return nil, fmt.Errorf("hooks.logging.level: %w", err)
	}
	enc := zap.NewProductionEncoderConfig()
	enc.TimeKey, enc.MessageKey = "time", "message"
	enc.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	encoder := zapcore.NewJSONEncoder(enc)
	if cfg.Format == "text" {
		enc.EncodeLevel = zapcore.CapitalLevelEncoder
		encoder = zapcore.NewConsoleEncoder(enc)
	}
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), level)), nil
}

// logLevel takes the names of zap and those of Python's logging.
func logLevel(name string) (zapcore.Level, error) {
	switch strings.ToLower(name) {
	case "debug":
		return zapcore.DebugLevel, nil
	case "", "info":
		return zapcore.InfoLevel, nil
	case "warn", "warning":
		return zapcore.WarnLevel, nil
	case "error", "critical":
		return zapcore.ErrorLevel, nil
	}
	return 0, fmt.Errorf("unknown level %q; write debug, info, warn or error", name)
}
