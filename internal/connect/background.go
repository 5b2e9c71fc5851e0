package connect

import (
	"context"
	"sync"
)

// background holds the goroutines of a session that outlive the call which
// started them. The zero value works after start.
type background struct {
	ctx    context.Context
	cancel context.CancelFunc
	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

func (b *background) start() {
	b.ctx, b.cancel = context.WithCancel(context.Background())
}

// Go runs f in a goroutine of its own, with a context that ends with the session,
// or not at all after stop.
func (b *background) Go(f func(ctx context.Context)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.wg.Go(func() { f(b.ctx) })
	}
}

// stop ends the context of all and waits for them.
func (b *background) stop() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.cancel()
	b.wg.Wait()
}
