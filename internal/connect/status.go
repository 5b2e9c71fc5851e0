package connect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// callError turns the error of a gRPC call into one that carries a
// [component.SparkError], or the cause of ctx when that has ended.
func (c *Conn) callError(ctx context.Context, err error, operationID string) error {
	return c.errorFor(ctx, c, err, operationID)
}

// callError is [Conn.callError] where the session is not known.
func (l *link) callError(ctx context.Context, err error) error {
	return l.errorFor(ctx, nil, err, "")
}

func (l *link) errorFor(ctx context.Context, c *Conn, err error, operationID string) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	var known *rpcError
	if errors.As(err, &known) {
		return err
	}
	if ctx.Err() != nil {
		return l.newError(status.FromContextError(ctx.Err()), context.Cause(ctx), ctx.Err())
	}
	st := l.concealed(status.Convert(err))
	spark := l.sparkError(c, st)
	spark.OperationID = operationID
	cause := named(spark)
	if st.Code() == codes.Unavailable && spark.Class == "" && l.serverEnded() {
		cause = fmt.Errorf("%w: %w", ErrSessionLost, spark)
	}
	return l.newError(st, cause, nil)
}

// lostClasses are the error classes that say that the server has no such session
// any more.
var lostClasses = []string{
	"INVALID_HANDLE.SESSION_CLOSED", "INVALID_HANDLE.SESSION_NOT_FOUND", "INVALID_HANDLE.SESSION_CHANGED",
}

// named gives an error that callers branch on beside what the server said.
func named(spark *component.SparkError) error {
	if slices.Contains(lostClasses, spark.Class) {
		return fmt.Errorf("%w: %w", ErrSessionLost, spark)
	}
	if isFence(spark) {
		return fmt.Errorf("another process found that the operation had not begun, and gave it up: %w", spark)
	}
	return spark
}

// classOf is the error class in the details of a status, or empty.
func classOf(st *status.Status) string {
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetMetadata()["errorClass"]
		}
	}
	return ""
}

// errClosedCall is the error of a call on a connection that has been closed.
func errClosedCall() error {
	return &rpcError{status: status.New(codes.Canceled, ErrClosed.Error()), cause: ErrClosed}
}

// sparkError reads every field that the server sent with the status.
func (l *link) sparkError(c *Conn, st *status.Status) *component.SparkError {
	spark := &component.SparkError{Code: st.Code().String(), Message: st.Message()}
	for _, detail := range st.Details() {
		info, ok := detail.(*errdetails.ErrorInfo)
		if !ok {
			continue
		}
		meta := info.GetMetadata()
		spark.Class, spark.SQLState, spark.ErrorID = meta["errorClass"], meta["sqlState"], meta["errorId"]
		spark.JavaClass = info.GetReason()
		if text := meta["messageParameters"]; text != "" {
			_ = json.Unmarshal([]byte(text), &spark.Parameters) // a server that cuts it off leaves them out
		}
	}
	spark.Message = plainMessage(spark)
	spark.Hint = l.hint(spark)
	if spark.ErrorID != "" && c != nil {
		id := spark.ErrorID
		var mu sync.Mutex
		var causes []component.SparkCause
		spark.Fetch = func(ctx context.Context) ([]component.SparkCause, error) {
			mu.Lock()
			defer mu.Unlock()
			if causes != nil {
				return causes, nil
			}
			var err error
			causes, err = c.fetchCauses(ctx, id)
			return causes, err
		}
	}
	return spark
}

// plainMessage takes the class and the SQLSTATE, which have fields of their
// own, out of the text.
func plainMessage(spark *component.SparkError) string {
	text := strings.TrimSpace(spark.Message) // parser errors begin with a line break
	if spark.Class != "" {
		text = strings.TrimPrefix(text, "["+spark.Class+"] ")
	}
	if spark.SQLState != "" {
		text = strings.Replace(text, " SQLSTATE: "+spark.SQLState, "", 1)
	}
	if quoted, ok := strings.CutPrefix(text, "connection error: desc = "); ok {
		if plain, err := strconv.Unquote(quoted); err == nil {
			text = strings.TrimPrefix(strings.TrimPrefix(plain, "transport: "), "Error while dialing: ")
		}
	}
	return strings.TrimSpace(text)
}

// fetchCauses asks for the chain of exceptions. The server hands it out once.
func (c *Conn) fetchCauses(ctx context.Context, errorID string) ([]component.SparkCause, error) {
	req := &wire.FetchErrorDetailsRequest{
		SessionId: c.sessionID, UserContext: c.userContext(), ClientType: &c.agent, ErrorId: errorID,
	}
	var resp wire.FetchErrorDetailsResponse
	if err := c.invoke(ctx, "FetchErrorDetails", req, &resp); err != nil {
		return nil, err
	}
	if resp.RootErrorIdx == nil {
		return nil, component.ErrNoDetails
	}
	var causes []component.SparkCause
	all := resp.GetErrors()
	for i := int(resp.GetRootErrorIdx()); i >= 0 && i < len(all) && len(causes) < len(all); {
		cause := sparkCause(all[i])
		cause.Message = c.mask.Text(cause.Message)
		causes = append(causes, cause)
		if all[i].CauseIdx == nil {
			break
		}
		i = int(all[i].GetCauseIdx())
	}
	return causes, nil
}

func sparkCause(e *wire.FetchErrorDetailsResponse_Error) component.SparkCause {
	cause := component.SparkCause{
		Message:    e.GetMessage(),
		ErrorClass: e.GetSparkThrowable().GetErrorClass(),
		SQLState:   e.GetSparkThrowable().GetSqlState(),
	}
	if names := e.GetErrorTypeHierarchy(); len(names) > 0 {
		cause.Class = names[0]
	}
	for _, f := range e.GetStackTrace() {
		cause.Stack = append(cause.Stack, stackFrame(f))
	}
	return cause
}
