package quality

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/apache/spark-connect-go/v40/spark/sql/column"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// streamPlan is what a gate does with the rows of a stream: first it leaves rows out,
// then it looks at those that are left. Spark moves no filter below an observation, so
// what is refused is what would be written.
type streamPlan struct {
	probes []*probe // of all rules, in their order
	drop   streamStage
	rest   streamStage
}

// streamStage are rules that look at the same rows, with one observation. Where a rule
// decides what becomes of a row, that is decided once: each has a bit in a column
// beside the rows, from which it is counted and filtered.
type streamStage struct {
	observation string
	prefix      string   // of the columns
	probes      []*probe // those that are measured; metrics are by bits where there are some
	at          []int    // the places of their rules in the suite
	marking     []*probe // those that have a bit, in the order of the bits
	fusion      *fusion
}

// rulesPerWord is how many rules have a bit in a column.
const rulesPerWord = 62

// leftOutName is the metric of the rows that are left out.
const leftOutName = "left_out"

// newStreamPlan makes the plan of the probes that have no fault.
func newStreamPlan(name string, probes []*probe) *streamPlan {
	p := &streamPlan{
		probes: probes,
		drop:   streamStage{observation: name + ".drop", prefix: "_sparkpipe_drop_"},
		rest:   streamStage{observation: name, prefix: "_sparkpipe_fail_"},
	}
	for i, probe := range probes {
		switch {
		case probe.err != nil:
		case probe.rule.action() == ActionDrop:
			p.drop.add(probe, i, true)
		default:
			p.rest.add(probe, i, probe.rule.action() == ActionFail)
		}
	}
	if len(p.drop.probes) > 0 {
		p.drop.measure()
		leftOut := call("count_if", not(p.drop.clean()))
		p.drop.fusion.addAs(leftOut, leftOut, leftOutName)
	}
	if len(p.rest.probes) > 0 {
		p.rest.measure()
	}
	return p
}

// add takes a probe in. One that marks rows is counted by its bit.
func (s *streamStage) add(p *probe, at int, marks bool) {
	own := *p
	if marks {
		own.metrics = slices.Clone(p.metrics)
		own.metrics[1] = call("count_if", s.isSet(len(s.marking)))
		s.marking = append(s.marking, &own)
	}
	s.probes, s.at = append(s.probes, &own), append(s.at, at)
}

func (s *streamStage) measure() {
	s.fusion = newFusion()
	s.fusion.addAll(s.probes)
}

func (s *streamStage) words() int { return (len(s.marking) + rulesPerWord - 1) / rulesPerWord }

func (s *streamStage) wordName(n int) string { return s.prefix + strconv.Itoa(n) }

// word has a bit for each rule that the row breaks.
func (s *streamStage) word(n int) expr {
	word := long(0)
	for i, p := range s.marking[n*rulesPerWord : min(len(s.marking), (n+1)*rulesPerWord)] {
		word = call("|", word, call("if", p.bad, long(1<<i), long(0)))
	}
	return word
}

// isSet is true of rows that break the rule of a bit.
func (s *streamStage) isSet(bit int) expr {
	return not(call("==", call("&", named(s.wordName(bit/rulesPerWord)), long(1<<(bit%rulesPerWord))), long(0)))
}

// clean is true of rows that break no rule that has a bit.
func (s *streamStage) clean() expr {
	var all []expr
	for n := range s.words() {
		all = append(all, call("==", named(s.wordName(n)), long(0)))
	}
	return both(all...)
}

// build makes the rows of the stream go through the plan, in no round trip.
func (p *streamPlan) build(ctx context.Context, df sql.DataFrame) (sql.DataFrame, error) {
	df, err := p.drop.build(ctx, df, func() expr { return p.drop.clean() })
	if err != nil {
		return nil, err
	}
	return p.rest.build(ctx, df, func() expr { return p.rest.refuse() })
}

// build marks, counts and filters.
func (s *streamStage) build(ctx context.Context, df sql.DataFrame, keep func() expr) (sql.DataFrame, error) {
	if len(s.probes) == 0 {
		return df, nil
	}
	words := make([]string, s.words())
	marks := make([]column.Alias, len(words))
	for n := range words {
		words[n] = s.wordName(n)
		marks[n] = column.WithAlias(words[n], s.word(n).column())
	}
	var err error
	if len(marks) > 0 {
		if df, err = df.WithColumns(ctx, marks...); err != nil {
			return nil, err
		}
	}
	// The metrics come with the progress of the query, not with the answer to a command.
	df, observation, err := dataflow.Observe(ctx, df, s.observation, s.fusion.columns...)
	if err != nil {
		return nil, err
	}
	observation.Close()
	if len(marks) == 0 {
		return df, nil
	}
	if df, err = df.Filter(ctx, keep().column()); err != nil {
		return nil, err
	}
	return df.DropByName(ctx, words...)
}

// refuse is true of clean rows, and for others Spark breaks off with the marker, the
// words of the row and the names of the rules that it breaks.
func (s *streamStage) refuse() expr {
	said := []expr{text(marker(s.observation))}
	for n := range s.words() {
		if n > 0 {
			said = append(said, text(","))
		}
		said = append(said, call("string", named(s.wordName(n))))
	}
	names := []expr{text(", ")}
	for bit, p := range s.marking {
		names = append(names, call("if", s.isSet(bit), text(strconv.Quote(p.rule.name())), written("CAST(NULL AS STRING)")))
	}
	said = append(said, text(": a row breaks the quality rule "), call("concat_ws", names...))
	return call("if", s.clean(), boolean(true), call("raise_error", call("concat", said...)))
}

// marker begins the text of the errors that a gate has Spark raise.
func marker(name string) string { return "[sparkpipe.quality " + name + "] " }

// broken reads which rules a text of Spark names, by the places of the rules in the
// suite. ok is false for texts that are not of this stage: in the plan of a query,
// which Spark may put beside an error, no number follows the marker.
func (s *streamStage) broken(message string) (at []int, ok bool) {
	_, rest, found := strings.Cut(message, marker(s.observation))
	numbers, _, ended := strings.Cut(rest, ":")
	if !found || !ended {
		return nil, false
	}
	for n, number := range strings.Split(numbers, ",") {
		word, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, false
		}
		for i := range rulesPerWord {
			if bit := n*rulesPerWord + i; word&(1<<i) != 0 && bit < len(s.marking) {
				at = append(at, s.at[slices.Index(s.probes, s.marking[bit])])
			}
		}
	}
	return at, len(at) > 0
}

// freeNames refuses rows that have a column of the gate's.
func (p *streamPlan) freeNames(def schema.Definition) error {
	for _, stage := range []*streamStage{&p.drop, &p.rest} {
		for n := range stage.words() {
			taken := func(f schema.Field) bool { return strings.EqualFold(f.Name, stage.wordName(n)) }
			if slices.ContainsFunc(def.Fields, taken) {
				return fmt.Errorf("the stream has a column %s, which is a name of the checks; give it another", stage.wordName(n))
			}
		}
	}
	return nil
}
