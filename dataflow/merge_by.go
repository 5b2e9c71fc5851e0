package dataflow

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// MergeBy says which rows of a table those that are written update, in the mode
// merge: rows that match are updated, others are inserted. For more there is
// [Merge].
type MergeBy struct {
	// Keys are the columns in which rows match, nulls too. On is a condition with
	// target.x and source.x instead.
	Keys []string `koanf:"merge_keys" alias:"keys,upsert_keys" doc:"with mode merge, columns in which rows match, nulls too"`
	On   string   `koanf:"merge_condition" alias:"on" doc:"with mode merge, condition with target.x and source.x for rows to match, instead of merge_keys"`
	// DeleteWhen deletes matching rows of the table, UpdateWhen updates them, and
	// InsertWhen inserts rows that match none: conditions with target.x and source.x.
	// Default no deletion, and every update and insert.
	DeleteWhen string `koanf:"delete_when" doc:"with mode merge, condition for a matching row to be deleted; by default none is"`
	UpdateWhen string `koanf:"update_when" doc:"with mode merge, condition for a matching row to be updated; by default each is"`
	InsertWhen string `koanf:"insert_when" doc:"with mode merge, condition for a row that matches none to be inserted; by default each is"`
}

// isZero reports whether nothing is set.
func (m MergeBy) isZero() bool {
	return len(m.Keys) == 0 && m.On == "" && m.DeleteWhen == "" && m.UpdateWhen == "" && m.InsertWhen == ""
}

// checkMerge reports what is missing, or set without the mode merge.
func (m MergeBy) checkMerge(f *options.Faults, mode TableMode) {
	if mode != TableModeMerge {
		if !m.isZero() {
			f.Add("merge_keys, merge_condition and the conditions of a merge want mode merge, and the mode is %s", mode)
		}
		return
	}
	f.ExactlyOne("merge_keys", strings.Join(m.Keys, ","), "merge_condition", m.On)
	f.Names("merge_keys", m.Keys)
	for _, key := range m.Keys {
		f.Err("merge_keys", noSubstitution(key))
	}
}

// noSubstitution refuses a text in which Spark would replace something.
func noSubstitution(name string) error { return options.Unsubstituted(name) }

// merge is the statement that brings a frame into a table.
func (m MergeBy) merge(into string, using sql.DataFrame) Merge {
	out := Merge{Into: into, Using: using, On: m.On}
	var same []string
	for _, key := range m.Keys {
		same = append(same, QuoteName("target", key)+" <=> "+QuoteName("source", key))
	}
	if len(same) > 0 {
		out.On = strings.Join(same, " AND ")
	}
	if m.DeleteWhen != "" {
		out.When = append(out.When, WhenMatched(m.DeleteWhen).Delete())
	}
	out.When = append(out.When, WhenMatched(m.UpdateWhen).UpdateAll(), WhenNotMatched(m.InsertWhen).InsertAll())
	return out
}

// runMerge merges a frame into a table. With grow the table gets the columns that it
// lacks first.
func (m MergeBy) runMerge(ctx context.Context, spark *Session, df sql.DataFrame, into string, grow bool) error {
	if err := noSubstitution(into); err != nil { // a relative path can become one
		return fmt.Errorf("merge into %s: %w", into, err)
	}
	merge := m.merge(into, df)
	merge.SchemaEvolution = grow
	_, err := merge.Run(ctx, spark)
	return err
}
