package dataflow

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/options"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// FormatOptions are the options of a data source that has no typed keys here.
type FormatOptions struct {
	// Options are passed to the data source under its own keys.
	Options map[string]string `koanf:"options" doc:"options of the data source under its own keys"`
	// SecretOptions are options that nobody must see: they are passed too, and never
	// printed.
	SecretOptions map[string]secrets.Value `koanf:"secret_options" doc:"options that nobody must see, such as passwords"`
}

// checkOptions refuses keys that stand twice, since Spark reads them in any case.
func (o FormatOptions) checkOptions(f *options.Faults) {
	seen := map[string]string{}
	for _, part := range []struct {
		name string
		keys []string
	}{{"options", options.Keys(o.Options)}, {"secret_options", options.Keys(o.SecretOptions)}} {
		for _, key := range part.keys {
			if strings.TrimSpace(key) == "" {
				f.Add("%s: an option has no name", part.name)
				continue
			}
			if other, taken := seen[strings.ToLower(key)]; taken {
				f.Add("%s: the option %s stands in %s already", part.name, key, other)
			}
			seen[strings.ToLower(key)] = part.name
		}
	}
}

// all reveals the secrets, at the last line before the plan.
func (o FormatOptions) all(ours map[string]string) map[string]string {
	all := options.Set(mergeOptions(ours, o.Options))
	for key, value := range o.SecretOptions {
		all[key] = value.Reveal()
	}
	return all
}

// isSecret reports whether the value of an option must not be seen.
func (o FormatOptions) isSecret(key string) bool {
	for have := range o.SecretOptions {
		if strings.EqualFold(have, key) {
			return true
		}
	}
	return false
}

// FormatSource reads any data source that the server knows; it needs the jar.
//
//	dataflow.FormatSource{Format: "mongodb", FormatOptions: dataflow.FormatOptions{
//		Options:       map[string]string{"database": "shop", "collection": "orders"},
//		SecretOptions: map[string]secrets.Value{"connection.uri": uri},
//	}}
type FormatSource struct {
	// Format is the short name or class of the data source. Empty is for a Table,
	// which has its own.
	Format string `koanf:"format" doc:"short name or class of the data source, such as mongodb; none with table"`
	// Path and Paths are files, where the data source has them; one of them is set.
	Path  string   `koanf:"path" doc:"file, folder or glob, where the data source has files"`
	Paths []string `koanf:"paths" doc:"several of them, instead of path"`
	// Table is a table or view of the catalog, instead of a Format.
	Table string `koanf:"table" alias:"table_name" doc:"table or view of the catalog, instead of format"`
	// Schema is a DDL text; empty leaves it to the data source.
	Schema        string `koanf:"schema" doc:"DDL text such as \"id BIGINT, name STRING\"; by default what the data source tells"`
	FormatOptions `koanf:",squash"`
}

var (
	_ Source              = FormatSource{}
	_ SourceChecker       = FormatSource{}
	_ component.Validator = FormatSource{}
)

// Validate reports what is missing or does not go together.
func (s FormatSource) Validate() error {
	f := &options.Faults{What: "read"}
	f.ExactlyOne("format", s.Format, "table", s.Table)
	f.Err("table", options.Verbatim(s.Table))
	f.AtMostOne("path", s.Path, "paths", strings.Join(s.Paths, ","))
	if s.Table != "" && (s.Path != "" || len(s.Paths) > 0 || s.Schema != "") {
		f.Add("a table has its own files and columns; path, paths and schema do not go with it")
	}
	s.checkOptions(f)
	return f.Join()
}

// Load implements [Source].
func (s FormatSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	s.concealSecrets(spark)
	if s.Table != "" {
		return TableSource{Table: s.Table, Options: s.all(nil)}.Load(ctx, spark)
	}
	return s.reader().Load(ctx, spark)
}

func (s FormatSource) reader() Reader {
	paths := s.Paths
	if s.Path != "" {
		paths = []string{s.Path}
	}
	return Reader{Format: s.Format, Schema: s.Schema, Options: s.all(nil), Paths: paths}
}

// CheckLoad implements [SourceChecker]: what the data source does to find its
// columns is known of few.
func (s FormatSource) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if s.Table != "" {
		return scope.Table(ctx, s.Table, s.all(nil))
	}
	return scope.source(ctx, s)
}

// Lineage implements [Describer]: the table or the paths. A data source that reads
// something else is opaque.
func (s FormatSource) Lineage() Lineage {
	if s.Table != "" {
		return reads(relationDataset(s.Table))
	}
	r := s.reader()
	if s.isSecret("path") {
		r.Options = nil
	}
	return r.Lineage()
}

// String names the source without its options, some of which are secret.
func (s FormatSource) String() string {
	return fmt.Sprintf("source of the format %s", s.Format)
}
