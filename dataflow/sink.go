package dataflow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// Sink writes a DataFrame. Write blocks until the data is written.
type Sink interface {
	Write(ctx context.Context, spark *Session, df sql.DataFrame) error
}

// SinkFunc is the function form of [Sink].
type SinkFunc func(ctx context.Context, spark *Session, df sql.DataFrame) error

// Write implements [Sink].
func (f SinkFunc) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	return f(ctx, spark, df)
}

// FileSink holds what all sinks of files share.
type FileSink struct {
	// Path is the folder to write.
	Path string `koanf:"path" required:"true" doc:"folder to write, on the cluster"`
	// Mode says what becomes of existing data. In Go the default is
	// SaveModeErrorIfExists; in configuration files it is overwrite.
	Mode SaveMode `koanf:"mode" default:"overwrite" enum:"overwrite,append,errorifexists,error,default,ignore" doc:"what becomes of existing data"`
	// PartitionBy are the columns that become folders.
	PartitionBy []string `koanf:"partition_by" doc:"columns that become folders"`
	// PartitionOverwrite says what SaveModeOverwrite replaces: with static all that
	// is there, with dynamic only the folders of PartitionBy for which there are
	// rows. Default what the session says (spark.sql.sources.partitionOverwriteMode),
	// static.
	PartitionOverwrite string `koanf:"partition_overwrite" enum:"static,dynamic" doc:"what overwrite replaces: static everything, dynamic only partitions for which there are rows; by default what the session says, static"`
	// Compression is the codec of the files under Spark's name; default that of the
	// format.
	Compression string `koanf:"compression" doc:"codec of the files under Spark's name, such as zstd, gzip or none; by default that of the format"`
	// Options are passed to Spark under its own keys.
	Options map[string]string `koanf:"options" doc:"options of the data source under Spark's own keys"`
}

// Validate reports what does not go together.
func (s FileSink) Validate() error {
	f := &options.Faults{What: "write"}
	checkPartitionOverwrite(f, s.PartitionOverwrite, s.Mode, s.PartitionBy)
	f.Names("partition_by", s.PartitionBy)
	return f.Join()
}

// checkPartitionOverwrite refuses dynamic where it would change nothing.
func checkPartitionOverwrite(f *options.Faults, how string, mode SaveMode, by []string) {
	f.OneOf("partition_overwrite", how, "static", "dynamic")
	switch {
	case how == "":
	case mode != SaveModeOverwrite:
		f.Add("partition_overwrite says what mode overwrite replaces, and the mode is %s", mode)
	case strings.EqualFold(how, "dynamic") && len(by) == 0:
		f.Add("partition_overwrite dynamic wants partition_by: without partitions everything is replaced")
	}
}

// codec refuses a compression that a format does not have.
func (s FileSink) codec(format string, known ...string) error {
	if s.Compression == "" || containsFold(known, s.Compression) {
		return nil
	}
	return fmt.Errorf("write: compression is %q; the format %s has %s", s.Compression, format, strings.Join(known, ", "))
}

// textCodecs are those of all formats of text.
func textCodecs() []string {
	return []string{"none", "uncompressed", "bzip2", "deflate", "gzip", "lz4", "snappy", "zstd"}
}

// partitionOverwriteMode is the option of Spark for a key partition_overwrite.
const partitionOverwriteMode = "partitionOverwriteMode"

// write saves in a format; the options of the user win over ours.
func (s FileSink) write(ctx context.Context, spark *Session, df sql.DataFrame, format string, more map[string]string) error {
	if s.Path == "" {
		return errors.New("write: the path is empty")
	}
	if err := s.Validate(); err != nil {
		return err
	}
	w := Writer{Format: format, Mode: s.Mode, Options: mergeOptions(s.options(more), s.Options), PartitionBy: s.PartitionBy}
	return w.Save(ctx, spark, df, s.Path)
}

func (s FileSink) options(more map[string]string) options.Set {
	o := options.Set{}
	o.Text(partitionOverwriteMode, strings.ToLower(s.PartitionOverwrite))
	o.Text("compression", s.Compression)
	maps.Copy(o, more)
	return o
}

// Lineage implements [Describer]: the path, as it is written. Every sink of files
// has it.
func (s FileSink) Lineage() Lineage {
	return writes(Dataset{DatasetPath, s.Path}, s.Mode.effect())
}
