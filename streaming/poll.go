package streaming

import (
	"context"
	"time"
)

// poll asks for the events for a while.
func (b *bus) poll(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan struct{})
	defer close(over)
	b.hub.wg.Go(func() {
		select {
		case <-b.ending:
			cancel()
		case <-over:
		}
	})
	for until := time.Now().Add(pollFor); time.Now().Before(until); {
		b.poller.round(ctx)
		b.settled()
		if !b.pause(pollInterval) {
			return
		}
	}
}

// poller compares what queries tell with what they told before.
type poller struct {
	hub  *hub
	runs map[string]*polled
	old  bool // there was a round
}

// polled is a run that is watched.
type polled struct {
	query *Query
	last  time.Time // of the last progress that was told
}

// round asks once. What cannot be asked now is asked the next time. What queries did
// before the first round is told of nobody.
func (p *poller) round(ctx context.Context) {
	active, err := Queries(p.hub.spark).Active(ctx)
	if err != nil {
		return
	}
	running := map[string]bool{}
	for _, q := range active {
		running[q.runID] = true
	}
	for _, q := range append(active, p.hub.live()...) {
		if p.runs[q.runID] == nil {
			p.runs[q.runID] = &polled{query: q}
			if !p.old {
				p.skip(ctx, p.runs[q.runID])
			}
		}
	}
	p.old = true
	for id, one := range p.runs {
		p.progress(ctx, one)
		if !running[id] && p.terminated(ctx, one.query) {
			delete(p.runs, id)
		}
	}
}

// skip takes what the query did until now as told.
func (p *poller) skip(ctx context.Context, one *polled) {
	if last, err := one.query.LastProgress(ctx); err == nil && last != nil {
		one.last = last.Timestamp
	}
}

func (p *poller) progress(ctx context.Context, one *polled) {
	recent, err := one.query.RecentProgress(ctx)
	if err != nil {
		return
	}
	for _, progress := range recent {
		if progress.RunID == one.query.runID && progress.Timestamp.After(one.last) {
			one.last = progress.Timestamp
			p.hub.publish(event{run: progress.RunID, progress: &progress})
		}
	}
}

// terminated tells of the end, if it can be asked how that was.
func (p *poller) terminated(ctx context.Context, q *Query) bool {
	status, err := q.Status(ctx)
	if ctx.Err() != nil || err == nil && status.Active {
		return false
	}
	failure, err := q.Exception(ctx)
	if ctx.Err() != nil {
		return false
	}
	if err != nil { // the server does not know the query any more
		failure = nil
	}
	p.hub.publish(event{run: q.runID, terminated: &TerminatedEvent{ID: q.id, RunID: q.runID, Name: q.name, Err: failure}})
	return true
}
