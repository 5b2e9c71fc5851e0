package dataflow

import (
	"context"
	"slices"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

var (
	_ SourceChecker = Reader{}
	_ SourceChecker = CSVSource{}
	_ SourceChecker = JSONSource{}
	_ SourceChecker = ParquetSource{}
	_ SourceChecker = ObjectStoreSource{}
	_ SourceChecker = TableSource{}
	_ SourceChecker = JDBCSource{}
	_ SourceChecker = BigQuerySource{}
)

// CheckLoad implements [SourceChecker]. Spark lists the files and reads the
// metadata that Parquet, ORC and Avro have, or the first line of CSV files
// without a schema; see [CheckSessionOptions] for what needs more.
func (r Reader) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	return scope.source(ctx, r)
}

// CheckLoad implements [SourceChecker] as [Reader.CheckLoad] does.
func (s CSVSource) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	return scope.source(ctx, s)
}

// CheckLoad implements [SourceChecker] as [Reader.CheckLoad] does.
func (s JSONSource) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	return scope.source(ctx, s)
}

// CheckLoad implements [SourceChecker] as [Reader.CheckLoad] does.
func (s ParquetSource) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	return scope.source(ctx, s)
}

// CheckLoad implements [SourceChecker] as [Reader.CheckLoad] does.
func (s ObjectStoreSource) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	return scope.source(ctx, s)
}

// CheckLoad implements [SourceChecker] with what the catalog knows.
func (s TableSource) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	return scope.Table(ctx, s.Table, s.Options)
}

// CheckLoad implements [SourceChecker]. Spark connects to the database and asks
// for the columns of the table or query; what may do more there is not analysed.
// The bounds of a split read are not looked for.
func (s JDBCSource) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	if s.FindBounds && s.Validate() == nil {
		s.FindBounds, s.PartitionColumn, s.NumPartitions = false, "", 0
	}
	return scope.source(ctx, s)
}

// CheckLoad implements [SourceChecker]. The connector asks for the columns of a
// table; a query is not analysed, since BigQuery would run it.
func (s BigQuerySource) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	return scope.source(ctx, s)
}

// source gives a frame for what one of the sources of this package reads, whose
// Load only makes a plan.
func (s *CheckScope) source(ctx context.Context, source Source) (sql.DataFrame, error) {
	df, err := source.Load(ctx, s.Spark())
	if err != nil {
		return nil, err
	}
	read, err := s.dataSource(ctx, df)
	if err != nil {
		return nil, err
	}
	if len(read.Paths) > 0 {
		made, err := s.written(ctx, read)
		if made != nil || err != nil {
			return made, err
		}
	}
	if err := s.harmless(read); err != nil {
		return nil, err
	}
	if read.schema() != "" {
		if def, err := schema.Parse(read.schema()); err == nil {
			def = nullableColumns(def)
			s.declared = &def
		}
	}
	if s.sample() {
		return s.limited(ctx, df)
	}
	return df, nil
}

// dataSource is what a plan reads.
type dataSource struct {
	*wire.Read_DataSource
	// options are those of the plan by their keys in lower case.
	options map[string]string
}

func (d dataSource) schema() string { return strings.TrimSpace(d.GetSchema()) }

func (d dataSource) is(option string) bool { return strings.EqualFold(d.options[option], "true") }

func (s *CheckScope) dataSource(ctx context.Context, df sql.DataFrame) (dataSource, error) {
	plan, err := s.Spark().Export(ctx, df)
	if err != nil {
		return dataSource{}, err
	}
	var rel wire.Relation
	if err := proto.Unmarshal(plan, &rel); err != nil {
		return dataSource{}, err
	}
	read := dataSource{Read_DataSource: rel.GetRead().GetDataSource(), options: map[string]string{}}
	for key, value := range read.GetOptions() {
		read.options[strings.ToLower(key)] = value
	}
	return read, nil
}

// harmless returns why Spark would do more than look at metadata to find the
// columns of a source, or nil.
func (s *CheckScope) harmless(read dataSource) error {
	format := strings.ToLower(read.GetFormat())
	switch {
	case format == "jdbc":
		return harmlessJDBC(read)
	case format == "bigquery":
		if read.options["query"] != "" {
			return notAnalysed("BigQuery would run its query to find the columns")
		}
		return nil
	case read.schema() != "" || s.Infer() && slices.Contains(scanned, format):
		return nil
	case format == "csv" && !read.is("inferschema"):
		return nil // the first line is read for the names
	case slices.Contains(scanned, format):
		return notAnalysed("its schema is not declared, and Spark would read data to find it; declare schema, or allow it with --infer (CheckSessionOptions.Infer)")
	case slices.Contains(described, format):
		return nil
	}
	return notAnalysed("nobody knows what the data source %s does to find its columns; declare schema", read.GetFormat())
}

// described are the formats whose files or tables tell their columns.
var described = []string{"", "parquet", "orc", "avro", "delta", "iceberg", "text", "binaryfile"}

// written gives the columns of files that a component before is going to write,
// nil when none does.
func (s *CheckScope) written(ctx context.Context, read dataSource) (sql.DataFrame, error) {
	for _, path := range read.Paths {
		key := pathKey(path)
		m := s.checks.findKey(key)
		switch {
		case m == nil:
			if above := s.checks.belowPath(key); above != nil {
				return nil, notAnalysed("it reads a part of what %s writes", label(above.by))
			}
			continue
		case m.why != "":
			return nil, notAnalysed("it reads %s, and %s", path, m.why)
		case len(read.Paths) > 1:
			return nil, notAnalysed("it reads what %s writes, and more", label(m.by))
		case m.df != nil:
			return m.df, nil
		}
		return s.readBack(ctx, path, read, m)
	}
	return nil, nil
}

// readBack gives the columns with which written files are read.
func (s *CheckScope) readBack(ctx context.Context, path string, read dataSource, m *madeData) (sql.DataFrame, error) {
	back := &madeData{by: m.by, def: layout(nullableColumns(m.def), m.partitions)}
	format := strings.ToLower(read.GetFormat())
	if format == "" {
		format = "parquet"
	}
	switch {
	case v2Formats[format] && format == m.format:
		if read.is("readchangefeed") || read.options["versionasof"] != "" || read.options["timestampasof"] != "" {
			return nil, notAnalysed("it reads what the table was before %s, or what that changes", label(m.by))
		}
		back.def = nullableColumns(m.def)
	case read.schema() != "":
		def, err := schema.Parse(read.schema())
		if err != nil {
			return s.checks.declared(read.schema()) // Spark says what is wrong
		}
		back.def = nullableColumns(def)
		for _, f := range m.def.Fields {
			if _, declared := back.def.Field(f.Name); !declared && containsFold(m.partitions, f.Name) {
				back.def.Fields = append(back.def.Fields, f)
			}
		}
	case format != m.format:
		return nil, notAnalysed("it reads as %s what %s writes as %s", format, label(m.by), m.format)
	case format == "avro" && read.options["avroschema"] != "":
		return nil, notAnalysed("it reads what %s writes with a schema of Avro", label(m.by))
	case format == "text":
		for i := range back.def.Fields {
			if !containsFold(m.partitions, back.def.Fields[i].Name) {
				back.def.Fields[i].Name = "value"
			}
		}
	case format == "csv" && read.is("header") && m.header && !read.is("inferschema"):
		for i := range back.def.Fields {
			if !containsFold(m.partitions, back.def.Fields[i].Name) {
				back.def.Fields[i].Type = schema.String()
			}
		}
	case slices.Contains(scanned, format):
		return nil, notAnalysed("its schema is not declared, and the files that tell it are written by %s in the run", label(m.by))
	}
	return s.frame(ctx, path, back)
}

// layout puts the partition columns last, as Spark reads them.
func layout(def schema.Definition, partitions []string) schema.Definition {
	var first, last []schema.Field
	for _, f := range def.Fields {
		if !containsFold(partitions, f.Name) {
			first = append(first, f)
		}
	}
	for _, name := range partitions {
		if f, ok := def.Field(name); ok {
			last = append(last, f)
		}
	}
	return schema.Definition{Fields: append(first, last...)}
}

func containsFold(list []string, name string) bool {
	return slices.ContainsFunc(list, func(have string) bool { return strings.EqualFold(have, name) })
}
