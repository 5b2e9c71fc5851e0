package connect

import (
	"sync"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"
)

// rpcError is the error of a call for our users, beside the gRPC status, which
// is all that the client looks at.
type rpcError struct {
	status *status.Status
	cause  error
	ctxErr error // of the context, when that has ended
	// id is the server's for the error, or one of ours.
	id     string
	recent *recentErrors
}

func (l *link) newError(st *status.Status, cause, ctxErr error) *rpcError {
	id := errorID(st)
	if id == "" {
		id = uuid.NewString()
	}
	return &rpcError{status: st, cause: cause, ctxErr: ctxErr, id: id, recent: &l.recent}
}

func (e *rpcError) Error() string { return e.cause.Error() }

func (e *rpcError) Unwrap() []error {
	if e.ctxErr == nil {
		return []error{e.cause}
	}
	return []error{e.cause, e.ctxErr}
}

// GRPCStatus is what the client asks for. It keeps a few fields of the status and
// drops the error; by the id among them [Conn.Error] finds it again.
func (e *rpcError) GRPCStatus() *status.Status {
	if e.recent == nil {
		return e.status
	}
	e.recent.add(e)
	return withErrorID(e.status, e.id)
}

// errorIDKey is where Spark puts the id of an error in its details.
const errorIDKey = "errorId"

func errorID(st *status.Status) string {
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetMetadata()[errorIDKey]
		}
	}
	return ""
}

// withErrorID returns the status with the id in its details.
func withErrorID(st *status.Status, id string) *status.Status {
	if errorID(st) == id {
		return st
	}
	info := new(errdetails.ErrorInfo)
	p := st.Proto()
	at := len(p.GetDetails())
	for i, detail := range p.GetDetails() {
		if detail.UnmarshalTo(info) == nil {
			at = i
			break
		}
	}
	if info.Metadata == nil {
		info.Metadata = map[string]string{}
	}
	info.Metadata[errorIDKey] = id
	packed, err := anypb.New(info)
	if err != nil {
		return st
	}
	if at == len(p.GetDetails()) {
		p.Details = append(p.Details, nil)
	}
	p.Details[at] = packed
	return status.FromProto(p)
}

// recentErrors remembers the last errors of a connection by their id.
type recentErrors struct {
	mu   sync.Mutex
	ring [64]*rpcError
	next int
}

func (r *recentErrors) add(e *rpcError) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.ring {
		if r.ring[i] != nil && r.ring[i].id == e.id {
			r.ring[i] = e
			return
		}
	}
	r.ring[r.next%len(r.ring)] = e
	r.next++
}

func (r *recentErrors) find(id string) *rpcError {
	if id == "" {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.ring {
		if e != nil && e.id == id {
			return e
		}
	}
	return nil
}
