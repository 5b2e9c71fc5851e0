package streaming

import (
	"encoding/json"
	"time"
)

// Progress is what a query did in a batch, or that it had nothing to do.
type Progress struct {
	// ID is the id of the query and RunID that of the run. Name may be empty.
	ID, RunID, Name string
	// Timestamp is when the batch began.
	Timestamp time.Time
	// BatchID counts the batches of the query from 0, over all runs.
	BatchID int64
	// BatchDuration is how long the batch took.
	BatchDuration time.Duration
	// NumInputRows is how many rows were read from all sources.
	NumInputRows int64
	// InputRowsPerSecond is how fast data arrives and ProcessedRowsPerSecond how
	// fast it is processed; 0 when Spark does not tell.
	InputRowsPerSecond, ProcessedRowsPerSecond float64
	// Durations are how long the parts of the batch took, by Spark's names, such as
	// "addBatch", "queryPlanning", "walCommit" and "triggerExecution".
	Durations map[string]time.Duration
	// EventTime tells of the event time of the rows; zero without a watermark.
	EventTime EventTime
	// StateOperators are the operators of the query that keep state.
	StateOperators []StateOperatorProgress
	// Sources are the sources, in the order of the plan.
	Sources []SourceProgress
	// Sink is the sink.
	Sink SinkProgress
	// ObservedMetrics are the values of observed metrics, by the name of the
	// observation, as JSON.
	ObservedMetrics map[string]json.RawMessage
	// More are the keys of the server that have no field here, as JSON.
	More map[string]json.RawMessage
	// JSON is what the server sent.
	JSON json.RawMessage
}

// EventTime tells of the event time of the rows of a batch. What Spark does not
// tell is zero.
type EventTime struct {
	Min, Max, Avg time.Time
	// Watermark is the time before which rows may be dropped.
	Watermark time.Time
}

// StateOperatorProgress tells of an operator that keeps state.
type StateOperatorProgress struct {
	// Operator is Spark's name of it, such as "stateStoreSave" or "dedupe".
	Operator string
	// NumRowsTotal is how many rows the state has; NumRowsUpdated and
	// NumRowsRemoved is what the batch did to it.
	NumRowsTotal, NumRowsUpdated, NumRowsRemoved int64
	// NumRowsDroppedByWatermark is how many rows came too late.
	NumRowsDroppedByWatermark int64
	// MemoryUsedBytes is how much memory the state takes.
	MemoryUsedBytes int64
	// NumShufflePartitions is how many partitions the state has and
	// NumStateStoreInstances how many stores.
	NumShufflePartitions, NumStateStoreInstances int64
	// AllUpdatesTime, AllRemovalsTime and CommitTime are summed over the tasks.
	AllUpdatesTime, AllRemovalsTime, CommitTime time.Duration
	// CustomMetrics are those of the state store.
	CustomMetrics map[string]int64
	// More are the keys of the server that have no field here, as JSON.
	More map[string]json.RawMessage
}

// SourceProgress tells of a source.
type SourceProgress struct {
	// Description is Spark's, for people.
	Description string
	// StartOffset and EndOffset are what the batch processed, and LatestOffset what
	// there was at that time, in the JSON of the source; nil when there is none.
	StartOffset, EndOffset, LatestOffset json.RawMessage
	// NumInputRows is how many rows were read.
	NumInputRows int64
	// InputRowsPerSecond is how fast data arrives and ProcessedRowsPerSecond how
	// fast it is processed; 0 when Spark does not tell.
	InputRowsPerSecond, ProcessedRowsPerSecond float64
	// Metrics are those of the source, as texts.
	Metrics map[string]string
	// More are the keys of the server that have no field here, as JSON.
	More map[string]json.RawMessage
}

// SinkProgress tells of the sink.
type SinkProgress struct {
	// Description is Spark's, for people.
	Description string
	// NumOutputRows is how many rows were written, or -1 when the sink does not
	// tell.
	NumOutputRows int64
	// Metrics are those of the sink, as texts.
	Metrics map[string]string
	// More are the keys of the server that have no field here, as JSON.
	More map[string]json.RawMessage
}
