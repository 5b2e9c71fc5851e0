package dataflow

import (
	"bytes"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// MergeMetrics are the numbers of rows that a [Merge] has changed.
type MergeMetrics struct {
	// Affected is the sum of the others.
	Affected, Updated, Deleted, Inserted int64
}

// mergeMetrics reads the one row that a server may answer a MERGE with; nil when
// it does not, or in words that are not known.
func mergeMetrics(result *wire.Relation) *MergeMetrics {
	data := result.GetLocalRelation().GetData()
	if len(data) == 0 {
		return nil
	}
	rows, err := ipc.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	defer rows.Release()
	for rows.Next() {
		record := rows.Record()
		if record.NumRows() != 1 {
			continue
		}
		values := map[string]int64{}
		for i, field := range record.Schema().Fields() {
			if column, ok := record.Column(i).(*array.Int64); ok && column.IsValid(0) {
				values[field.Name] = column.Value(0)
			}
		}
		if affected, ok := values["num_affected_rows"]; ok {
			return &MergeMetrics{
				Affected: affected, Updated: values["num_updated_rows"],
				Deleted: values["num_deleted_rows"], Inserted: values["num_inserted_rows"],
			}
		}
	}
	return nil
}
