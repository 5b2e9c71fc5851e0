package streaming

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// FileSource reads the files of a folder, and those that come into it. A file must
// come there whole, by a rename, and is read once: what is changed afterwards is
// not seen.
//
// Every format but text wants a schema, since Spark looks at no file before the
// query runs: Schema, SchemaPath or InferSchema.
type FileSource struct {
	// Path is a folder or a glob, read on the cluster.
	Path string `koanf:"path" required:"true" doc:"folder or glob, read on the cluster"`
	// Format is parquet, json, csv, orc, text, avro or xml; default parquet.
	Format string `koanf:"format" alias:"file_format" enum:"parquet,json,csv,orc,text,avro,xml" doc:"format of the files; by default parquet"`
	// Schema is a DDL text such as "id BIGINT, name STRING", or a schema in Spark's
	// JSON form.
	Schema string `koanf:"schema" alias:"schema_json" doc:"columns as DDL such as \"id BIGINT, name STRING\", or in Spark's JSON form"`
	// SchemaPath is a file with one of the two, on the machine of this process.
	SchemaPath string `koanf:"schema_path" doc:"file with such a schema, on the machine where sparkpipe runs"`
	// InferSchema has Spark look at the files that are there when the query starts,
	// as a batch would, and takes that schema. It costs a round trip and wants a
	// file to be there.
	InferSchema bool `koanf:"infer_schema" default:"false" doc:"take the schema of the files that are there at the start"`
	// MaxFilesPerTrigger and MaxBytesPerTrigger, such as "512m", bound a batch; they
	// exclude each other. Default no bound.
	MaxFilesPerTrigger int    `koanf:"max_files_per_trigger" min:"0" doc:"most new files of a batch; by default all"`
	MaxBytesPerTrigger string `koanf:"max_bytes_per_trigger" doc:"most bytes of a batch, such as 512m; by default all"`
	// LatestFirst reads the newest files first.
	LatestFirst bool `koanf:"latest_first" default:"false" doc:"read the newest files first"`
	// MaxFileAge leaves files out that are older than the newest by more; it counts
	// from the second batch on, and not with LatestFirst and a bound. Default 7 days.
	MaxFileAge time.Duration `koanf:"max_file_age" doc:"leave out files that are older than the newest by more; by default 168h"`
	// FileNameOnly takes files of the same name in different folders for the same.
	FileNameOnly bool `koanf:"file_name_only" default:"false" doc:"take files of the same name in different folders for the same file"`
	// CleanSource says what becomes of a file that was read: off, delete or archive,
	// which moves it to SourceArchiveDir. Default off.
	CleanSource      string `koanf:"clean_source" enum:"off,delete,archive" doc:"what becomes of files that were read; by default off"`
	SourceArchiveDir string `koanf:"source_archive_dir" doc:"folder for clean_source archive"`
	// PathGlobFilter reads only files whose name fits, Recursive the folders below
	// too.
	PathGlobFilter string `koanf:"path_glob_filter" doc:"glob that the names of files must fit"`
	Recursive      bool   `koanf:"recursive" default:"false" doc:"read the folders below too"`
	// Options are passed to Spark under its own keys.
	Options map[string]string `koanf:"options" alias:"format_options" doc:"options of the format and the source under Spark's own keys"`
}

var _ StreamingSource = FileSource{}

func (s FileSource) format() string { return strings.ToLower(cmp.Or(s.Format, "parquet")) }

// Validate reports everything that is missing or does not go together. It reads
// SchemaPath.
func (s FileSource) Validate() error {
	f := &options.Faults{What: "file source"}
	if s.Path == "" {
		f.Add("path is missing")
	}
	f.OneOf("format", s.Format, fileFormats...)
	f.OneOf("clean_source", s.CleanSource, "off", "delete", "archive")
	f.NotNegative("max_files_per_trigger", int64(s.MaxFilesPerTrigger))
	f.WholeMillis("max_file_age", s.MaxFileAge)
	if s.MaxFilesPerTrigger > 0 && s.MaxBytesPerTrigger != "" {
		f.Add("max_files_per_trigger and max_bytes_per_trigger exclude each other")
	}
	if (s.SourceArchiveDir != "") != strings.EqualFold(s.CleanSource, "archive") {
		f.Add("clean_source archive and source_archive_dir want each other")
	}
	infer := ""
	if s.InferSchema {
		infer = "true"
	}
	set := f.AtMostOne("schema", s.Schema, "schema_path", s.SchemaPath, "infer_schema", infer)
	if len(set) == 0 && s.format() != "text" {
		f.Add("a stream of %s files wants a schema: set schema, schema_path or infer_schema", s.format())
	}
	if len(set) <= 1 {
		_, err := s.schema()
		f.Err(strings.Join(set, ""), err)
	}
	return f.Join()
}

func (s FileSource) schema() (string, error) {
	switch {
	case s.SchemaPath != "":
		return readSchemaFile(s.SchemaPath)
	case s.Schema != "":
		return parseSchema(s.Schema)
	}
	return "", nil
}

// ReadStream implements [StreamingSource], with no round trip, or one with
// InferSchema.
func (s FileSource) ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	columns, err := s.schema()
	if err == nil && s.InferSchema {
		columns, err = s.infer(ctx, spark)
	}
	if err != nil {
		return nil, fmt.Errorf("file source: %w", err)
	}
	return Reader{Format: s.format(), Path: s.Path, Schema: columns, Options: s.readOptions(spark)}.ReadStream(ctx, spark)
}

// infer asks for the schema of a batch of the same files.
func (s FileSource) infer(ctx context.Context, spark *dataflow.Session) (string, error) {
	o := options.Set{"inferSchema": "true"}
	o.Text("pathGlobFilter", s.PathGlobFilter)
	o.Flag("recursiveFileLookup", s.Recursive)
	df, err := dataflow.Reader{Format: s.format(), Paths: []string{s.Path}, Options: options.Merge(o, s.Options)}.Load(ctx, spark)
	if err != nil {
		return "", err
	}
	def, err := dataflow.SchemaOf(ctx, df)
	if err != nil {
		return "", fmt.Errorf("infer the schema of %s: %w", s.Path, err)
	}
	data, err := def.JSON()
	return string(data), err
}

func (s FileSource) readOptions(spark *dataflow.Session) map[string]string {
	o := options.Set{}
	o.Number("maxFilesPerTrigger", int64(s.MaxFilesPerTrigger))
	o.Text("maxBytesPerTrigger", s.MaxBytesPerTrigger)
	o.Flag("latestFirst", s.LatestFirst)
	o.Millis("maxFileAge", s.MaxFileAge)
	o.Flag("fileNameOnly", s.FileNameOnly)
	o.Text("cleanSource", strings.ToLower(s.CleanSource))
	if s.SourceArchiveDir != "" {
		o["sourceArchiveDir"] = spark.OutputPath(s.SourceArchiveDir)
	}
	o.Text("pathGlobFilter", s.PathGlobFilter)
	o.Flag("recursiveFileLookup", s.Recursive)
	return options.Merge(o, s.Options)
}

// Lineage implements [dataflow.Describer]: the path. It has an effect when files
// that were read are moved or deleted.
func (s FileSource) Lineage() dataflow.Lineage {
	l := Reader{Path: s.Path}.Lineage()
	if s.CleanSource != "" && !strings.EqualFold(s.CleanSource, "off") {
		l.Effect = dataflow.EffectRepeats
	}
	return l
}
