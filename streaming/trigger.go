package streaming

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// TriggerKind is a kind of trigger.
type TriggerKind string

// The kinds of triggers.
const (
	// TriggerDefault runs a batch as soon as the one before is done and there is
	// new data.
	TriggerDefault TriggerKind = "default"
	// TriggerProcessingTime runs a batch at most every interval.
	TriggerProcessingTime TriggerKind = "processing_time"
	// TriggerOnce runs one batch with all that is there and ends the query.
	TriggerOnce TriggerKind = "once"
	// TriggerAvailableNow processes all that is there, in as many batches as the
	// limits of the source say, and ends the query.
	TriggerAvailableNow TriggerKind = "available_now"
	// TriggerContinuous processes row by row; the interval is that of checkpoints.
	TriggerContinuous TriggerKind = "continuous"
)

// Trigger says when a query processes data. The zero value is Spark's default, see
// [TriggerDefault].
type Trigger struct {
	kind     TriggerKind
	interval time.Duration
}

// ProcessingTime runs a batch at most every interval: a longer batch delays the
// next one. The interval is zero, for as soon as possible, or at least a
// millisecond, in whole milliseconds.
func ProcessingTime(interval time.Duration) Trigger {
	return Trigger{TriggerProcessingTime, interval}
}

// Once processes all that is there in one batch and ends the query. Spark
// deprecates it: [AvailableNow] does the same within the limits of the source, such
// as maxFilesPerTrigger.
func Once() Trigger { return Trigger{kind: TriggerOnce} }

// AvailableNow processes all that is there when the query starts, in as many
// batches as the limits of the source say, and ends the query.
func AvailableNow() Trigger { return Trigger{kind: TriggerAvailableNow} }

// Continuous processes row by row instead of in batches and notes its progress
// every checkpoint interval, which is at least a millisecond, in whole
// milliseconds. Few sources and sinks can do it, and only selections and
// projections.
//
// Every partition of the source occupies a core of the cluster for as long as the
// query runs: with as many partitions as cores nothing else runs, in any session.
func Continuous(checkpointInterval time.Duration) Trigger {
	return Trigger{TriggerContinuous, checkpointInterval}
}

// Kind returns what kind of trigger it is.
func (t Trigger) Kind() TriggerKind { return cmp.Or(t.kind, TriggerDefault) }

// Interval returns the interval of [ProcessingTime] and [Continuous], and 0 for
// the others.
func (t Trigger) Interval() time.Duration { return t.interval }

// Ends reports whether a query with the trigger ends by itself.
func (t Trigger) Ends() bool { return t.kind == TriggerOnce || t.kind == TriggerAvailableNow }

// String describes the trigger, for example "processing_time(10s)".
func (t Trigger) String() string {
	if t.kind == TriggerProcessingTime || t.kind == TriggerContinuous {
		return fmt.Sprintf("%s(%s)", t.kind, t.interval)
	}
	return string(t.Kind())
}

// Validate refuses an interval that Spark does not have.
func (t Trigger) Validate() error {
	switch {
	case t.kind != TriggerProcessingTime && t.kind != TriggerContinuous:
		return nil
	case t.interval < 0:
		return fmt.Errorf("trigger %s: the interval is negative; write 0s or more", t)
	case t.interval == 0 && t.kind == TriggerContinuous:
		return fmt.Errorf("trigger %s: the checkpoint interval is zero; write one such as 1s", t.kind)
	case t.interval%time.Millisecond != 0:
		return fmt.Errorf("trigger %s: the interval is not a whole number of milliseconds, which is the finest that Spark has", t)
	}
	return nil
}

// ParseTrigger makes a trigger of the texts of a configuration file: the name of a
// kind in any case, with "_", "-" or nothing between its words, and the interval of
// processing_time and continuous, such as "10s", "1 minute" or "500 milliseconds".
// An empty kind is [TriggerDefault], or processing_time if there is an interval.
func ParseTrigger(kind, interval string) (Trigger, error) {
	word := squash(kind)
	if word == "" && interval != "" {
		word = "processingtime"
	}
	var t Trigger
	switch word {
	case "", "default":
	case "processingtime":
		t.kind = TriggerProcessingTime
	case "once":
		t.kind = TriggerOnce
	case "availablenow":
		t.kind = TriggerAvailableNow
	case "continuous":
		t.kind = TriggerContinuous
	default:
		return Trigger{}, fmt.Errorf("unknown trigger %q; write processing_time, available_now, once or continuous", kind)
	}
	wants := t.kind == TriggerProcessingTime || t.kind == TriggerContinuous
	switch {
	case wants && interval == "":
		return Trigger{}, fmt.Errorf("trigger %s: the interval is missing; write one such as 10s", t.kind)
	case !wants && interval != "":
		return Trigger{}, fmt.Errorf("trigger %s: it has no interval, but %q is given", t.Kind(), interval)
	case wants:
		var err error
		if t.interval, err = ParseInterval(interval); err != nil {
			return Trigger{}, fmt.Errorf("trigger %s: %w", t.kind, err)
		}
	}
	return t, t.Validate()
}

// setTrigger puts the trigger into a command.
func (t Trigger) set(op *wire.WriteStreamOperationStart) {
	millis := strconv.FormatInt(t.interval.Milliseconds(), 10) + " milliseconds"
	switch t.kind {
	case TriggerProcessingTime:
		op.Trigger = &wire.WriteStreamOperationStart_ProcessingTimeInterval{ProcessingTimeInterval: millis}
	case TriggerOnce:
		op.Trigger = &wire.WriteStreamOperationStart_Once{Once: true}
	case TriggerAvailableNow:
		op.Trigger = &wire.WriteStreamOperationStart_AvailableNow{AvailableNow: true}
	case TriggerContinuous:
		op.Trigger = &wire.WriteStreamOperationStart_ContinuousCheckpointInterval{ContinuousCheckpointInterval: millis}
	}
}
