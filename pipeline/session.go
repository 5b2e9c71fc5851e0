package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// session is the Spark session of one run: the one that the runner was given, or
// one that is opened at the first use and belongs to the run. It is safe for
// concurrent use.
type session struct {
	// open is nil when the session was given or there is none.
	open func(ctx context.Context) (*dataflow.Session, error)

	// vault has the secrets that the session is to hide, of which it was told some.
	vault *vault
	told  int

	mu sync.Mutex
	// spark and err are what every caller gets once opened is true.
	spark  *dataflow.Session
	err    error
	opened bool
}

func (r *SimplePipelineRunner) sessionFor(p *Pipeline, v *vault) *session {
	switch {
	case r.spark != nil:
		return &session{spark: r.spark, vault: v, opened: true}
	case r.openSession == nil:
		return &session{err: dataflow.ErrNoSession, opened: true}
	}
	return &session{vault: v, open: func(ctx context.Context) (*dataflow.Session, error) {
		unlocked, err := v.unlockSpark(ctx, p)
		if err != nil {
			return nil, err
		}
		return r.openSession(ctx, unlocked)
	}}
}

// provide is a [dataflow.Provider]. A failure is kept, so that a server that is
// down is asked once a run; only a caller whose own context ended does not spoil
// it for the others.
func (s *session) provide(ctx context.Context) (*dataflow.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.opened {
		spark, err := s.openOnce(ctx)
		if err != nil && ctx.Err() != nil {
			return nil, err
		}
		s.spark, s.err, s.opened = spark, err, true
	}
	if s.vault != nil {
		s.told = s.vault.conceal(s.spark, s.told)
	}
	return s.spark, s.err
}

func (s *session) openOnce(ctx context.Context) (spark *dataflow.Session, err error) {
	err = guard(func() error {
		spark, err = s.open(ctx)
		return err
	})
	if err == nil && spark == nil {
		err = errors.New("the function that opens it returned none")
	}
	if err != nil {
		return nil, err
	}
	return spark, nil
}

// close closes the session if the run opened it. Afterwards provide fails.
func (s *session) close(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	spark := s.spark
	s.spark, s.err, s.opened = nil, fmt.Errorf("the run is over: %w", dataflow.ErrNoSession), true
	if s.open == nil || spark == nil {
		return nil
	}
	ctx, cancel := closing(ctx)
	defer cancel()
	return guard(func() error { return spark.Close(ctx) })
}
