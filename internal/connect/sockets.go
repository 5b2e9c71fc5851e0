package connect

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc/credentials"
)

// sockets are the open TCP connections of a link, so that one which is dead
// without knowing it can be closed. gRPC itself has no call for that.
type sockets struct {
	mu   sync.Mutex
	open map[net.Conn]struct{}
}

func (s *sockets) add(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[net.Conn]struct{}{}
	}
	s.open[conn] = struct{}{}
}

func (s *sockets) remove(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
}

// closeAll breaks every connection; gRPC dials anew at the next call.
func (s *sockets) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.open {
		_ = conn.Close() // it is given up
	}
}

// tracked are transport credentials that note the connections which go through
// them. They see each after gRPC has dialled it, a proxy of the environment
// included; a dialler of our own would switch such proxies off.
type tracked struct {
	credentials.TransportCredentials
	sockets *sockets
}

func (t tracked) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := t.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if err != nil {
		return nil, nil, err
	}
	t.sockets.add(raw)
	return &trackedConn{Conn: conn, raw: raw, sockets: t.sockets}, info, nil
}

func (t tracked) Clone() credentials.TransportCredentials {
	return tracked{t.TransportCredentials.Clone(), t.sockets}
}

type trackedConn struct {
	net.Conn
	raw     net.Conn
	sockets *sockets
}

func (c *trackedConn) Close() error {
	c.sockets.remove(c.raw)
	return c.Conn.Close()
}
