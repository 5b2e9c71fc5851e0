package pipeline

import (
	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// readConfig is the config block of read_*: the source's own keys and the view.
type readConfig[S dataflow.Source] struct {
	Source     S      `koanf:",squash"`
	OutputView string `koanf:"output_view" required:"true" doc:"name of the temporary view"`
	Filter     string `koanf:"filter_condition" doc:"SQL condition on the rows; by default all are kept"`

	Cache dataflow.StorageLevel `koanf:"cache" doc:"keep the rows of the view on the cluster for the run: true, false or a storage level"`
}

// reader is the factory of read_<format>.
func reader[S dataflow.Source](format, summary string, aliases ...string) component.Factory {
	info := component.Info{Type: "read_" + format, Aliases: aliases, Summary: summary, Kind: component.KindSource}
	return component.NewFactory(info, func(_ string, cfg readConfig[S]) (component.PipelineComponent, error) {
		return dataflow.Component(dataflow.ReadView{Source: cfg.Source, Filter: cfg.Filter, View: cfg.OutputView, Cache: cfg.Cache}), nil
	})
}

// writeConfig is the config block of write_*: the input and the sink's own keys.
type writeConfig[S dataflow.Sink] struct {
	InputView string `koanf:"input_view" doc:"view or table to write"`
	Query     string `koanf:"query" doc:"SQL query whose result is written, instead of input_view"`
	Sink      S      `koanf:",squash"`

	Args       map[string]any        `koanf:"args" doc:"values of the markers :name of the query, sent as values and never as text"`
	OutputView string                `koanf:"output_view" doc:"name of a temporary view of what is written, for later components"`
	Cache      dataflow.StorageLevel `koanf:"cache" doc:"keep the rows of the view on the cluster for the run: true, false or a storage level"`
}

// writer is the factory of write_<format>.
func writer[S dataflow.Sink](format, summary string, aliases ...string) component.Factory {
	info := component.Info{Type: "write_" + format, Aliases: aliases, Summary: summary, Kind: component.KindSink}
	return component.NewFactory(info, func(_ string, cfg writeConfig[S]) (component.PipelineComponent, error) {
		return dataflow.Component(dataflow.WriteView{
			Input: dataflow.Input{View: cfg.InputView, Query: cfg.Query, Args: cfg.Args}, Sink: cfg.Sink,
			View: cfg.OutputView, Cache: cfg.Cache,
		}), nil
	})
}

type sqlConfig struct {
	SQL        string         `koanf:"sql" required:"true" doc:"one SQL statement; markers :name take the values of args"`
	OutputView string         `koanf:"output_view" doc:"name of the temporary view for the result; without it the statement is run for its effect"`
	Args       map[string]any `koanf:"args" doc:"values of the markers, sent as values and never as text"`

	Cache dataflow.StorageLevel `koanf:"cache" doc:"keep the rows of the view on the cluster for the run: true, false or a storage level"`
}

func sqlFactory() component.Factory {
	info := component.Info{
		Type: "sql", Aliases: []string{"SqlTransform"}, Kind: component.KindTransformation,
		Summary: "runs SQL over views and tables and registers the result as a view",
	}
	return component.NewFactory(info, func(_ string, cfg sqlConfig) (component.PipelineComponent, error) {
		return dataflow.Component(dataflow.SQLView{SQL: cfg.SQL, Args: cfg.Args, View: cfg.OutputView, Cache: cfg.Cache}), nil
	})
}

type viewConfig struct {
	InputView  string `koanf:"input_view" doc:"view or table to register under another name"`
	Query      string `koanf:"query" doc:"SQL query to register, instead of input_view"`
	OutputView string `koanf:"output_view" required:"true" doc:"name of the view"`
	Global     bool   `koanf:"global" default:"false" doc:"make it visible to all sessions of the server, as global_temp.NAME"`
}

func viewFactory() component.Factory {
	info := component.Info{
		Type: "view", Kind: component.KindTransformation,
		Summary: "registers a query, a table or another view as a view",
	}
	return component.NewFactory(info, func(_ string, cfg viewConfig) (component.PipelineComponent, error) {
		flow := dataflow.Steps{
			Label: "view " + cfg.OutputView, View: cfg.OutputView, Global: cfg.Global,
			Source: dataflow.Input{View: cfg.InputView, Query: cfg.Query},
		}
		return dataflow.Component(flow), nil
	})
}

type showConfig struct {
	InputView string `koanf:"input_view" doc:"view or table to print"`
	Query     string `koanf:"query" doc:"SQL query whose result is printed, instead of input_view"`
	Title     string `koanf:"title" doc:"line above the rows"`
	Rows      int    `koanf:"rows" default:"20" min:"1" doc:"how many rows are printed at most"`
	Truncate  int    `koanf:"truncate" default:"0" min:"0" doc:"cut cells to that many characters; 0 cuts none"`
}

func showFactory() component.Factory {
	info := component.Info{
		Type: "show", Kind: component.KindSink,
		Summary: "prints the first rows of a view or query",
	}
	return component.NewFactory(info, func(_ string, cfg showConfig) (component.PipelineComponent, error) {
		flow := dataflow.Show{Input: dataflow.Input{View: cfg.InputView, Query: cfg.Query}, Title: cfg.Title, Rows: cfg.Rows, Truncate: cfg.Truncate}
		return dataflow.Component(flow), nil
	})
}
