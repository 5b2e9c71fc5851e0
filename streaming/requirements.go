package streaming

import "github.com/sparkpipe/sparkpipe/dataflow"

// requirementsOf asks a source, a transform or a sink.
func requirementsOf(parts ...any) []dataflow.Requirement {
	var out []dataflow.Requirement
	for _, part := range parts {
		if r, ok := part.(dataflow.Requirer); ok {
			out = append(out, r.Requirements()...)
		}
	}
	return out
}

// Requirements implements [dataflow.Requirer].
func (p StreamingPipeline) Requirements() []dataflow.Requirement {
	parts := []any{p.Source, p.Sink}
	for _, t := range p.Transforms {
		parts = append(parts, t)
	}
	return append(requirementsOf(parts...), dataflow.PathRequirements(p.CheckpointLocation)...)
}

// Requirements implements [dataflow.Requirer].
func (r ReadStreamView) Requirements() []dataflow.Requirement { return requirementsOf(r.Source) }

// Requirements implements [dataflow.Requirer].
func (r Reader) Requirements() []dataflow.Requirement { return dataflow.FormatRequirements(r.Format) }

// Requirements implements [dataflow.Requirer].
func (w Writer) Requirements() []dataflow.Requirement { return dataflow.FormatRequirements(w.Format) }

// Requirements implements [dataflow.Requirer].
func (KafkaSource) Requirements() []dataflow.Requirement { return dataflow.FormatRequirements("kafka") }

// Requirements implements [dataflow.Requirer].
func (KafkaSink) Requirements() []dataflow.Requirement { return dataflow.FormatRequirements("kafka") }

// Requirements implements [dataflow.Requirer].
func (s FileSource) Requirements() []dataflow.Requirement {
	return dataflow.FormatRequirements(s.Format)
}

// Requirements implements [dataflow.Requirer].
func (s FileSink) Requirements() []dataflow.Requirement { return dataflow.FormatRequirements(s.Format) }

// Requirements implements [dataflow.Requirer].
func (DeltaSource) Requirements() []dataflow.Requirement { return dataflow.FormatRequirements("delta") }

// Requirements implements [dataflow.Requirer].
func (DeltaSink) Requirements() []dataflow.Requirement { return dataflow.FormatRequirements("delta") }

// Requirements implements [dataflow.Requirer].
func (DeltaMergeSink) Requirements() []dataflow.Requirement {
	return dataflow.FormatRequirements("delta")
}

// Requirements implements [dataflow.Requirer].
func (IcebergSource) Requirements() []dataflow.Requirement {
	return dataflow.FormatRequirements("iceberg")
}

// Requirements implements [dataflow.Requirer].
func (IcebergSink) Requirements() []dataflow.Requirement {
	return dataflow.FormatRequirements("iceberg")
}

// Requirements implements [dataflow.Requirer].
func (EventHubsSource) Requirements() []dataflow.Requirement {
	return dataflow.FormatRequirements("eventhubs")
}

// Requirements implements [dataflow.Requirer].
func (KinesisSource) Requirements() []dataflow.Requirement {
	return dataflow.FormatRequirements("aws-kinesis")
}

// Requirements implements [dataflow.Requirer]: the driver, and Delta for the staging
// table.
func (s JDBCSink) Requirements() []dataflow.Requirement {
	return append(s.JDBC.Requirements(), dataflow.FormatRequirements("delta")...)
}
