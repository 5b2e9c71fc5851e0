package streaming

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sparkpipe/sparkpipe/secrets"
)

const (
	statePrefix = "supervisor-"
	stateSuffix = ".json"
	stateLimit  = 64 << 10
	answerLimit = 64 << 20
)

// stateFile is the word that a supervisor leaves.
type stateFile struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Since   time.Time `json:"since"`
	Address string    `json:"address"`
	Token   string    `json:"token"`
}

// leaveWord writes where the supervisor is found, readable by the owner only.
func (h *healthServer) leaveWord() (remove func(), err error) {
	dir := h.s.opts.StateDir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	status := h.s.Status()
	data, err := json.Marshal(stateFile{PID: status.PID, Host: status.Host, Since: status.Since, Address: h.addr, Token: h.token.Reveal()})
	if err != nil {
		return nil, err
	}
	name := filepath.Join(dir, statePrefix+uuid.NewString()+stateSuffix)
	temp := name + ".saving"
	if err := os.WriteFile(temp, data, 0o600); err != nil {
		return nil, err
	}
	if err := os.Rename(temp, name); err != nil {
		return nil, errors.Join(err, os.Remove(temp))
	}
	return func() { _ = os.Remove(name) }, nil // whoever finds it later finds nobody
}

// RemoteSupervisor is a supervisor of another process. It is safe for concurrent
// use.
type RemoteSupervisor struct {
	// PID, Host and Since are the process, as its word says; zero for one that was
	// found by its address alone.
	PID   int
	Host  string
	Since time.Time
	// Address is host:port of its health server.
	Address string

	token secrets.Value
	file  string
}

// SupervisorAt returns the supervisor whose health server is at host:port. It asks
// nobody.
func SupervisorAt(addr string) (*RemoteSupervisor, error) {
	addr, err := listenAddress(addr)
	if err == nil && addr == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("address of a supervisor: %w", err)
	}
	return &RemoteSupervisor{Address: addr}, nil
}

// FindSupervisors returns the supervisors that have left word in a state folder, the
// one of [DefaultStateDir] if it is "". Some of them may have died since. Files that
// cannot be read are errors beside the others.
func FindSupervisors(dir string) ([]*RemoteSupervisor, error) {
	if dir == "" {
		found, err := DefaultStateDir()
		if err != nil {
			return nil, err
		}
		dir = found
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for supervisors: %w", err)
	}
	var out []*RemoteSupervisor
	var faults []error
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, statePrefix) || !strings.HasSuffix(name, stateSuffix) {
			continue
		}
		one, err := readState(filepath.Join(dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist): // it has ended meanwhile
		case err != nil:
			faults = append(faults, err)
		default:
			out = append(out, one)
		}
	}
	return out, errors.Join(faults...)
}

func readState(name string) (*RemoteSupervisor, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var state stateFile
	if err := json.NewDecoder(io.LimitReader(file, stateLimit)).Decode(&state); err != nil {
		return nil, fmt.Errorf("word of a supervisor %s: %w; delete the file if no supervisor runs", name, err)
	}
	one, err := SupervisorAt(state.Address)
	if err != nil {
		return nil, fmt.Errorf("word of a supervisor %s: %w; delete the file if no supervisor runs", name, err)
	}
	one.PID, one.Host, one.Since, one.token, one.file = state.PID, state.Host, state.Since, secrets.NewValue(state.Token), name
	return one, nil
}

// ErrNoSupervisor is returned when nobody answers where a supervisor should.
var ErrNoSupervisor = errors.New("no supervisor answers")

// Status asks what its queries are doing. It blocks for one round trip.
func (r *RemoteSupervisor) Status(ctx context.Context) (SupervisorStatus, error) {
	var out SupervisorStatus
	err := r.call(ctx, http.MethodGet, "/queries", nil, &out)
	return out, err
}

// Stop stops queries by their names, all of them if none is named, and waits until
// they have ended. It needs the word in the state folder, and the machine of the
// supervisor.
func (r *RemoteSupervisor) Stop(ctx context.Context, names ...string) (SupervisorStatus, error) {
	var out SupervisorStatus
	body, err := json.Marshal(stopRequest{Queries: names})
	if err == nil {
		err = r.call(ctx, http.MethodPost, "/stop", body, &out)
	}
	return out, err
}

// Forget removes the word of a supervisor that does not answer any more.
func (r *RemoteSupervisor) Forget() {
	if r.file != "" {
		_ = os.Remove(r.file)
	}
}

func (r *RemoteSupervisor) call(ctx context.Context, method, path string, body []byte, out any) error {
	what := fmt.Sprintf("ask the supervisor at %s", r.Address)
	req, err := http.NewRequestWithContext(ctx, method, "http://"+r.Address+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if !r.token.IsZero() {
		req.Header.Set("Authorization", "Bearer "+r.token.Reveal())
	}
	// No proxy and no connection that is kept.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{}).DialContext}}
	resp, err := client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", what, context.Cause(ctx))
		}
		return fmt.Errorf("%s: %w: %w", what, ErrNoSupervisor, err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	switch {
	case resp.StatusCode == http.StatusNotFound && path == "/stop":
		return fmt.Errorf("%s: %w: %s", what, ErrNoQuery, strings.TrimSpace(string(data)))
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %s: %s", what, resp.Status, strings.TrimSpace(string(data[:min(len(data), 500)])))
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("%s: read the answer: %w", what, err)
	}
	return nil
}
