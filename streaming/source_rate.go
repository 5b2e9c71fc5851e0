package streaming

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// RateSource makes rows out of nothing, for tests and load: a timestamp and a
// value that counts from 0.
type RateSource struct {
	// RowsPerSecond is how many rows there are each second; default 1.
	RowsPerSecond int64 `koanf:"rows_per_second" default:"1" min:"1" doc:"rows each second"`
	// NumPartitions is into how many partitions they are spread; default 1. A
	// continuous query occupies a core for each.
	NumPartitions int `koanf:"num_partitions" default:"1" min:"1" doc:"partitions of the rows"`
	// RampUpTime is how long it takes to come up to RowsPerSecond, in whole
	// seconds; default 0.
	RampUpTime time.Duration `koanf:"ramp_up_time" doc:"how long it takes to come up to the rate, in whole seconds"`
	// Options are passed to Spark under its own keys.
	Options map[string]string `koanf:"options" doc:"options of the source under Spark's own keys"`
}

var _ StreamingSource = RateSource{}

// Validate refuses negative settings.
func (s RateSource) Validate() error {
	var faults []error
	if s.RowsPerSecond < 0 {
		faults = append(faults, fmt.Errorf("rate: %d rows per second is negative", s.RowsPerSecond))
	}
	if s.NumPartitions < 0 {
		faults = append(faults, fmt.Errorf("rate: %d partitions is negative", s.NumPartitions))
	}
	if s.RampUpTime < 0 || s.RampUpTime%time.Second != 0 {
		faults = append(faults, fmt.Errorf("rate: the ramp-up time %s is not a whole number of seconds from 0 on", s.RampUpTime))
	}
	return errors.Join(faults...)
}

// ReadStream implements [StreamingSource].
func (s RateSource) ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	o := map[string]string{
		"rowsPerSecond": strconv.FormatInt(max(s.RowsPerSecond, 1), 10),
		"numPartitions": strconv.Itoa(max(s.NumPartitions, 1)),
	}
	if s.RampUpTime > 0 {
		o["rampUpTime"] = strconv.FormatInt(int64(s.RampUpTime/time.Second), 10) + "s"
	}
	return Reader{Format: "rate", Options: options.Merge(o, s.Options)}.ReadStream(ctx, spark)
}

// Lineage implements [dataflow.Describer]: it reads nothing.
func (s RateSource) Lineage() dataflow.Lineage {
	return dataflow.Lineage{Effect: dataflow.EffectNone}
}
