package quality

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
)

// JSONLReporter appends every report as one line of JSON to a file on this
// machine; [ReportSchema] describes a line. Processes may append to one file at the
// same time. It is safe for concurrent use.
type JSONLReporter struct {
	path string
	mu   sync.Mutex
}

// NewJSONLReporter returns a reporter for the file, which is made, with its folder,
// for the first report.
func NewJSONLReporter(path string) (*JSONLReporter, error) {
	if err := filePath("reports in JSON lines", path); err != nil {
		return nil, err
	}
	return &JSONLReporter{path: path}, nil
}

// Report implements [Reporter].
func (j *JSONLReporter) Report(_ context.Context, r *Report) error {
	line, err := json.Marshal(r)
	if err == nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		err = appendLine(j.path, line)
	}
	if err != nil {
		return fmt.Errorf("report the checks in JSON lines: %w", err)
	}
	return nil
}
