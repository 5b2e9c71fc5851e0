package fakeconnect

import (
	"encoding/json"
	"maps"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Failure is an error as a Spark server sends it.
type Failure struct {
	// Class is the error class and State the SQLSTATE.
	Class, State string
	// Message is the text without class and state.
	Message string
	// Lead stands before the class in the text; parser errors have a line break
	// there.
	Lead string
	// Parameters are the message's parameters.
	Parameters map[string]string
	// ErrorID is what FetchErrorDetails is asked for.
	ErrorID string
	// JavaClass is the exception, by default the analysis exception.
	JavaClass string
}

// Error gives the gRPC status that Spark makes of the failure.
func (f Failure) Error() error {
	java := f.JavaClass
	if java == "" {
		java = "org.apache.spark.sql.AnalysisException"
	}
	params, _ := json.Marshal(f.Parameters)
	st := status.New(codes.Internal, f.Lead+"["+f.Class+"] "+f.Message+" SQLSTATE: "+f.State)
	detailed, err := st.WithDetails(&errdetails.ErrorInfo{
		Reason: java, Domain: "org.apache.spark",
		Metadata: map[string]string{
			"errorClass": f.Class, "sqlState": f.State, "errorId": f.ErrorID, "messageParameters": string(params),
		},
	})
	if err != nil {
		return err
	}
	return detailed.Err()
}

func (s *Server) analyze(req *wire.AnalyzePlanRequest) (*wire.AnalyzePlanResponse, error) {
	resp := &wire.AnalyzePlanResponse{SessionId: req.GetSessionId(), ServerSideSessionId: s.sessionID}
	switch req.GetAnalyze().(type) {
	case *wire.AnalyzePlanRequest_SparkVersion_:
		resp.Result = &wire.AnalyzePlanResponse_SparkVersion_{SparkVersion: &wire.AnalyzePlanResponse_SparkVersion{Version: s.versionNow()}}
	case *wire.AnalyzePlanRequest_SemanticHash_:
		resp.Result = &wire.AnalyzePlanResponse_SemanticHash_{SemanticHash: &wire.AnalyzePlanResponse_SemanticHash{Result: 1}}
	default:
		return s.scriptedAnalysis(req, resp)
	}
	return resp, nil
}

func (s *Server) versionNow() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

func (s *Server) configure(req *wire.ConfigRequest) (*wire.ConfigResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	resp := &wire.ConfigResponse{SessionId: req.GetSessionId(), ServerSideSessionId: s.sessionID}
	for _, pair := range req.GetOperation().GetSet().GetPairs() {
		if _, static := s.static[pair.GetKey()]; static {
			return nil, Failure{
				Class: "CANNOT_MODIFY_CONFIG", State: "46110",
				Message:    `Cannot modify the value of the Spark config: "` + pair.GetKey() + `".`,
				Parameters: map[string]string{"key": `"` + pair.GetKey() + `"`},
			}.Error()
		}
		s.conf[pair.GetKey()] = pair.GetValue()
	}
	all := maps.Clone(s.static)
	maps.Copy(all, s.conf)
	for _, key := range req.GetOperation().GetGetOption().GetKeys() {
		pair := &wire.KeyValue{Key: key}
		if value, ok := all[key]; ok {
			pair.Value = &value
		}
		resp.Pairs = append(resp.Pairs, pair)
	}
	return resp, nil
}

func (s *Server) interrupt(req *wire.InterruptRequest) (*wire.InterruptResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	resp := &wire.InterruptResponse{SessionId: req.GetSessionId(), ServerSideSessionId: s.sessionID}
	for id, op := range s.operations {
		if op.matches(req) {
			op.interruptOnce.Do(func() { close(op.interrupted) })
			resp.InterruptedIds = append(resp.InterruptedIds, id)
		}
	}
	return resp, nil
}

func (s *Server) release(req *wire.ReleaseSessionRequest) (*wire.ReleaseSessionResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.released = append(s.released, req.GetSessionId())
	for id, op := range s.operations {
		if op.Request.GetSessionId() == req.GetSessionId() {
			op.cancel()
			delete(s.operations, id)
		}
	}
	return &wire.ReleaseSessionResponse{SessionId: req.GetSessionId(), ServerSideSessionId: s.sessionID}, nil
}

func (s *Server) fetchDetails(req *wire.FetchErrorDetailsRequest) (*wire.FetchErrorDetailsResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	details := s.details[req.GetErrorId()]
	delete(s.details, req.GetErrorId()) // as the real server: once
	if details == nil {
		details = &wire.FetchErrorDetailsResponse{}
	}
	return details, nil
}
