package fakeconnect

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Analysis answers one AnalyzePlan request that the server does not answer
// itself: it fills resp, or returns the error that the client gets. It may be
// called by several goroutines at once.
type Analysis func(req *wire.AnalyzePlanRequest, resp *wire.AnalyzePlanResponse) error

// OnAnalyze sets what answers analyses. Nil refuses them.
func (s *Server) OnAnalyze(analysis Analysis) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.analysis = analysis
}

func (s *Server) scriptedAnalysis(req *wire.AnalyzePlanRequest, resp *wire.AnalyzePlanResponse) (*wire.AnalyzePlanResponse, error) {
	s.mu.Lock()
	analysis := s.analysis
	s.mu.Unlock()
	if analysis == nil {
		return nil, status.Error(codes.Unimplemented, "the fake server answers no such analysis")
	}
	return resp, analysis(req, resp)
}

// StringColumns is the answer to a request for a schema: string columns of those
// names.
func StringColumns(names ...string) *wire.AnalyzePlanResponse_Schema_ {
	columns := &wire.DataType_Struct{}
	for _, name := range names {
		columns.Fields = append(columns.Fields, stringStruct(name).GetStruct().GetFields()...)
	}
	return &wire.AnalyzePlanResponse_Schema_{Schema: &wire.AnalyzePlanResponse_Schema{
		Schema: &wire.DataType{Kind: &wire.DataType_Struct_{Struct: columns}},
	}}
}
