package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
)

// proxy stands between a client and the server and counts the calls. It passes
// gRPC on as the HTTP/2 that it is.
type proxy struct {
	listener  net.Listener
	server    *http.Server
	transport *http.Transport
	done      chan error

	mu    sync.Mutex
	calls []string // names of the methods
}

// startProxy listens on loopback in front of a server without TLS; stop must be
// called.
func startProxy(ctx context.Context, remote string) (*proxy, error) {
	host, _, _ := strings.Cut(strings.TrimPrefix(remote, "sc://"), "/")
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h2c := new(http.Protocols)
	h2c.SetUnencryptedHTTP2(true)
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: host})
	p := &proxy{listener: listener, transport: &http.Transport{Protocols: h2c}, done: make(chan error, 1)}
	forward.Transport = p.transport
	count := func(w http.ResponseWriter, r *http.Request) {
		if call := path.Base(r.URL.Path); call != "ReleaseExecute" { // nobody waits for it
			p.mu.Lock()
			p.calls = append(p.calls, call)
			p.mu.Unlock()
		}
		forward.ServeHTTP(w, r)
	}
	p.server = &http.Server{Handler: http.HandlerFunc(count), Protocols: h2c}
	go func() { p.done <- p.server.Serve(listener) }()
	return p, nil
}

// remote is the connection string for clients.
func (p *proxy) remote() string { return "sc://" + p.listener.Addr().String() }

// take returns the calls since the last take that somebody waits for, as
// "3: 2 ExecutePlan, 1 Config".
func (p *proxy) take() string {
	p.mu.Lock()
	calls := p.calls
	p.calls = nil
	p.mu.Unlock()
	counts := map[string]int{}
	var order []string
	for _, call := range calls {
		if counts[call] == 0 {
			order = append(order, call)
		}
		counts[call]++
	}
	slices.SortStableFunc(order, func(a, b string) int { return counts[b] - counts[a] })
	for i, call := range order {
		order[i] = fmt.Sprintf("%d %s", counts[call], call)
	}
	if len(order) == 0 {
		return "0"
	}
	return fmt.Sprintf("%d: %s", len(calls), strings.Join(order, ", "))
}

// stop ends the proxy and waits for it.
func (p *proxy) stop() error {
	err := p.server.Close()
	if served := <-p.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	p.transport.CloseIdleConnections()
	return err
}
