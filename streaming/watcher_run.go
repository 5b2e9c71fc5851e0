package streaming

import (
	"context"
	"sync"
	"time"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// lastWords bounds how long the last events of a query may take when it has ended.
const lastWords = 5 * time.Second

// watch has watchers hear of the one query that is started with its context. It is
// nil when nobody wants to hear.
type watch struct {
	watchers []Watcher
	stop     func()
	over     chan struct{} // closed when the end of the run was heard

	mu    sync.Mutex
	runID string
	last  int64 // the last batch that was told
	ended bool
}

// newWatch listens to the queries of the session, also when ctx ends later: until
// then a query may do another batch.
func newWatch(ctx context.Context, spark *dataflow.Session, watchers []Watcher) (*watch, error) {
	if len(watchers) == 0 {
		return nil, nil
	}
	w := &watch{watchers: watchers, over: make(chan struct{}), last: -1}
	outer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ready := context.AfterFunc(ctx, cancel)
	defer ready()
	var heard sync.Once
	stop, err := Listen(outer, spark, Listener{
		Progress: func(p Progress) {
			if w.isMine(p.RunID) {
				w.tell(outer, p)
			}
		},
		Terminated: func(e TerminatedEvent) {
			if w.isMine(e.RunID) {
				heard.Do(func() { close(w.over) })
			}
		},
	})
	w.stop = func() {
		stop()
		cancel()
	}
	if err != nil {
		cancel()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	return w, nil
}

type startedKey struct{}

// starting is the context with which the query is to be started.
func (w *watch) starting(ctx context.Context) context.Context {
	if w == nil {
		return ctx
	}
	return context.WithValue(ctx, startedKey{}, func(q *Query) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.runID = q.runID
	})
}

// tellStarted says to whom waits for it which query was started, before any of its
// events.
func tellStarted(ctx context.Context, q *Query) {
	if tell, ok := ctx.Value(startedKey{}).(func(*Query)); ok && q != nil {
		tell(q)
	}
}

func (w *watch) isMine(runID string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.runID == runID
}

// tell tells of a batch, unless that was told or the run is over.
func (w *watch) tell(ctx context.Context, p Progress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended || p.BatchID <= w.last || !p.ran() {
		return
	}
	w.last = p.BatchID
	for _, one := range w.watchers {
		one.BatchDone(ctx, p.JSON)
	}
}

// finish tells of the end of the run, when its last batches were told. q is nil when
// the query could not be started.
func (w *watch) finish(ctx context.Context, q *Query, err error) error {
	if w == nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if !w.isMine("") { // one was started
		w.await(ctx, q)
	}
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	w.stop()
	return runEnded(ctx, w.watchers, err)
}

// close ends the listening. It works twice.
func (w *watch) close() {
	if w != nil {
		w.stop()
	}
}

// await waits for the last event. When it does not come, the query is asked.
func (w *watch) await(ctx context.Context, q *Query) {
	timer := time.NewTimer(lastWords)
	defer timer.Stop()
	select {
	case <-w.over:
		return
	case <-timer.C:
	}
	if q == nil {
		return
	}
	limited, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	recent, err := q.RecentProgress(limited)
	if err != nil {
		return
	}
	for _, p := range recent {
		if p.RunID == q.runID {
			w.tell(ctx, p)
		}
	}
}
