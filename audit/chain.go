package audit

import (
	"sync"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// Chain numbers and links events for a sink of one's own, as [FileSink] does. It is
// safe for concurrent use; who stores the lines must store them in their order.
type Chain struct {
	signer signer

	mu   sync.Mutex
	last Head
}

// NewChain returns a chain that goes on behind last; the zero [Head] begins one. A
// zero key does not sign.
func NewChain(last Head, key secrets.Value) *Chain { return &Chain{signer: signer{key}, last: last} }

// Seal gives the event its place and returns its line, with a line feed, and the
// head with which the chain now ends.
func (c *Chain) Seal(e Event) (line []byte, head Head, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	line, head, err = c.signer.seal(e, c.last)
	if err == nil {
		c.last = head
	}
	return line, head, err
}
