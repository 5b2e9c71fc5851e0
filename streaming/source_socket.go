package streaming

import (
	"context"
	"strconv"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
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
	f := &options.Faults{What: "socket"}
	if s.Host == "" {
		f.Add("host is missing")
	}
	if s.Port < 1 || s.Port > maxPort {
		f.Add("port is %d; write one from 1 to %d", s.Port, maxPort)
	}
	return f.Join()
}

// ReadStream implements [StreamingSource], with no round trip.
func (s SocketSource) ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	o := options.Set{"host": s.Host, "port": strconv.Itoa(s.Port)}
	o.Flag("includeTimestamp", s.IncludeTimestamp)
	return Reader{Format: "socket", Options: options.Merge(o, s.Options)}.ReadStream(ctx, spark)
}

// Lineage implements [dataflow.Describer]: nothing that a component makes.
func (s SocketSource) Lineage() dataflow.Lineage {
	return dataflow.Lineage{Effect: dataflow.EffectNone}
}
