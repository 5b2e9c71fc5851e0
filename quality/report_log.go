package quality

import (
	"context"
	"time"

	"go.uber.org/zap"
)

// LogReporter returns a reporter that writes to logger: a line for each report, and
// before it one for each rule that did not pass, of the level error for rules of
// the action fail and of the level warn for others. A nil logger is silent.
func LogReporter(logger *zap.Logger) Reporter {
	if logger == nil {
		logger = zap.NewNop()
	}
	return ReporterFunc(func(_ context.Context, r *Report) error {
		for i := range r.Results {
			logResult(logger, r, &r.Results[i])
		}
		tell := logger.Info
		if r.Batch != nil && r.Batch.Sum == 0 { // a stream has batches without end
			tell = logger.Debug
		}
		tell("checked the rows", append(logFields(r),
			zap.String("status", string(r.Status())), zap.Int("rules", len(r.Results)), zap.Int("passes", r.Passes),
			zap.Bool("published", r.Published), zap.Int64("dropped", r.Dropped), zap.Int64("quarantined", r.Quarantined),
			zap.Duration("duration", r.Duration.Round(time.Millisecond)))...)
		return nil
	})
}

func logFields(r *Report) []zap.Field {
	fields := []zap.Field{
		zap.String("pipeline", r.Pipeline), zap.String("run_id", r.RunID), zap.String("component", r.Component),
		zap.String("subject", r.Subject), zap.String("moment", string(r.Moment)),
	}
	if r.Batch != nil {
		fields = append(fields, zap.Int64("batch_id", r.Batch.ID), zap.Int64("sum_of", r.Batch.Sum))
	}
	return fields
}

func logResult(logger *zap.Logger, r *Report, res *Result) {
	if res.Status == StatusPassed {
		return
	}
	log := logger.Warn
	if res.Status == StatusError || actionOf(res.Action) == ActionFail {
		log = logger.Error
	}
	log("a check did not pass", append(logFields(r),
		zap.String("rule", res.Rule), zap.String("check", res.Check), zap.String("action", string(actionOf(res.Action))),
		zap.String("status", string(res.Status)), zap.Int64("rows", res.Rows), zap.Int64("bad", res.Bad),
		zap.String("reason", res.Message))...)
}
