package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/sparkpipe/sparkpipe/config"
)

func ExampleLoad() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "pipeline.yaml")
	src := `
name: orders-${STAGE}
components:
  - {name: read, type: read_csv, config: {path: /data, output_view: raw}}
  - {name: clean, type: sql, depends_on: [read], config: {sql: SELECT * FROM raw, output_view: clean}}
`
	if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	stage := func(string) (string, bool) { return "test", true }
	p, err := config.Load(path, &config.Options{Env: stage})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Name)
	for _, c := range p.Components {
		fmt.Println(c.Name, c.Type, c.DependsOn)
	}
	// Output:
	// orders-test
	// read read_csv []
	// clean sql [read]
}

func ExampleParse_faults() {
	src := `name: orders
components:
  - {name: read, typ: read_csv}
  - {name: clean, type: sql, depends_on: [reed]}
runner: {fail_fast: yes}
`
	_, err := config.Parse([]byte(src), config.FormatYAML, &config.Options{Name: "pipeline.yaml"})
	fmt.Println(err)
	// Output:
	// pipeline.yaml:3:5: components[0].type: required key is missing
	// pipeline.yaml:3:18: components[0].typ: unknown key; did you mean "type"?
	// pipeline.yaml:4:43: components[1].depends_on[0]: no component is named "reed"; did you mean "read"?
	// pipeline.yaml:5:21: runner.fail_fast: want true or false, found the text "yes"; write true without quotes
}

func ExampleParse_sequences() {
	src := `
app_name = daily
sources { orders { type = bigquery, table = sales.orders } }
sequences = [{
  name = totals
  query = "SELECT id, sum(v) FROM orders GROUP BY id"
  target { type = parquet, path = /out }
}]`
	p, err := config.Parse([]byte(src), config.FormatHOCON, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range p.Components {
		fmt.Println(c.Name, c.Type, c.DependsOn)
	}
	// Output:
	// sources.orders read_bigquery []
	// sequences.totals write_parquet [sources.orders]
}

type csvConfig struct {
	Path   string        `koanf:"path" required:"true" doc:"where the files are"`
	Header bool          `koanf:"header" default:"true" doc:"whether the first line has the names"`
	Wait   time.Duration `koanf:"wait" default:"30s" doc:"how long to wait for the files"`
}

func ExampleSection_Decode() {
	section := config.NewSection(map[string]any{"path": "/data", "wait": "2 minutes"})
	var c csvConfig
	fmt.Println(section.Decode(&c), c.Path, c.Header, c.Wait)
	fmt.Println(config.NewSection(map[string]any{"paht": "/data"}).Decode(&c))
	// Output:
	// <nil> /data true 2m0s
	// paht: unknown key; did you mean "path"?
	// path: required key is missing; where the files are
}

func ExampleFieldsOf() {
	for _, f := range config.FieldsOf(reflect.TypeFor[csvConfig]()) {
		fmt.Println(f.Name, "|", f.Type, "|", f.Default, "|", f.Required)
	}
	// Output:
	// path | text |  | true
	// header | true or false | true | false
	// wait | duration | 30s | false
}
