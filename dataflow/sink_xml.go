package dataflow

import (
	"context"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// XMLSink writes XML files. Spark has it since 4.0. Columns are elements named as
// they are, so that their names must be names of XML.
type XMLSink struct {
	FileSink `koanf:",squash"`
	XML      `koanf:",squash"`
	// RootTag is the element around the rows; default ROWS.
	RootTag string `koanf:"root_tag" doc:"element around the rows; by default ROWS"`
	// Declaration is what stands in the first line between "<?xml " and "?>"; an
	// empty text writes no such line. Nil is Spark's default, version="1.0"
	// encoding="UTF-8" standalone="yes".
	Declaration *string `koanf:"declaration" doc:"inside of the XML declaration, empty for none; by default version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\""`
	// ArrayElementName is the element for what is in an array of an array; default
	// item.
	ArrayElementName string `koanf:"array_element_name" doc:"element for what is in an array of an array; by default item"`
	// DateFormat and TimestampFormat are patterns of Spark; default those of ISO 8601.
	DateFormat      string `koanf:"date_format" doc:"pattern of dates; by default yyyy-MM-dd"`
	TimestampFormat string `koanf:"timestamp_format" doc:"pattern of timestamps; by default that of ISO 8601"`
}

var (
	_ Sink                = XMLSink{}
	_ SinkChecker         = XMLSink{}
	_ component.Validator = XMLSink{}
)

// Validate reports what does not go together, and what is no name of an element.
func (s XMLSink) Validate() error {
	f := &options.Faults{What: "write"}
	f.Append(s.FileSink.Validate(), s.codec("xml", textCodecs()...))
	s.checkXML(f)
	checkElement(f, "root_tag", s.RootTag)
	checkElement(f, "array_element_name", s.ArrayElementName)
	if s.Declaration != nil && strings.ContainsAny(*s.Declaration, "<>?") {
		f.Add("declaration is %q; write what stands between <?xml and ?>", *s.Declaration)
	}
	return f.Join()
}

// Write implements [Sink].
func (s XMLSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	if err := s.Validate(); err != nil {
		return err
	}
	o := s.xmlOptions()
	o.Text("rootTag", s.RootTag)
	if s.Declaration != nil {
		o["declaration"] = *s.Declaration
	}
	o.Text("arrayElementName", s.ArrayElementName)
	o.Text("dateFormat", s.DateFormat)
	o.Text("timestampFormat", s.TimestampFormat)
	return s.write(ctx, spark, df, "xml", o)
}

// CheckWrite implements [SinkChecker].
func (s XMLSink) CheckWrite(ctx context.Context, scope *CheckScope, in schema.Definition) error {
	return scope.files(ctx, s.FileSink, in, "xml", false)
}
