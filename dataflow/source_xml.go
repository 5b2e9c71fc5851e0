package dataflow

import (
	"context"
	"fmt"
	"maps"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// XMLSource reads the elements of XML files. Spark has it since 4.0.
type XMLSource struct {
	FileSource `koanf:",squash"`
	XML        `koanf:",squash"`
	// ExcludeAttribute leaves attributes out.
	ExcludeAttribute bool `koanf:"exclude_attribute" default:"false" doc:"leave attributes out"`
	// IgnoreNamespace compares names without their prefix.
	IgnoreNamespace bool `koanf:"ignore_namespace" default:"false" doc:"compare names of elements and attributes without their prefix"`
	// RowValidationXSDPath is a file, on every machine of the cluster, that each row
	// must fit; one that does not is malformed.
	RowValidationXSDPath string `koanf:"row_validation_xsd_path" doc:"XSD file, on every machine of the cluster, that rows must fit; others are malformed"`
	MalformedRecords     `koanf:",squash"`
}

var (
	_ Source              = XMLSource{}
	_ SourceChecker       = XMLSource{}
	_ component.Validator = XMLSource{}
)

// Validate checks that there is something to read and which element is a row.
func (s XMLSource) Validate() error {
	f := &options.Faults{What: "read"}
	f.Append(s.FileSource.Validate())
	s.checkXML(f)
	f.Append(s.checkRecords(s.Schema))
	return f.Join()
}

// Load implements [Source].
func (s XMLSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	o := s.xmlOptions()
	maps.Copy(o, s.recordOptions())
	o.Flag("excludeAttribute", s.ExcludeAttribute)
	o.Flag("ignoreNamespace", s.IgnoreNamespace)
	o.Text("rowValidationXSDPath", s.RowValidationXSDPath)
	return s.load(ctx, spark, "xml", o)
}

// CheckLoad implements [SourceChecker] as [Reader.CheckLoad] does.
func (s XMLSource) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	return scope.source(ctx, s)
}
