package quality

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/sparkpipe/sparkpipe/component"
)

// queries keeps what queries of single checks gave, so that equal ones run once.
type queries struct {
	mu   sync.Mutex
	runs map[string]func() (found, error)
}

func newQueries() *queries { return &queries{runs: map[string]func() (found, error){}} }

// once returns the run of a query, which is that of an equal one before it.
func (q *queries) once(key string, run func() (found, error)) func() (found, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if key == "" {
		return run
	}
	if q.runs[key] == nil {
		q.runs[key] = sync.OnceValues(run)
	}
	return q.runs[key]
}

// runQueries runs the queries of single checks, some at a time. An error of one of
// them stays with its rule; the error here is one that says nothing of rules.
func (e *evaluation) runQueries(ctx context.Context) error {
	var wait sync.WaitGroup
	slots := make(chan struct{}, e.opts.Parallel)
	faults := make([]error, len(e.probes))
	for i, p := range e.probes {
		if p.err != nil || p.query == nil {
			continue
		}
		run := e.queries.once(p.query.key, func() (found, error) { return e.runQuery(ctx, p) })
		slots <- struct{}{}
		wait.Add(1)
		go func() {
			defer func() { <-slots; wait.Done() }()
			p.values.found, p.err = run()
			if p.err != nil && (ctx.Err() != nil || !staysWithRule(ctx, p)) {
				faults[i] = p.err
			}
		}()
	}
	wait.Wait()
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	return nil
}

// staysWithRule reports whether the error of a query tells something of the rule.
// The code of users is always taken to.
func staysWithRule(ctx context.Context, p *probe) bool {
	_, own := p.rule.Check.(Func)
	return own || isFault(p.err) || ofRule(ctx, p.err)
}

func (e *evaluation) runQuery(ctx context.Context, p *probe) (out found, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = component.NewPanicError(v)
		}
	}()
	return p.query.run(ctx, e, p.values)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
