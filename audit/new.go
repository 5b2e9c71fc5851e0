package audit

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
)

// Options are what code adds to a [Config] in [New]. Nil means defaults.
type Options struct {
	// Logger gets the events when [Config.Log] is set, and what goes wrong with
	// them. Nil is silent.
	Logger *zap.Logger
	// Targets are further sinks, such as a table of a database. One that is
	// required counts as the file does when [Config.Required] is set. The hook
	// closes them.
	Targets []Target
	// Openers open the database of [SQLConfig.URL]; those of package audit/sqldb, or
	// your own.
	Openers []Opener
	// Hook are further settings of the hook; Required, Redactor, Logger and
	// IncludeDataSamples are those of the Config.
	Hook HookOptions
	// Now is the clock; nil means [time.Now].
	Now func() time.Time

	_ struct{}
}

// New builds the hook of a configuration, which writes to the file that it names,
// to the log if it says so, to the table of the block sql if there is one, and to the
// targets of opts. Nothing is opened before the first event. When the block is not
// enabled, the hook records nothing.
func New(cfg Config, opts *Options) (*Hook, error) {
	if opts == nil {
		opts = &Options{}
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	redactor, err := NewRedactor(cfg.redact())
	if err != nil {
		return nil, err
	}
	redactor.Add(cfg.HMACKey)
	hook := opts.Hook
	hook.Redactor, hook.IncludeDataSamples, hook.Now = redactor, cfg.IncludeDataSamples, opts.Now
	hook.Required, hook.Logger = cfg.Required, cmp.Or(opts.Logger, zap.NewNop()).Named("audit")
	if !cfg.Enabled {
		hook.Required = false
		return NewHook(Discard{}, &hook), nil
	}
	if cfg.SQL == nil {
		sink, err := cfg.sink(opts, hook.Logger)
		if err != nil {
			return nil, err
		}
		return NewHook(sink, &hook), nil
	}
	return cfg.withTable(opts, &hook)
}

// withTable is the hook whose events go into a table, too.
func (c *Config) withTable(opts *Options, hook *HookOptions) (*Hook, error) {
	table, err := c.SQL.open(c, opts, hook.Redactor)
	if err != nil {
		return nil, err
	}
	sink, err := c.sink(opts, hook.Logger)
	if err != nil {
		return nil, errors.Join(err, table.release())
	}
	beside, err := c.SQL.lane(c, opts, table, hook.Logger) // a queue like that of sink
	if err != nil {
		return nil, errors.Join(err, table.release())
	}
	h := NewHook(sink, hook)
	h.add(beside)
	return h, nil
}

// sink is the file with what stands beside it.
func (c *Config) sink(opts *Options, logger *zap.Logger) (Sink, error) {
	file, err := NewFileSink(c.File(), c.fileOptions(opts))
	if err != nil {
		return nil, err
	}
	targets := []Target{{Name: "file", Sink: file, Required: true}}
	if c.Log {
		targets = append(targets, Target{Name: "log", Sink: NewZapSink(opts.Logger)})
	}
	composite, err := NewComposite(logger, append(targets, opts.Targets...)...)
	if err != nil || !c.Async.Enabled {
		return composite, err
	}
	async, err := NewAsync(composite, c.async(opts, logger))
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return async, nil
}
