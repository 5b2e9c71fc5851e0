package dataflow

import (
	"context"
	"slices"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

var (
	_ SinkChecker = DeltaSink{}
	_ SinkChecker = IcebergSink{}
)

// CheckWrite implements [SinkChecker], with at most one analysis of the table: does
// it exist as the mode wants it, and do the columns fit.
func (s DeltaSink) CheckWrite(ctx context.Context, scope *CheckScope, in schema.Definition) error {
	if err := s.Validate(); err != nil {
		return err
	}
	mode, _ := s.Mode.saveMode()
	switch {
	case s.Table != "" && s.Mode != TableModeMerge:
		return TableSink{Table: s.Table, Mode: mode, Format: "delta", PartitionBy: s.PartitionBy, Options: s.writer().Options}.CheckWrite(ctx, scope, in)
	case s.Table != "":
		return scope.existing(ctx, s.Table, in, s.Keys)
	}
	path := scope.Spark().outputPath(s.Path)
	key := pathKey(path)
	before := len(scope.result.Findings)
	scope.columns(s.Path, "delta", in, s.PartitionBy)
	scope.partitions(s.Path, in, s.PartitionBy, "DELTA_COLUMN_NOT_FOUND")
	there, err := scope.deltaAt(ctx, path, key)
	if err != nil {
		return err
	}
	def := in
	switch {
	case there.exists && s.Mode == TableModeCreate:
		scope.broken("DELTA_PATH_EXISTS", s.Path, "", "it is there, and the mode is create")
	case !there.exists && s.Mode == TableModeMerge:
		scope.broken("DELTA_TABLE_NOT_FOUND", s.Path, "", "the table is not there, and the mode merge does not make it")
	case there.exists && (s.Mode != TableModeOverwrite || !s.OverwriteSchema):
		def = there.def
		scope.mergeKeys(s.Path, s.Keys, in, there.def)
		if !s.MergeSchema {
			scope.grows(s.Path, in, there.def)
		}
	}
	m := &madeData{def: def, format: "delta"}
	if slices.ContainsFunc(scope.result.Findings[before:], func(f CheckFinding) bool { return f.Severity == CheckError }) {
		m.why = label(scope.name) + ", which writes it, has a fault"
	}
	scope.made(Dataset{Kind: DatasetPath, Name: s.Path}, key, m)
	return nil
}

// deltaAt looks at the table in a folder.
func (s *CheckScope) deltaAt(ctx context.Context, path, key string) (target, error) {
	if m := s.checks.findKey(key); m != nil {
		if m.why != "" {
			return target{}, notAnalysed("it writes to %s, and %s", path, m.why)
		}
		return target{def: m.def, exists: true}, nil
	}
	df, err := Reader{Format: "delta", Paths: []string{path}}.Load(ctx, s.Spark())
	if err != nil {
		return target{}, err
	}
	def, err := s.checks.analyze(ctx, df)
	if err != nil && cannotCheck(ctx, err) {
		return target{}, err
	}
	return target{def: def, exists: err == nil}, nil
}

// grows warns of columns that a table lacks.
func (s *CheckScope) grows(table string, in, have schema.Definition) {
	for _, from := range in.Fields {
		if _, ok := have.Field(from.Name); !ok {
			s.Report(CheckWarning, &ContractError{
				Class: "DELTA_METADATA_MISMATCH", Target: table, Column: from.Name,
				Message: "the table has no column " + schema.QuoteName(from.Name) + "; it is refused unless the table may grow",
			})
		}
	}
}

// CheckWrite implements [SinkChecker], with at most one analysis of the table: does
// it exist as the mode wants it, and do the columns fit.
func (s IcebergSink) CheckWrite(ctx context.Context, scope *CheckScope, in schema.Definition) error {
	if err := s.Validate(); err != nil {
		return err
	}
	name := icebergTable(s.Catalog, s.Table)
	if !s.makes() {
		return scope.existing(ctx, name, in, s.Keys)
	}
	parts, err := splitName(name)
	if err != nil {
		return nil //nolint:nilerr // Spark reads names in more ways than we do
	}
	key := scope.checks.tableKey(parts)
	if s.Mode != TableModeCreateOrReplace {
		there, err := scope.tableAt(ctx, name, parts, key)
		if err != nil {
			return err
		}
		switch {
		case there.exists && s.Mode == TableModeCreate:
			scope.broken("TABLE_OR_VIEW_ALREADY_EXISTS", name, "", "it is there, and the mode is create")
		case !there.exists && s.Mode == TableModeReplace:
			scope.broken("TABLE_OR_VIEW_NOT_FOUND", name, "", "the table is not there, and the mode replace does not create it")
		}
	}
	scope.twins(name, in)
	partitions, err := s.partitions()
	if err != nil {
		return err
	}
	for _, p := range partitions {
		for _, column := range p.columns {
			if path, err := splitName(column); err == nil && len(path) == 1 {
				if _, ok := in.Field(path[0]); !ok {
					scope.broken("INVALID_PARTITION_TRANSFORM", name, path[0], "the partition column "+schema.QuoteName(path[0])+" is none of its columns: "+namesOf(in))
				}
			}
		}
	}
	scope.made(Dataset{Kind: DatasetTable, Name: name}, key, &madeData{def: in})
	return nil
}

// tableAt looks at a table, which a component before may have made.
func (s *CheckScope) tableAt(ctx context.Context, name string, parts []string, key string) (target, error) {
	if m := s.checks.findKey(key); m != nil {
		if m.why != "" {
			return target{}, notAnalysed("it writes to %s, and %s", name, m.why)
		}
		return target{def: m.def, exists: true}, nil
	}
	return s.checks.target(ctx, parts)
}

// existing checks a write into a table that must exist.
func (s *CheckScope) existing(ctx context.Context, name string, in schema.Definition, keys []string) error {
	parts, err := splitName(name)
	if err != nil {
		return nil //nolint:nilerr // Spark reads names in more ways than we do
	}
	key := s.checks.tableKey(parts)
	there, err := s.tableAt(ctx, name, parts, key)
	if err != nil {
		return err
	}
	if !there.exists {
		return &ContractError{Class: "TABLE_OR_VIEW_NOT_FOUND", Target: name, Message: "the table is not there, and this mode does not create it"}
	}
	if len(keys) > 0 {
		s.twins(name, in)
		s.mergeKeys(name, keys, in, there.def)
	} else {
		s.byName(name, in, there.def, true)
	}
	s.kept(name, key, there.def, s.checks.findKey(key))
	return nil
}

// mergeKeys reports keys of a merge that one of the two sides does not have.
func (s *CheckScope) mergeKeys(table string, keys []string, in, have schema.Definition) {
	for _, key := range keys {
		if _, ok := in.Field(key); !ok {
			s.broken("UNRESOLVED_COLUMN.WITH_SUGGESTION", table, key, "the merge key "+schema.QuoteName(key)+" is none of the columns that are written: "+namesOf(in))
		}
		if _, ok := have.Field(key); !ok {
			s.broken("UNRESOLVED_COLUMN.WITH_SUGGESTION", table, key, "the table has no merge key "+schema.QuoteName(key)+": "+namesOf(have))
		}
	}
}
