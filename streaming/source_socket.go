package streaming

import (
	"context"
	"strconv"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// SocketSource reads lines of text from a server that listens on a port. It is for
// trying things out: it forgets what it read, so that no query can go on after its
// end, and nothing is exactly once.
type SocketSource struct {
	// Host and Port are where the server listens, as the driver of Spark sees it.
	Host string `koanf:"host" required:"true" doc:"host of the server, as the driver of Spark sees it"`
	Port int    `koanf:"port" required:"true" min:"1" doc:"port of the server"`
	// IncludeTimestamp adds the column timestamp, when the line came.
	IncludeTimestamp bool `koanf:"include_timestamp" default:"false" doc:"add the column timestamp, when the line came"`
	// Options are passed to Spark under its own keys.
	Options map[string]string `koanf:"options" doc:"options of the source under Spark's own keys"`
}

var _ StreamingSource = SocketSource{}

const maxPort = 65535

// Validate refuses a missing host and a port that cannot be.
func (s SocketSource) Validate() error {
	f := &faultList{what: "socket"}
	if s.Host == "" {
		f.add("host is missing")
	}
	if s.Port < 1 || s.Port > maxPort {
		f.add("port is %d; write one from 1 to %d", s.Port, maxPort)
	}
	return f.join()
}

// ReadStream implements [StreamingSource], with no round trip.
func (s SocketSource) ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	o := optionSet{"host": s.Host, "port": strconv.Itoa(s.Port)}
	o.flag("includeTimestamp", s.IncludeTimestamp)
	return Reader{Format: "socket", Options: withOptions(o, s.Options)}.ReadStream(ctx, spark)
}

// Lineage implements [dataflow.Describer]: nothing that a component makes.
func (s SocketSource) Lineage() dataflow.Lineage {
	return dataflow.Lineage{Effect: dataflow.EffectNone}
}
