package dataflow

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// FileSelection says which of the files below the paths of a source are read, and
// what becomes of those that cannot be.
type FileSelection struct {
	// PathGlobFilter is a glob that the names of files must fit. Unlike a glob in a
	// path it leaves the partition columns alone.
	PathGlobFilter string `koanf:"path_glob_filter" doc:"glob that the names of files must fit, such as *.csv"`
	// RecursiveFileLookup reads all folders below too. Folders are no partitions
	// then.
	RecursiveFileLookup bool `koanf:"recursive_file_lookup" default:"false" doc:"read all folders below; folders named column=value are no partitions then"`
	// ModifiedBefore and ModifiedAfter bound the time at which a file was changed
	// last: a date, or a time such as 2024-05-01T12:00:00, in the session's zone
	// unless it has one.
	ModifiedBefore string `koanf:"modified_before" doc:"read only files that were changed before then, such as 2024-05-01T12:00:00"`
	ModifiedAfter  string `koanf:"modified_after" doc:"read only files that were changed after then"`
	// IgnoreMissingFiles goes on when a file is gone that was listed,
	// IgnoreCorruptFiles when one cannot be read: what was read of it stays. Nil is
	// what the session says, by default false.
	IgnoreMissingFiles *bool `koanf:"ignore_missing_files" doc:"go on without files that are gone when they are to be read; by default what the session says, false"`
	IgnoreCorruptFiles *bool `koanf:"ignore_corrupt_files" doc:"go on without files that cannot be read; by default what the session says, false"`
}

func (s FileSelection) selectionOptions() options.Set {
	o := options.Set{}
	o.Text("pathGlobFilter", s.PathGlobFilter)
	o.Flag("recursiveFileLookup", s.RecursiveFileLookup)
	o.Text("modifiedBefore", s.ModifiedBefore)
	o.Text("modifiedAfter", s.ModifiedAfter)
	o.Choice("ignoreMissingFiles", s.IgnoreMissingFiles)
	o.Choice("ignoreCorruptFiles", s.IgnoreCorruptFiles)
	return o
}

// checkSelection names the keys as files have them.
func (s FileSelection) checkSelection() error {
	f := &options.Faults{What: "read"}
	if strings.Contains(s.PathGlobFilter, "/") {
		f.Add(`path_glob_filter %q fits the names of files, which have no "/"; a glob for folders belongs into path`, s.PathGlobFilter)
	} else if _, err := path.Match(strings.NewReplacer("{", "", "}", "").Replace(s.PathGlobFilter), ""); err != nil {
		f.Add("path_glob_filter %q is no glob: a bracket is not closed", s.PathGlobFilter)
	}
	f.Err("modified_before", options.Moment(s.ModifiedBefore))
	f.Err("modified_after", options.Moment(s.ModifiedAfter))
	return f.Join()
}

// MalformedRecords says what becomes of records that do not fit their format or
// the schema.
type MalformedRecords struct {
	// RecordMode is permissive, which gives nulls for what cannot be read,
	// dropmalformed, which leaves the record out, or failfast, which fails. Default
	// permissive.
	RecordMode string `koanf:"mode" enum:"permissive,dropmalformed,failfast" doc:"what becomes of records that do not fit: permissive gives nulls, dropmalformed leaves them out, failfast fails; by default permissive"`
	// CorruptRecordColumn is the column that gets the text of such a record, with
	// permissive. A Schema must have it, as a STRING.
	CorruptRecordColumn string `koanf:"corrupt_record_column" doc:"column for the text of records that do not fit, with permissive; a schema must have it, as STRING"`
}

func (m MalformedRecords) recordOptions() options.Set {
	o := options.Set{}
	o.Text("mode", strings.ToUpper(m.RecordMode))
	o.Text("columnNameOfCorruptRecord", m.CorruptRecordColumn)
	return o
}

func (m MalformedRecords) checkRecords(ddl string) error {
	f := &options.Faults{What: "read"}
	f.OneOf("mode", m.RecordMode, "permissive", "dropmalformed", "failfast")
	if m.CorruptRecordColumn == "" {
		return f.Join()
	}
	if m.RecordMode != "" && !strings.EqualFold(m.RecordMode, "permissive") {
		f.Add("corrupt_record_column wants mode permissive: %s keeps no record that does not fit", strings.ToLower(m.RecordMode))
	}
	if def, err := schema.Parse(ddl); ddl != "" && err == nil { // Spark says what is wrong with it
		f.Append(m.inSchema(def))
	}
	return f.Join()
}

func (m MalformedRecords) inSchema(def schema.Definition) error {
	field, ok := def.Field(m.CorruptRecordColumn)
	switch {
	case !ok:
		return fmt.Errorf("read: the schema lacks the corrupt_record_column; add %s STRING", schema.QuoteName(m.CorruptRecordColumn))
	case field.Type.Kind != schema.KindString || !field.Nullable:
		return errors.New("read: the corrupt_record_column " + schema.QuoteName(m.CorruptRecordColumn) + " of the schema must be a STRING that can be null")
	}
	return nil
}
