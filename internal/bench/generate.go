package main

import (
	"fmt"
	"os"
	"strings"
)

// predecessorTypes is where the predecessor has its components. Ours go by the
// last word, so the same file serves both.
const predecessorTypes = "pyspark_pipeline_framework.examples.batch."

// demoFile is a pipeline that both programs read: CSV in, one query, CSV out.
func demoFile(remote, csv, out string) string {
	return fmt.Sprintf(`{
  name: "demo", version: "1.0.0", environment: dev, mode: batch
  spark { app_name: "demo", connect_string: %q }
  components: [
    { name: "read", component_type: source, class_path: "%sReadCsv"
      config { path: %q, output_view: "raw", header: true, infer_schema: true } }
    { name: "tidy", component_type: transformation, class_path: "%sSqlTransform", depends_on: ["read"]
      config { sql: %q, output_view: "tidy" } }
    { name: "write", component_type: sink, class_path: "%sWriteCsv", depends_on: ["tidy"]
      config { input_view: "tidy", path: %q, mode: "overwrite", header: true } }
  ]
}
`, remote, predecessorTypes, csv, predecessorTypes, tidySQL, predecessorTypes, out)
}

// tidySQL is the query of the demo.
const tidySQL = "SELECT customer_id, upper(name) AS name, lower(email) AS email, region, created_at FROM raw WHERE email IS NOT NULL"

// chainHOCON is a chain of n queries that both programs read.
func chainHOCON(n int) string {
	var b strings.Builder
	b.WriteString("{\n  name: \"chain\", version: \"1.0.0\", environment: dev, mode: batch\n  spark { app_name: \"chain\" }\n  components: [\n")
	for i := range n {
		before := ""
		if i > 0 {
			before = fmt.Sprintf("%q", step(i-1))
		}
		fmt.Fprintf(&b, "    { name: %q, component_type: transformation, class_path: \"%sSqlTransform\", depends_on: [%s]\n"+
			"      config { sql: \"SELECT * FROM view_%d\", output_view: \"view_%d\" } }\n", step(i), predecessorTypes, before, i, i+1)
	}
	return b.String() + "  ]\n}\n"
}

// chainYAML is the same chain in YAML, which the predecessor does not read.
func chainYAML(n int) string {
	var b strings.Builder
	b.WriteString("name: chain\nversion: 1.0.0\nspark: {app_name: chain}\ncomponents:\n")
	for i := range n {
		before := ""
		if i > 0 {
			before = step(i - 1)
		}
		fmt.Fprintf(&b, "  - name: %s\n    component_type: transformation\n    type: sql\n    depends_on: [%s]\n"+
			"    config:\n      sql: SELECT * FROM view_%d\n      output_view: view_%d\n", step(i), before, i, i+1)
	}
	return b.String()
}

func step(i int) string { return fmt.Sprintf("step-%d", i) }

func write(path, text string) error { return os.WriteFile(path, []byte(text), 0o644) }
