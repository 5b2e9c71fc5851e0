package dataflow

import (
	"context"
	"errors"

	"github.com/apache/spark-connect-go/v40/spark/sql"
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
	// Options are passed to Spark under its own keys.
	Options map[string]string `koanf:"options" doc:"options of the data source under Spark's own keys"`
}

// write saves in a format; the options of the user win over ours.
func (s FileSink) write(ctx context.Context, spark *Session, df sql.DataFrame, format string, options map[string]string) error {
	if s.Path == "" {
		return errors.New("write: the path is empty")
	}
	w := Writer{Format: format, Mode: s.Mode, Options: mergeOptions(options, s.Options), PartitionBy: s.PartitionBy}
	return w.Save(ctx, spark, df, s.Path)
}

// Lineage implements [Describer]: the path, as it is written. Every sink of files
// has it.
func (s FileSink) Lineage() Lineage {
	return writes(Dataset{DatasetPath, s.Path}, s.Mode.effect())
}
