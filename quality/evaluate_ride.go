package quality

import (
	"context"
	"slices"
	"strconv"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/apache/spark-connect-go/v40/spark/sql/column"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// ride is what goes along with a write. Every metric costs time for every row, so
// there are few: rules that allow no bad row share a word in which each has a bit, and
// only where a bit is set the bad rows are counted afterwards, by a query. The words
// have the partitions in them too, see sightings.
type ride struct {
	observation *dataflow.Observation
	counting    []*probe // whose metrics go along as they are
	fusion      *fusion
	marking     []*probe // that have a bit
}

// bitsPerWord is how many rules have a bit in a word; the rest of it is for the
// partitions.
const bitsPerWord = 32

// canMark reports whether a bit tells all that matters of a rule.
func (p *probe) canMark() bool {
	return !p.bad.none() && p.rule.action() == ActionFail && p.rule.MaxBad == 0 && p.rule.MaxBadShare == 0
}

// newRide makes the metrics of probes.
func newRide(probes []*probe) *ride {
	r := &ride{}
	for _, p := range probes {
		if p.canMark() {
			r.marking = append(r.marking, p)
		} else {
			r.counting = append(r.counting, p)
		}
	}
	r.fusion = newFusion()
	if wantNumbers(r.counting) { // an observation takes them in an aggregate
		r.fusion.addAs(ofPartitions(named(partitionColumn)), ofPartitions(call("spark_partition_id")), r.fusion.fresh())
	}
	r.fusion.addAll(r.counting)
	for _, p := range r.marking { // the number of rows that it looks at
		r.fusion.add(p.metrics[0], r.fusion.fresh())
	}
	r.fusion.columns = append(r.fusion.columns, sightings()...)
	for word := 0; word == 0 || word*bitsPerWord < len(r.marking); word++ {
		r.fusion.columns = append(r.fusion.columns, column.WithAlias(wordName(word), call("bit_or", r.word(word)).column()))
	}
	return r
}

func wordName(n int) string { return "word" + strconv.Itoa(n) }

// word has a bit for each rule that the row breaks.
func (r *ride) word(n int) expr {
	word := seenPartition()
	for i, p := range r.marking[min(len(r.marking), n*bitsPerWord):min(len(r.marking), (n+1)*bitsPerWord)] {
		word = call("|", word, call("if", p.bad, long(1<<i), long(0)))
	}
	return word
}

// observe makes the observed frame, in no round trip.
func (r *ride) observe(ctx context.Context, df sql.DataFrame) (sql.DataFrame, error) {
	frame, o, err := dataflow.Observe(ctx, df, "", r.fusion.columns...)
	r.observation = o
	return frame, err
}

// arrived takes the metrics over. It returns the probes for which they say nothing:
// all when they have not come or cannot be believed, and those of the bits that are
// set.
func (r *ride) arrived() (left []*probe) {
	all := slices.Concat(r.counting, r.marking)
	values, err := r.observation.Metrics()
	if err != nil || !plausible(values) || r.fusion.share(r.counting, values) != nil {
		return all
	}
	for i, p := range r.marking {
		word, _ := values[wordName(i/bitsPerWord)].(int64) // null of no rows
		rows, known := values[r.fusion.names[string(p.metrics[0].data)]].(int64)
		if !known || word&(1<<(i%bitsPerWord)) != 0 {
			left = append(left, p)
			continue
		}
		p.values.values = make([]any, len(p.metrics))
		for m := range p.metrics {
			p.values.values[m] = int64(0)
		}
		p.values.values[0] = rows
	}
	return left
}
