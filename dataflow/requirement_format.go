package dataflow

// Requirements implements [Requirer].
func (AvroSource) Requirements() []Requirement { return FormatRequirements("avro") }

// Requirements implements [Requirer].
func (AvroSink) Requirements() []Requirement { return FormatRequirements("avro") }

// Requirements implements [Requirer].
func (DeltaSource) Requirements() []Requirement { return FormatRequirements("delta") }

// Requirements implements [Requirer].
func (DeltaSink) Requirements() []Requirement { return FormatRequirements("delta") }

// Requirements implements [Requirer].
func (IcebergSource) Requirements() []Requirement { return FormatRequirements("iceberg") }

// Requirements implements [Requirer].
func (IcebergSink) Requirements() []Requirement { return FormatRequirements("iceberg") }

// Requirements implements [Requirer].
func (KafkaSource) Requirements() []Requirement { return FormatRequirements("kafka") }

// Requirements implements [Requirer].
func (KafkaSink) Requirements() []Requirement { return FormatRequirements("kafka") }

// Requirements implements [Requirer].
func (s FormatSource) Requirements() []Requirement { return FormatRequirements(s.Format) }

// Requirements implements [Requirer].
func (s FormatSink) Requirements() []Requirement { return FormatRequirements(s.Format) }
