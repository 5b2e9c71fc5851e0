package streaming

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/secrets"
)

const (
	// healthReadTimeout bounds what somebody may take to ask, and
	// healthGoodbye what an answer may take when the server ends.
	healthReadTimeout = 5 * time.Second
	healthGoodbye     = 5 * time.Second
	// stopBodyLimit is the size of a request to stop.
	stopBodyLimit = 1 << 20
)

// healthServer tells of a supervisor over HTTP.
type healthServer struct {
	s     *Supervisor
	addr  string // as it is listened to
	token secrets.Value
}

// listenAddress completes the address of the health server: no host is this
// machine alone.
func listenAddress(addr string) (string, error) {
	if addr == "" {
		return "", nil
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("%q is not host:port, such as 127.0.0.1:8080", addr)
	}
	if _, err := net.LookupPort("tcp", port); err != nil || port == "" {
		return "", fmt.Errorf("%q: %q is no port", addr, port)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// serveHealth starts the health server and leaves word of it in the state folder.
// The returned function ends both and waits.
func (s *Supervisor) serveHealth(ctx context.Context) (end func(), err error) {
	addr, err := listenAddress(s.opts.Addr)
	if err != nil || addr == "" {
		return func() {}, err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("tell of health: %w", err)
	}
	h := &healthServer{s: s, addr: listener.Addr().String(), token: secrets.NewValue(rand.Text())}
	remove, err := h.leaveWord()
	if err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("tell of health: %w", err)
	}
	server := &http.Server{Handler: h.handler(), ReadHeaderTimeout: healthReadTimeout, ErrorLog: zap.NewStdLog(s.opts.Logger)}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.opts.Logger.Error("the health server has ended", errorFields(err)...)
		}
	}()
	s.mu.Lock()
	s.health = h
	s.mu.Unlock()
	return func() {
		remove()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healthGoodbye)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close() // who has not been answered by now is cut off
		}
		<-served
		s.mu.Lock()
		s.health = nil
		s.mu.Unlock()
	}, nil
}

// Addr returns the host:port at which health is told, or "" while it is not.
func (s *Supervisor) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.health == nil {
		return ""
	}
	return s.health.addr
}

// Handler answers GET /live, /ready, /queries and, with Metrics, /metrics, for
// programs that have a server of their own. /live is always 200; /ready is 200 when
// every query that is not optional runs or is done, and otherwise 503 with the names
// of the others. It is there before [Supervisor.Run] and after.
func (s *Supervisor) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /live", func(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "alive\n") })
	mux.HandleFunc("GET /ready", s.answerReady)
	mux.HandleFunc("GET /queries", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.Status()) })
	if s.opts.Metrics != nil {
		mux.Handle("GET /metrics", s.opts.Metrics)
	}
	return mux
}

func (s *Supervisor) answerReady(w http.ResponseWriter, _ *http.Request) {
	status := s.Status()
	if status.Ready {
		writeText(w, http.StatusOK, "ready\n")
		return
	}
	var text strings.Builder
	text.WriteString("not ready\n")
	for _, q := range status.Queries {
		if !q.Optional && q.State != QueryRunning && q.State != QueryDone {
			fmt.Fprintf(&text, "%s: %s\n", q.Name, q.State)
		}
	}
	writeText(w, http.StatusServiceUnavailable, text.String())
}

func writeText(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text) // who asked may have gone
}

func writeJSON(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value) // who asked may have gone
}

// handler is Handler with POST /stop, which needs the token of the state folder.
func (h *healthServer) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", h.s.Handler())
	mux.HandleFunc("POST /stop", h.answerStop)
	return mux
}

// stopRequest is the body of POST /stop.
type stopRequest struct {
	// Queries are the names of those to stop; none means all.
	Queries []string `json:"queries"`
}

func (h *healthServer) answerStop(w http.ResponseWriter, r *http.Request) {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() || subtle.ConstantTimeCompare([]byte(given), []byte(h.token.Reveal())) != 1 {
		writeText(w, http.StatusForbidden, "stop needs the token of the state folder, on the machine of the supervisor\n")
		return
	}
	var req stopRequest
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, stopBodyLimit))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&req); err != nil {
		writeText(w, http.StatusBadRequest, "the body is not {\"queries\": [names]}\n")
		return
	}
	switch err := h.s.Stop(r.Context(), req.Queries...); {
	case errors.Is(err, ErrNoQuery):
		writeText(w, http.StatusNotFound, err.Error()+"\n")
	case err != nil:
		writeText(w, http.StatusGatewayTimeout, err.Error()+"\n")
	default:
		writeJSON(w, http.StatusOK, h.s.Status())
	}
}
