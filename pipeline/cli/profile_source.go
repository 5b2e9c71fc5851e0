package cli

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// profileSource reads what names the data.
func profileSource(source, format string) (dataflow.Source, error) {
	if table, ok := strings.CutPrefix(source, "table:"); ok {
		switch {
		case strings.TrimSpace(table) == "":
			return nil, fmt.Errorf("the source %q: the table has no name", source)
		case format != "":
			return nil, fmt.Errorf("--source-format is for paths; a table knows its format")
		}
		return dataflow.TableSource{Table: table}, nil
	}
	if strings.TrimSpace(source) == "" {
		return nil, fmt.Errorf("the source is empty; name a path or table:NAME")
	}
	if format == "" {
		format = guessFormat(source)
	}
	if format == "" {
		return nil, fmt.Errorf("the source %q: nothing tells its format; name it with --source-format, write table:NAME for a table, or a file with --config for a component", source)
	}
	files := dataflow.FileSource{Path: source}
	switch strings.ToLower(format) {
	case "csv":
		return dataflow.CSVSource{FileSource: files, Header: true, InferSchema: true}, nil
	case "tsv":
		files.Options = map[string]string{"sep": "\t"}
		return dataflow.CSVSource{FileSource: files, Header: true, InferSchema: true}, nil
	case "json", "jsonl", "ndjson":
		return dataflow.JSONSource{FileSource: files}, nil
	case "parquet":
		return dataflow.ParquetSource{FileSource: files}, nil
	case "orc":
		return dataflow.ORCSource{FileSource: files}, nil
	case "avro":
		return dataflow.AvroSource{FileSource: files}, nil
	case "delta":
		return dataflow.DeltaSource{Path: source}, nil
	}
	return nil, fmt.Errorf("the format %q is none of csv, tsv, json, jsonl, ndjson, parquet, orc, avro and delta", format)
}

// endings are the formats that a path can end in.
var endings = []string{"csv", "tsv", "json", "jsonl", "ndjson", "parquet", "orc", "avro", "delta"}

// guessFormat tells the format of a path by its ending, or by what a folder of this
// machine holds; empty when nothing tells it.
func guessFormat(source string) string {
	if format := endingOf(path.Base(strings.TrimRight(filepath.ToSlash(source), "/"))); format != "" {
		return format
	}
	entries, err := os.ReadDir(source)
	if err != nil {
		return ""
	}
	format := ""
	for _, entry := range entries {
		if entry.Name() == "_delta_log" && entry.IsDir() {
			return "delta"
		}
		if strings.HasPrefix(entry.Name(), "_") || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		if format == "" {
			format = endingOf(entry.Name())
		}
	}
	return format
}

// endingOf passes over the ending of a compression.
func endingOf(name string) string {
	name = strings.ToLower(name)
	for _, compressed := range []string{".gz", ".bz2", ".zst", ".snappy", ".lz4"} {
		name = strings.TrimSuffix(name, compressed)
	}
	for _, ending := range endings {
		if strings.HasSuffix(name, "."+ending) {
			return ending
		}
	}
	return ""
}

// isName reports whether a source can be the name of a component or a view.
func isName(source string) bool {
	return !strings.ContainsAny(source, `/\:`)
}
