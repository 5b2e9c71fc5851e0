package dataflow

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// The rules here are those of Spark's DataSource.planForWriting: SchemaUtils
// (names), PartitioningUtils.validatePartitionColumn, DataSource.validateSchema
// (empty structs), and supportDataType of CSVFileFormat, JsonFileFormat,
// ParquetFileFormat, OrcFileFormat, TextFileFormat and AvroFileFormat.

var (
	_ SinkChecker = CSVSink{}
	_ SinkChecker = JSONSink{}
	_ SinkChecker = ParquetSink{}
	_ SinkChecker = ObjectStoreSink{}
	_ SinkChecker = JDBCSink{}
	_ SinkChecker = BigQuerySink{}
)

// CheckWrite implements [SinkChecker]: CSV holds single values alone.
func (s CSVSink) CheckWrite(ctx context.Context, scope *CheckScope, in schema.Definition) error {
	header := s.Header
	for key, value := range s.Options {
		if strings.EqualFold(key, "header") {
			header = strings.EqualFold(value, "true")
		}
	}
	return scope.files(ctx, s.FileSink, in, "csv", header)
}

// CheckWrite implements [SinkChecker].
func (s JSONSink) CheckWrite(ctx context.Context, scope *CheckScope, in schema.Definition) error {
	return scope.files(ctx, s.FileSink, in, "json", false)
}

// CheckWrite implements [SinkChecker].
func (s ParquetSink) CheckWrite(ctx context.Context, scope *CheckScope, in schema.Definition) error {
	return scope.files(ctx, s.FileSink, in, "parquet", false)
}

// CheckWrite implements [SinkChecker].
func (s ObjectStoreSink) CheckWrite(ctx context.Context, scope *CheckScope, in schema.Definition) error {
	format := cmp.Or(s.Format, "parquet")
	if format == "csv" {
		return CSVSink{FileSink: s.FileSink, Header: true}.CheckWrite(ctx, scope, in)
	}
	return scope.files(ctx, s.FileSink, in, strings.ToLower(format), false)
}

// CheckWrite implements [SinkChecker]: the types must be those of a database. The
// database is not asked.
func (s JDBCSink) CheckWrite(_ context.Context, scope *CheckScope, in schema.Definition) error {
	arrays := strings.HasPrefix(s.URL.Reveal(), "jdbc:postgresql:")
	for _, f := range in.Fields {
		if !jdbcType(f.Type, arrays) {
			scope.Report(CheckError, &ContractError{
				Class: "CANNOT_GET_JDBC_TYPE", Target: s.Table, Column: f.Name,
				Message: "there is no type of a database for the column " + schema.QuoteName(f.Name) + " of the type " + f.Type.String(),
			})
		}
	}
	scope.twins(s.Table, in)
	return nil
}

// jdbcType reports whether JdbcUtils.getJdbcType has a type for it. Types that
// are not known here are left to Spark.
func jdbcType(t schema.DataType, arrays bool) bool {
	switch t.Kind {
	case schema.KindMap, schema.KindStruct, schema.KindNull, schema.KindVariant, schema.KindCalendarInterval,
		schema.KindYearMonthInterval, schema.KindDayTimeInterval:
		return false
	case schema.KindArray:
		return arrays
	}
	return true
}

// CheckWrite implements [SinkChecker]. BigQuery is not asked; what its connector
// takes is not known here.
func (s BigQuerySink) CheckWrite(_ context.Context, scope *CheckScope, in schema.Definition) error {
	scope.twins(s.Table, in)
	return nil
}

// files checks a write of files and makes their columns known.
func (s *CheckScope) files(ctx context.Context, sink FileSink, in schema.Definition, format string, header bool) error {
	path := s.Spark().outputPath(sink.Path)
	key := pathKey(path)
	before := len(s.result.Findings)
	s.columns(sink.Path, format, in, sink.PartitionBy)
	s.partitions(sink.Path, in, sink.PartitionBy, "_LEGACY_ERROR_TEMP_1155")
	dynamic := strings.EqualFold(sink.PartitionOverwrite, "dynamic") && len(sink.PartitionBy) > 0
	if sink.Mode == SaveModeOverwrite && !dynamic && slices.Contains(s.bases, key) && !v2Formats[format] {
		s.broken("UNSUPPORTED_OVERWRITE.PATH", sink.Path, "", "it is also read from, and would be deleted before")
	}
	if sink.Mode == SaveModeErrorIfExists {
		if err := s.freePath(ctx, path, key); err != nil {
			return err
		}
	}
	m := &madeData{def: in, format: format, header: header, partitions: sink.PartitionBy}
	if slices.ContainsFunc(s.result.Findings[before:], func(f CheckFinding) bool { return f.Severity == CheckError }) {
		m.why = label(s.name) + ", which writes it, has a fault"
	}
	s.made(Dataset{Kind: DatasetPath, Name: sink.Path}, key, m)
	return nil
}

// freePath looks whether a path is there already; Spark lists it for that.
func (s *CheckScope) freePath(ctx context.Context, path, key string) error {
	if m := s.checks.findKey(key); m != nil {
		s.broken("PATH_ALREADY_EXISTS", path, "", label(m.by)+" has written it, and the mode is errorifexists")
		return nil
	}
	df, err := Reader{Format: "text", Paths: []string{path}}.Load(ctx, s.Spark())
	if err != nil {
		return err
	}
	_, err = s.checks.analyze(ctx, df)
	switch {
	case err == nil:
		s.broken("PATH_ALREADY_EXISTS", path, "", "it is there, and the mode is errorifexists")
	case cannotCheck(ctx, err):
		return err
	}
	return nil
}

// broken reports a rule that a write would break.
func (s *CheckScope) broken(class, target, column, message string) {
	s.Report(CheckError, &ContractError{Class: class, Target: target, Column: column, Message: message})
}

// columns reports names that stand twice and types that a format does not have.
func (s *CheckScope) columns(target, format string, in schema.Definition, partitions []string) {
	s.twins(target, in)
	for _, f := range in.Fields {
		if emptyStruct(f.Type) && !v2Formats[format] {
			s.broken("EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE", target, f.Name,
				"the column "+schema.QuoteName(f.Name)+" holds a struct without fields")
			return
		}
	}
	if format == "text" {
		s.textColumn(target, withoutColumns(in, partitions))
		return
	}
	for _, f := range in.Fields {
		if !s.checks.holds(format, f.Type) {
			s.broken("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", target, f.Name,
				"the format "+format+" has no place for the column "+schema.QuoteName(f.Name)+" of the type "+f.Type.String())
		}
	}
}

// withoutColumns leaves columns out.
func withoutColumns(in schema.Definition, names []string) schema.Definition {
	var rest []schema.Field
	for _, f := range in.Fields {
		if !containsFold(names, f.Name) {
			rest = append(rest, f)
		}
	}
	return schema.Definition{Fields: rest}
}

func (s *CheckScope) textColumn(target string, in schema.Definition) {
	if len(in.Fields) != 1 {
		s.broken("_LEGACY_ERROR_TEMP_1290", target, "", "the format text takes one column, and there are "+countOf(len(in.Fields)))
		return
	}
	if kind := in.Fields[0].Type.Kind; kind != schema.KindString && kind != schema.KindUnknown {
		s.broken("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", target, in.Fields[0].Name,
			"the format text takes a STRING, and the column "+schema.QuoteName(in.Fields[0].Name)+" is of the type "+in.Fields[0].Type.String())
	}
}

// twins reports a name that two columns have.
func (s *CheckScope) twins(target string, in schema.Definition) {
	if name := twin(in.Fields, !s.checks.caseSensitive()); name != "" {
		s.broken("COLUMN_ALREADY_EXISTS", target, name, "two columns have the name "+schema.QuoteName(name))
	}
}

func (c *CheckSession) caseSensitive() bool {
	return strings.EqualFold(c.conf["spark.sql.caseSensitive"], "true")
}

// partitions reports partition columns that cannot be.
func (s *CheckScope) partitions(target string, in schema.Definition, by []string, missing string) {
	for i, name := range by {
		f, ok := in.Field(name)
		switch {
		case containsFold(by[:i], name):
			s.broken("COLUMN_ALREADY_EXISTS", target, name, "the partition column "+schema.QuoteName(name)+" is named twice")
		case !ok:
			s.broken(missing, target, name, "the partition column "+schema.QuoteName(name)+" is none of its columns: "+namesOf(in))
		case !isAtomic(f.Type):
			s.broken("INVALID_PARTITION_COLUMN_DATA_TYPE", target, name,
				"the column "+schema.QuoteName(name)+" of the type "+f.Type.String()+" cannot be a partition column")
		}
	}
	if len(by) > 0 && len(by) >= len(in.Fields) {
		s.broken("ALL_PARTITION_COLUMNS_NOT_ALLOWED", target, "", "all of its columns are partition columns, and none is left for the files")
	}
}

func namesOf(in schema.Definition) string {
	names := make([]string, len(in.Fields))
	for i, f := range in.Fields {
		names[i] = schema.QuoteName(f.Name)
	}
	return strings.Join(names, ", ")
}
