package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// maxKept bounds what is remembered of numbers that are missing or came early, so
// that memory does not grow with what was done to a log.
const maxKept = 1000

// entry is what the order of entries depends on.
type entry struct {
	seq        int64
	prev, hash string
	place      place
}

// gap are numbers that are missing so far.
type gap struct {
	from, to int64
	place    place // where they would have to stand before
	prev     string
	start    bool
}

// order finds entries that are missing, were moved or are there twice. One entry
// that comes too early is held back until the next tells whether it was moved
// there or those between are gone.
type order struct {
	v    *verifier
	want int64  // the number that comes next
	last string // hash of the entry before it; empty with known false
	// known is false when the entry before want was not seen or not to be trusted.
	known bool
	held  *entry
	gaps  []gap
	early map[int64]string // entries that stand too early, by their hash
	first int64
	top   Head
	// pruned is the end of the files that an entry says were removed.
	pruned Head
}

func (o *order) init(v *verifier) {
	o.v, o.want, o.known, o.early = v, 1, true, map[int64]string{}
}

// prunedTo remembers what an entry tells of removed ones. The last is the one that
// counts.
func (o *order) prunedTo(seq, hash string) {
	if n, err := strconv.ParseInt(seq, 10, 64); err == nil {
		o.pruned = Head{n, hash}
	}
}

// add takes the next entry; bad lines in a row stood before it, which may be
// entries of the numbers before or have been put in.
func (o *order) add(e entry, bad int64) {
	o.note(e)
	if o.held != nil {
		o.decide(e)
	}
	if bad > 0 && e.seq > o.want && e.seq <= o.want+bad {
		o.want, o.known = e.seq, false // the lines were edited, which was told
	}
	o.skipEarly()
	switch {
	case e.seq == o.want:
		o.take(e)
	case e.seq > o.want:
		o.held = &e
	case o.fill(e.seq):
		o.v.problemAt(e.place, KindReordered, e.seq, "entry %d stands behind entry %d", e.seq, o.want-1)
	default:
		o.v.problemAt(e.place, KindDuplicated, e.seq, "entry %d is there a second time", e.seq)
	}
}

// note keeps the lowest and the highest number.
func (o *order) note(e entry) {
	if o.first == 0 || e.seq < o.first {
		o.first = e.seq
	}
	if e.seq > o.top.Seq {
		o.top = Head{e.seq, e.hash}
	}
}

// take goes on behind an entry that stands where it belongs.
func (o *order) take(e entry) {
	if o.known && e.prev != o.last {
		o.v.problemAt(e.place, KindWrongLink, e.seq, "entry %d does not follow the entry %d that stands before it: the hashes differ", e.seq, e.seq-1)
	}
	o.want, o.last, o.known = e.seq+1, e.hash, true
}

func (o *order) skipEarly() {
	for {
		hash, ok := o.early[o.want]
		if !ok {
			return
		}
		delete(o.early, o.want)
		o.want, o.last, o.known = o.want+1, hash, true
	}
}

// decide tells of the entry that was held back whether it was moved, now that the
// next one is known.
func (o *order) decide(next entry) {
	held := *o.held
	moved := next.seq == o.want || next.seq == o.want+1 && held.seq != o.want+1
	if moved && len(o.early) < maxKept {
		o.held = nil
		o.v.problemAt(held.place, KindReordered, held.seq, "entry %d stands where entry %d belongs", held.seq, o.want)
		o.early[held.seq] = held.hash
		if next.seq != o.want {
			o.missing(gap{from: o.want, to: o.want, place: held.place})
			o.want, o.known = next.seq, false
		}
		return
	}
	o.settle()
}

// settle takes the numbers before the entry that was held back for missing.
func (o *order) settle() {
	held := *o.held
	o.held = nil
	o.missing(gap{from: o.want, to: held.seq - 1, place: held.place, prev: held.prev, start: o.want == 1})
	o.want, o.last, o.known = held.seq+1, held.hash, true
}

func (o *order) missing(g gap) {
	if len(o.gaps) >= maxKept {
		o.tell(g)
		return
	}
	o.gaps = append(o.gaps, g)
}

// fill reports whether a number was missing, which it then is no more.
func (o *order) fill(seq int64) bool {
	for i, g := range o.gaps {
		if seq < g.from || seq > g.to {
			continue
		}
		o.gaps = slices.Delete(o.gaps, i, i+1)
		below, above := g, g
		below.to, above.from = seq-1, seq+1
		above.start, below.start = g.start && below.from > below.to, g.start
		for _, part := range []gap{below, above} {
			if part.from <= part.to {
				o.missing(part)
			}
		}
		return true
	}
	return false
}

// finish tells what is still missing; bad lines stood at the end.
func (o *order) finish(bad int64) {
	if o.held != nil {
		o.settle()
	}
	o.skipEarly()
	for _, g := range o.gaps {
		o.tell(g)
	}
	o.gaps = nil
	// What is told late stands behind what is told at once; put it into the order of
	// lines as far as it is listed.
	slices.SortStableFunc(o.v.report.Problems, func(a, b Problem) int { return cmp.Compare(a.at, b.at) })
	o.want += bad // they were told
}

// tell makes a problem of numbers that are missing, unless it is known why.
func (o *order) tell(g gap) {
	if g.start {
		// A crash may have left some of the files that were to be removed.
		if g.to < o.pruned.Seq || o.pruned == (Head{g.to, g.prev}) {
			o.v.report.Pruned = g.to
			return
		}
		if o.v.opts.Partial {
			return
		}
		o.v.problemAt(g.place, KindCut, g.from, "%s missing at the beginning", numbers(g))
		return
	}
	o.v.problemAt(g.place, KindDeleted, g.from, "%s missing before this line", numbers(g))
}

func numbers(g gap) string {
	if g.from == g.to {
		return fmt.Sprintf("entry %d is", g.from)
	}
	return fmt.Sprintf("entries %d to %d are", g.from, g.to)
}

// reached is the number up to which entries were seen.
func (o *order) reached() int64 { return max(o.want-1, o.top.Seq) }
