package main

import (
	"context"
	"path/filepath"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/apache/spark-connect-go/v40/spark/sql/column"
	"github.com/apache/spark-connect-go/v40/spark/sql/functions"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// The types of the files, as in flights.conf.
const (
	flightsSchema = `year INT, month INT, day INT,
		dep_time INT, sched_dep_time INT, dep_delay INT,
		arr_time INT, sched_arr_time INT, arr_delay INT,
		carrier STRING, flight INT, tailnum STRING, origin STRING, dest STRING,
		air_time INT, distance INT, hour INT, minute INT, time_hour TIMESTAMP`
	weatherSchema = `origin STRING, year INT, month INT, day INT, hour INT,
		temp DOUBLE, dewp DOUBLE, humid DOUBLE,
		wind_dir INT, wind_speed DOUBLE, wind_gust DOUBLE,
		precip DOUBLE, pressure DOUBLE, visib DOUBLE, time_hour TIMESTAMP`
	planesSchema = `tailnum STRING, year INT, type STRING, manufacturer STRING, model STRING,
		engines INT, seats INT, speed INT, engine STRING`
	airlinesSchema = `carrier STRING, name STRING`
)

// newPipeline gives the pipeline that reads from the folder data and writes
// below the folder out.
func newPipeline(data, out string) (*pipeline.Pipeline, error) {
	read := func(file, schema, view string) component.PipelineComponent {
		source := dataflow.CSVSource{Header: true, FileSource: dataflow.FileSource{
			Path: filepath.Join(data, file), Schema: schema,
			Options: map[string]string{"nullValue": "NA", "mode": "FAILFAST", "enforceSchema": "false"},
		}}
		return dataflow.Component(dataflow.ReadView{Source: source, View: view})
	}
	overwrite := func(folder string, partitions ...string) dataflow.FileSink {
		return dataflow.FileSink{Path: filepath.Join(out, folder), Mode: dataflow.SaveModeOverwrite, PartitionBy: partitions}
	}
	return pipeline.New("flights",
		pipeline.Step{Name: "read_flights", Component: read("flights.csv.gz", flightsSchema, "flights")},
		pipeline.Step{Name: "read_weather", Component: read("weather.csv.gz", weatherSchema, "weather")},
		pipeline.Step{Name: "read_planes", Component: read("planes.csv.gz", planesSchema, "planes")},
		pipeline.Step{Name: "read_airlines", Component: read("airlines.csv.gz", airlinesSchema, "airlines")},
		step("clean", view("flights", "flights_clean", clean), "read_flights"),
		step("enriched", dataflow.SQLView{SQL: enrichedSQL, View: "flights_enriched"}, "clean", "read_weather", "read_planes", "read_airlines"),
		step("by_carrier", view("flights_enriched", "delays_by_carrier", byCarrier), "enriched"),
		step("by_weather", view("flights_enriched", "delays_by_weather", byWeather), "enriched"),
		step("save_flights", dataflow.WriteView{
			Input: dataflow.Input{View: "flights_enriched"},
			Sink:  dataflow.ParquetSink{FileSink: overwrite("flights", "origin")},
		}, "enriched"),
		step("save_by_carrier", dataflow.WriteView{
			Input: dataflow.Input{View: "delays_by_carrier"},
			Sink:  dataflow.TableSink{Table: "carrier_delays", Format: "parquet", Mode: dataflow.SaveModeOverwrite},
		}, "by_carrier"),
		step("save_by_weather", dataflow.WriteView{
			Input: dataflow.Input{Query: "SELECT * FROM delays_by_weather ORDER BY origin, weather"},
			Sink:  dataflow.CSVSink{FileSink: overwrite("delays_by_weather"), Header: true},
		}, "by_weather"),
		step("answer", dataflow.Show{
			Title: "Who was late most often in July 2013? (more than 15 minutes after schedule)",
			Input: dataflow.Input{Query: answerSQL},
		}, "save_by_carrier"),
	)
}

func step(name string, flow dataflow.DataFlow, dependsOn ...string) pipeline.Step {
	return pipeline.Step{Name: name, Component: dataflow.Component(flow), DependsOn: dependsOn}
}

// view is a flow from one view to another through a transform.
func view(from, to string, transform dataflow.TransformFunc) dataflow.DataFlow {
	return dataflow.Steps{
		Label: to, Source: dataflow.Input{View: from}, Transforms: []dataflow.Transform{transform}, View: to,
	}
}

// clean keeps the columns of interest and says what became of each flight.
func clean(ctx context.Context, _ *dataflow.Session, flights sql.DataFrame) (sql.DataFrame, error) {
	return flights.SelectExpr(ctx,
		"time_hour", "origin", "dest", "carrier", "flight", "tailnum", "distance", "dep_delay", "arr_delay",
		"dep_time IS NULL AS cancelled", "dep_time IS NOT NULL AND arr_delay IS NULL AS no_arrival")
}

func byCarrier(ctx context.Context, _ *dataflow.Session, flights sql.DataFrame) (sql.DataFrame, error) {
	return flights.GroupBy(functions.Col("carrier"), functions.Col("airline")).Agg(ctx,
		functions.Expr("count(*)").Alias("flights"),
		functions.CountIf(functions.Col("cancelled")).Alias("cancelled"),
		mean("arr_delay"), shareLate())
}

func byWeather(ctx context.Context, _ *dataflow.Session, flights sql.DataFrame) (sql.DataFrame, error) {
	return flights.GroupBy(functions.Col("origin"), functions.Col("weather")).Agg(ctx,
		functions.Expr("count(*)").Alias("flights"),
		functions.CountIf(functions.Col("cancelled")).Alias("cancelled"),
		mean("dep_delay"), mean("arr_delay"), shareLate())
}

// mean is over the flights of which the value is known.
func mean(name string) column.Column {
	return functions.Round(functions.Avg(functions.Col(name)), 2).Alias("mean_" + name)
}

// shareLate is the share of the flights that arrived more than 15 minutes late.
func shareLate() column.Column {
	late := functions.CountIf(functions.Col("arr_delay").Gt(functions.IntLit(15)))
	known := functions.Nullif(functions.Count(functions.Col("arr_delay")), functions.IntLit(0))
	return functions.Round(late.Div(known), 4).Alias("share_late")
}

// enrichedSQL keeps every flight: the keys are unique on the right.
const enrichedSQL = `
	SELECT f.*,
	       a.name AS airline,
	       p.manufacturer, p.year AS plane_year, p.seats,
	       w.temp, w.wind_speed, w.precip, w.visib,
	       w.origin IS NOT NULL AS has_weather,
	       CASE
	         WHEN w.precip IS NULL OR w.visib IS NULL THEN 'unknown'
	         WHEN w.precip > 0 THEN 'rain'
	         WHEN w.visib < 10 THEN 'haze'
	         ELSE 'clear'
	       END AS weather
	FROM flights_clean f
	LEFT JOIN weather  w ON w.origin = f.origin AND w.time_hour = f.time_hour
	LEFT JOIN planes   p ON p.tailnum = f.tailnum
	LEFT JOIN airlines a ON a.carrier = f.carrier`

const answerSQL = `
	SELECT airline, flights, cancelled, mean_arr_delay, share_late
	FROM carrier_delays
	WHERE flights >= 100
	ORDER BY share_late DESC, carrier
	LIMIT 5`
