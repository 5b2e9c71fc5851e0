package pipeline

import (
	"errors"
	"fmt"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/quality"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// isStream reports whether a component runs a stream, whose rows are checked batch by
// batch.
func isStream(c component.PipelineComponent) bool {
	_, ok := streaming.PipelineOf(c)
	return ok
}

// validate checks the block against the component whose rows it is about.
func (q *StepQuality) validate(c component.PipelineComponent) error {
	if flow, ok := dataflow.FlowOf(c); ok {
		if _, reads := flow.(streaming.ReadStreamView); reads {
			return errors.New("a stream is checked where it is written; move the block quality to the component that writes it (stream, write_stream_*)")
		}
	}
	stream, ok := streaming.PipelineOf(c)
	if !ok {
		_, err := quality.NewGate(q.Suite, q.Options)
		return err
	}
	faults := []error{q.Suite.ValidateStream()}
	if stream.Trigger.Kind() == streaming.TriggerContinuous {
		faults = append(faults, fmt.Errorf("the trigger %s has no batches to check; write processing_time", stream.Trigger.Kind()))
	}
	if q.Options != nil {
		faults = append(faults, notForStreams(q.Options)...)
	}
	return errors.Join(faults...)
}

// notForStreams refuses settings that say when and where rows are staged, which those
// of a stream never are.
func notForStreams(o *quality.GateOptions) (faults []error) {
	refuse := func(set bool, key, reason string) {
		if set {
			faults = append(faults, fmt.Errorf("%s does not go with a stream: %s; leave it out", key, reason))
		}
	}
	refuse(o.Publish != "", "publish", "rules of the action fail refuse a batch before it is written, and what is counted comes with the write")
	refuse(o.Stage, "stage", "a stream makes no view")
	refuse(o.Staging != "", "staging", "the rows of a stream are not staged")
	refuse(o.StorageLevel != "", "storage_level", "the rows of a stream are not staged")
	refuse(!o.Quarantine.IsZero(), "quarantine", "a streaming query has one sink")
	return faults
}

// streamOptions are those of the gate of a stream, without what is of the run.
func (s *Step) streamOptions() quality.StreamOptions {
	opts := quality.StreamOptions{Name: "quality of " + s.Name, Component: s.Name, Subject: s.Name, BeforeSink: true}
	if out := s.lineage().Outputs; len(out) == 1 && out[0].Name != "" {
		opts.Subject = out[0].Name
	}
	if q := s.Quality.Options; q != nil {
		opts.Reporter, opts.Warn, opts.Now = q.Reporter, q.Warn, q.Now
	}
	return opts
}

// streamGate puts the checks of a stream into the runtime of one attempt. What it
// returns is asked when the attempt has succeeded.
func (in *inspector) streamGate(rt component.Runtime, step *Step) (component.Runtime, func() error, error) {
	opts := step.streamOptions()
	opts.Pipeline, opts.RunID, opts.Attempt = in.run.result.Pipeline, in.run.result.RunID, rt.Attempt
	opts.Reporter = quality.JoinReporters(in.reporter, opts.Reporter)
	if opts.Warn == nil {
		opts.Warn = in.warn
	}
	gate, err := quality.NewStreamGate(step.Quality.Suite, &opts)
	if err != nil {
		return rt, nil, fmt.Errorf("quality: %w", err)
	}
	return streaming.WithTransform(rt, gate), func() error {
		if gate.Passed() {
			return nil
		}
		return fmt.Errorf("%w: the component has started no stream with them", ErrNotChecked)
	}, nil
}

// checkedComponent is what a check has Spark analyse: a stream with its checks.
func (s *Step) checkedComponent() component.PipelineComponent {
	stream, ok := streaming.PipelineOf(s.Component)
	if !ok || s.Quality == nil {
		return s.Component
	}
	opts := s.streamOptions()
	gate, err := quality.NewStreamGate(s.Quality.Suite, &opts)
	if err != nil { // that was told before
		return s.Component
	}
	return dataflow.Component(guarded(stream, gate))
}
