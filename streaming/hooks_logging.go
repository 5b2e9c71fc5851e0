package streaming

import (
	"cmp"
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/component"
)

// streamLogging writes a line at the moments of streams.
type streamLogging struct{ logger *zap.Logger }

// NewStreamLogging returns hooks that write one line at each moment:
//
//   - "streaming query started", "streaming query ended" at level info,
//   - "streaming query failed" at error,
//   - "restarting streaming query", "session lost" at warn,
//   - "streaming batch" and "streaming query idle" at debug.
//
// Lines about queries have the fields query, query_id, query_run_id and restarts,
// and where they apply error, error_class, sqlstate, delay_ms and the numbers of the
// batch. A nil logger is silent. The hooks are safe for concurrent use.
func NewStreamLogging(logger *zap.Logger) StreamHooks {
	return &streamLogging{cmp.Or(logger, zap.NewNop())}
}

func runFields(r QueryRun) []zap.Field {
	return []zap.Field{
		zap.String("query", r.Query), zap.String("query_id", r.ID), zap.String("query_run_id", r.RunID), zap.Int("restarts", r.Restarts),
	}
}

func errorFields(err error) []zap.Field {
	if err == nil {
		return nil
	}
	fields := []zap.Field{zap.String("error", err.Error())}
	var spark *component.SparkError
	if errors.As(err, &spark) {
		fields = append(fields, zap.String("error_class", spark.Class), zap.String("sqlstate", spark.SQLState))
	}
	return fields
}

func millisField(key string, d time.Duration) zap.Field {
	return zap.Float64(key, float64(d)/float64(time.Millisecond))
}

func (l *streamLogging) OnQueryStart(_ context.Context, e QueryStart) {
	l.logger.Info("streaming query started", append(runFields(e.QueryRun), zap.String("checkpoint_location", e.CheckpointLocation))...)
}

func (l *streamLogging) OnBatchProgress(_ context.Context, e BatchProgress) {
	if line := l.logger.Check(zap.DebugLevel, "streaming batch"); line != nil {
		line.Write(append(runFields(e.QueryRun), zap.Int64("batch_id", e.Progress.BatchID), zap.Int64("input_rows", e.Progress.NumInputRows),
			millisField("duration_ms", e.Progress.BatchDuration))...)
	}
}

func (l *streamLogging) OnQueryIdle(_ context.Context, e QueryIdle) {
	if line := l.logger.Check(zap.DebugLevel, "streaming query idle"); line != nil {
		line.Write(runFields(e.QueryRun)...)
	}
}

func (l *streamLogging) OnQueryTerminated(_ context.Context, e QueryEnd) {
	fields := append(runFields(e.QueryRun), zap.String("reason", string(e.Reason)), millisField("duration_ms", e.Duration))
	fields = append(fields, errorFields(e.Err)...)
	if e.Reason == EndFailed {
		l.logger.Error("streaming query failed", fields...)
		return
	}
	l.logger.Info("streaming query ended", fields...)
}

func (l *streamLogging) OnQueryRestart(_ context.Context, e QueryRestart) {
	fields := []zap.Field{
		zap.String("query", e.Query), zap.Int("restarts", e.Restarts), zap.String("reason", string(e.Reason)),
		zap.Int("attempt", e.Attempt), millisField("delay_ms", e.Delay),
	}
	l.logger.Warn("restarting streaming query", append(fields, errorFields(e.Err)...)...)
}

func (l *streamLogging) OnSessionLost(_ context.Context, e SessionLoss) {
	fields := []zap.Field{zap.String("session_id", e.SessionID), zap.Strings("queries", e.Queries)}
	l.logger.Warn("session lost", append(fields, errorFields(e.Err)...)...)
}
