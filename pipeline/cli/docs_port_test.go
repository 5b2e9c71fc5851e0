package cli_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

// The code of docs/migrating-from-pyspark-pipeline-framework.md begins here.

type salesConfig struct {
	InputPath string  `koanf:"input_path" required:"true" doc:"CSV files of sales"`
	MinAmount float64 `koanf:"min_amount" default:"0" min:"0" doc:"smaller sales are left out"`
	View      string  `koanf:"output_view" required:"true" doc:"name of the view"`
}

// sales is a component: a plain value that gets its session at Run.
type sales struct {
	name string
	cfg  salesConfig
}

func (s sales) Name() string { return s.name }

func (s sales) Run(ctx context.Context, spark *dataflow.Session, _ component.Runtime) error {
	source := dataflow.CSVSource{Header: true, FileSource: dataflow.FileSource{
		Path: s.cfg.InputPath, Schema: "product STRING, amount DOUBLE, quantity INT",
	}}
	df, err := source.Load(ctx, spark)
	if err != nil {
		return err
	}
	if err := spark.CreateTempView(ctx, df, "raw_sales"); err != nil {
		return err
	}
	const valid = "SELECT * FROM raw_sales WHERE product <> 'INVALID' AND quantity > 0 AND amount >= :least"
	if df, err = spark.SQL(ctx, valid, dataflow.Named("least", s.cfg.MinAmount)); err != nil {
		return err
	}
	return spark.CreateTempView(ctx, df, s.cfg.View)
}

// salesFactory registers it under the last word of its old class path.
func salesFactory() component.Factory {
	info := component.Info{Type: "SalesETL", Kind: component.KindSource, Summary: "registers the valid sales as a view"}
	return component.NewFactory(info, func(name string, cfg salesConfig) (component.PipelineComponent, error) {
		return dataflow.Component(sales{name: name, cfg: cfg}), nil
	})
}

// The code of the page ends here.

// TestPortedComponent holds the page against the code above, and the code against
// a file that migrate has rewritten.
func TestPortedComponent(t *testing.T) {
	t.Parallel()
	own, err := os.ReadFile("docs_port_test.go")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(own), "begins here.\n")
	code, _, _ := strings.Cut(rest, "\n// The code of the page ends here.")
	page, err := os.ReadFile("../../docs/migrating-from-pyspark-pipeline-framework.md")
	require.NoError(t, err)
	require.Contains(t, string(page), strings.TrimSpace(code), "the page shows other code than the one that is compiled")

	file := writeFile(t, "p.yaml", "name: p\ncomponents: [{name: etl, class_path: acme.jobs.SalesETL, config: {input-path: /in, output-view: v}}]\n")
	var stdout, stderr bytes.Buffer
	opts := &cli.Options{Stdout: &stdout, Stderr: &stderr, Factories: []component.Factory{salesFactory()}}
	require.Zero(t, cli.Main(t.Context(), []string{"migrate", "--in-place", file}, opts), stderr.String())
	requireFile(t, "name: p\ncomponents: [{name: etl, type: SalesETL, config: {input_path: /in, output_view: v}}]\n", file)
	require.Zero(t, cli.Main(t.Context(), []string{"validate", file}, opts), stderr.String())
}
