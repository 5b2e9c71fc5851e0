package streaming

import (
	"fmt"
	"strings"
)

// OutputMode says which rows of its result a query writes. The zero value leaves
// it to Spark, which takes [OutputModeAppend].
type OutputMode string

// The output modes of Spark.
const (
	// OutputModeAppend writes rows that are final, each once. Aggregations need a
	// watermark.
	OutputModeAppend OutputMode = "append"
	// OutputModeComplete writes the whole result with every batch; aggregations
	// only.
	OutputModeComplete OutputMode = "complete"
	// OutputModeUpdate writes the rows that have changed.
	OutputModeUpdate OutputMode = "update"
)

// ParseOutputMode reads the name of an output mode, in any case. An empty text is
// the zero value.
func ParseOutputMode(text string) (OutputMode, error) {
	switch mode := OutputMode(strings.ToLower(text)); mode {
	case "", OutputModeAppend, OutputModeComplete, OutputModeUpdate:
		return mode, nil
	default:
		return "", fmt.Errorf("unknown output mode %q; write append, complete or update", text)
	}
}

// MarshalText implements [encoding.TextMarshaler]. It refuses what is no output
// mode.
func (m OutputMode) MarshalText() ([]byte, error) {
	mode, err := ParseOutputMode(string(m))
	return []byte(mode), err
}

// UnmarshalText reads the name of an output mode, in any case.
func (m *OutputMode) UnmarshalText(text []byte) error {
	mode, err := ParseOutputMode(string(text))
	if err == nil {
		*m = mode
	}
	return err
}

// effective is the mode that Spark takes.
func (m OutputMode) effective() OutputMode {
	if mode, err := ParseOutputMode(string(m)); err == nil && mode != "" {
		return mode
	}
	return OutputModeAppend
}
