package quality

import (
	"math/bits"

	"github.com/apache/spark-connect-go/v40/spark/sql/column"
)

// Observed rows can be seen twice: where Spark takes a sample before it sorts, and
// where it repeats a stage whose results were lost. Then the metrics count them
// twice. So the first rows of partitions are summed up, each as 1 in the high bits and
// a hash of the number of its partition below, and the words have a bit for each
// partition, which stays one bit however often it is set. With up to partitionBits-1
// partitions the bits tell how many first rows there have to be; with more, there has
// to be one for each number from 0, which the hashes tell. Where some of so many
// partitions are empty nothing is known, as if no metrics had come.
const (
	sightingsName = "first_rows"
	firstShift    = 44
	// perPartition is how many row ids Spark has for each partition.
	perPartition = 1 << 33

	partitionShift = 32
	partitionBits  = 32

	hashPrime  = 1<<24 - 3
	hashFactor = 7919
)

// sightings are the metrics of the first rows.
func sightings() []column.Convertible {
	first := call("==", call("%", call("monotonically_increasing_id"), long(perPartition)), long(0))
	n := call("+", call("spark_partition_id"), long(1))
	hash := call("%", call("*", call("%", call("*", n, n), long(hashPrime)), long(hashFactor)), long(hashPrime))
	sum := call("sum", call("if", first, call("+", long(1<<firstShift), hash), long(0)))
	return []column.Convertible{column.WithAlias(sightingsName, sum.column())}
}

// partitionHash is the hash for the partition of a number.
func partitionHash(number int64) int64 {
	n := number + 1
	return n * n % hashPrime * hashFactor % hashPrime
}

// seenPartition is a word with the bit of the partition; the last one is for all
// that have none of their own.
func seenPartition() expr {
	return call("shiftleft", long(1), call("+", integer(partitionShift), call("least", call("spark_partition_id"), integer(partitionBits-1))))
}

// plausible reports whether metrics are of all rows, each seen once.
func plausible(values map[string]any) bool {
	rows, ok := values[rowsName].(int64)
	sum, some := values[sightingsName].(int64)
	word, also := values[wordName(0)].(int64)
	if !ok || rows < 0 || some != also || some != (rows > 0) {
		return false
	}
	if rows == 0 {
		return true
	}
	firsts, hashes := sum>>firstShift, sum&(1<<firstShift-1)
	if firsts < 1 || firsts > rows {
		return false
	}
	if word >= 0 { // each partition has a bit
		return firsts == int64(bits.OnesCount32(uint32(word>>partitionShift)))
	}
	want := int64(0)
	for n := range firsts {
		want += partitionHash(n)
	}
	return want == hashes
}
