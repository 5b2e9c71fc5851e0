package quality

import (
	"context"
	"math/bits"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/google/uuid"
)

// sightings tell whether observed rows were seen twice. That happens where Spark
// takes a sample before it sorts, and where it repeats a stage whose results were
// lost; then the metrics count rows twice too. So the first row of each partition
// carries the number of the partition past the observation: these rows are counted,
// and the numbers are put into a bitmap, which counts each once.
type sightings struct{ column string }

func newSightings() sightings { return sightings{"_sparkpipe_partition_" + uuid.NewString()} }

const (
	sightingsName  = "partitions_seen"
	partitionsName = "partitions"
	// perPartition is how many row ids Spark has for each partition, bitmapBits how
	// many bits a bitmap of it.
	perPartition = 1 << 33
	bitmapBits   = 1 << 15
)

// begin adds the column, and end takes it away again, with the numbers of partitions if
// they were added.
func (s sightings) begin(ctx context.Context, df sql.DataFrame) (sql.DataFrame, error) {
	first := call("==", call("%", call("monotonically_increasing_id"), long(perPartition)), long(0))
	number := call("when", first, call("%", call("spark_partition_id"), integer(bitmapBits)))
	return df.WithColumn(ctx, s.column, number.column())
}

func (s sightings) end(ctx context.Context, df sql.DataFrame, numbered bool) (sql.DataFrame, error) {
	if numbered {
		return df.DropByName(ctx, s.column, partitionColumn)
	}
	return df.DropByName(ctx, s.column)
}

func (s sightings) metrics() map[string]expr {
	number := named(s.column)
	return map[string]expr{
		sightingsName:  call("count", number),
		partitionsName: call("bitmap_construct_agg", number),
	}
}

// plausible reports whether metrics are of all rows, each seen once. Two partitions
// with one bit, of which there can be some beyond 32,768 partitions, look like one
// that was seen twice: then nothing is known, as if no metrics had come.
func plausible(values map[string]any) bool {
	rows, ok := values[rowsName].(int64)
	seen, also := values[sightingsName].(int64)
	bitmap, some := values[partitionsName].([]byte)
	if !ok || !also || rows < 0 || seen > rows || (rows > 0) != (seen > 0) || rows > 0 && !some {
		return false
	}
	partitions := int64(0)
	for _, b := range bitmap {
		partitions += int64(bits.OnesCount8(b))
	}
	return seen == partitions
}
