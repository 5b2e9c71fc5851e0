package pipeline

import (
	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

type joinConfig struct {
	Left       string          `koanf:"left" required:"true" doc:"view or table that the others are joined to"`
	Alias      string          `koanf:"alias" doc:"its name in conditions; by default the last part of its name"`
	Joins      []dataflow.Join `koanf:"joins" required:"true" doc:"views or tables to join, in this order"`
	Select     []string        `koanf:"select" doc:"columns of the result as SQL expressions; by default all"`
	Where      string          `koanf:"where" doc:"SQL condition on the joined rows; by default all are kept"`
	OutputView string          `koanf:"output_view" required:"true" doc:"name of the temporary view"`

	Cache dataflow.StorageLevel `koanf:"cache" doc:"keep the rows of the view on the cluster for the run: true, false or a storage level"`
}

func joinFactory() component.Factory {
	info := component.Info{
		Type: "join", Kind: component.KindTransformation,
		Summary: "joins views and tables and registers the result as a view",
	}
	return component.NewFactory(info, func(_ string, cfg joinConfig) (component.PipelineComponent, error) {
		return dataflow.Component(dataflow.JoinView{
			Left: cfg.Left, Alias: cfg.Alias, Joins: cfg.Joins, Select: cfg.Select, Where: cfg.Where,
			View: cfg.OutputView, Cache: cfg.Cache,
		}), nil
	})
}

type metricsConfig struct {
	InputView  string            `koanf:"input_view" doc:"view or table to measure"`
	Query      string            `koanf:"query" doc:"SQL query to measure, instead of input_view"`
	Args       map[string]any    `koanf:"args" doc:"values of the markers :name of the query, sent as values and never as text"`
	Metrics    map[string]string `koanf:"metrics" doc:"SQL aggregates by the names that they get, such as revenue: sum(price)"`
	Columns    []string          `koanf:"columns" doc:"columns to measure by nulls, least, greatest and about how many values"`
	GroupBy    []string          `koanf:"group_by" doc:"columns by which the rows are grouped"`
	OutputView string            `koanf:"output_view" doc:"name of a temporary view of the result"`
	Print      bool              `koanf:"print" default:"false" doc:"show the result in the output of the run; otherwise it is logged, or only a view"`

	Cache dataflow.StorageLevel `koanf:"cache" doc:"keep the result on the cluster for the run: true, false or a storage level"`
}

func metricsFactory() component.Factory {
	info := component.Info{
		Type: "metrics", Kind: component.KindTransformation,
		Summary: "measures a view or query in one pass: aggregates, nulls, extremes, by groups",
	}
	return component.NewFactory(info, func(_ string, cfg metricsConfig) (component.PipelineComponent, error) {
		return dataflow.Component(dataflow.MetricsView{
			Input:   dataflow.Input{View: cfg.InputView, Query: cfg.Query, Args: cfg.Args},
			Metrics: cfg.Metrics, Columns: cfg.Columns, GroupBy: cfg.GroupBy, View: cfg.OutputView, Cache: cfg.Cache, Print: cfg.Print,
		}), nil
	})
}
