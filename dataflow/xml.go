package dataflow

import (
	"strings"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// XML says how the elements of an XML file are rows and columns. Spark has XML
// since 4.0.
type XML struct {
	// RowTag is the element that is a row.
	RowTag string `koanf:"row_tag" required:"true" doc:"element that is a row"`
	// AttributePrefix begins the names of columns that are attributes; default "_".
	AttributePrefix string `koanf:"attribute_prefix" doc:"beginning of the names of columns that are attributes; by default _"`
	// ValueTag is the column for the text of an element that has attributes too;
	// default "_VALUE".
	ValueTag string `koanf:"value_tag" doc:"column for the text of an element that has attributes or children too; by default _VALUE"`
	// NullValue is the text that stands for null; default "null".
	NullValue *string `koanf:"null_value" doc:"text that stands for null; by default null"`
}

func (x XML) xmlOptions() options.Set {
	o := options.Set{}
	o.Text("rowTag", x.RowTag)
	o.Text("attributePrefix", x.AttributePrefix)
	o.Text("valueTag", x.ValueTag)
	if x.NullValue != nil {
		o["nullValue"] = *x.NullValue
	}
	return o
}

func (x XML) checkXML(f *options.Faults) {
	if strings.TrimSpace(x.RowTag) == "" {
		f.Add("row_tag is missing; write the name of the element that is a row, without brackets")
	}
	checkElement(f, "row_tag", x.RowTag)
	checkElement(f, "value_tag", x.ValueTag)
	if x.ValueTag != "" && x.ValueTag == x.AttributePrefix {
		f.Add("value_tag and attribute_prefix are both %q", x.ValueTag)
	}
}

// checkElement refuses what is no name of an element, so that nothing else gets
// into the markup.
func checkElement(f *options.Faults, key, name string) {
	if strings.ContainsAny(name, "<>&\"'/=\t\r\n ") {
		f.Add("%s is %q; write the name of an element, without brackets and spaces", key, name)
	}
}
