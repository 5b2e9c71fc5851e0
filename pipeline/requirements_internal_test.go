package pipeline

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

func TestConnectorsOfAServerThatIsStarted(t *testing.T) {
	t.Parallel()
	p := Pipeline{Name: "p", Steps: []Step{
		{Name: "in", Component: dataflow.Component(dataflow.ReadView{View: "v", Source: dataflow.KafkaSource{}})},
		{Name: "out", Component: dataflow.Component(dataflow.WriteView{Sink: dataflow.DeltaSink{Path: "/t"}})},
		{Name: "unknown here", Component: dataflow.Component(dataflow.ReadView{View: "w", Source: dataflow.FormatSource{Format: "mongodb"}})},
		{Name: "off", Disabled: true, Component: dataflow.Component(dataflow.WriteView{Sink: dataflow.IcebergSink{Table: "t"}})},
	}}
	p.Spark.Connectors = []string{"kafka", "avro"}
	require.Equal(t, []string{"kafka", "avro", "delta"}, p.connectors())
	p.Spark.Conf = map[string]string{"spark.jars.packages": "a:b:1"}
	require.Equal(t, []string{"kafka", "avro"}, p.connectors(), "the file sees to the jars itself")
}
