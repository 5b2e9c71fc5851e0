package fakeconnect

import (
	"errors"
	"hash/crc32"
	"io"
	"maps"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// artifacts is what the server has got by AddArtifacts, and what it does with
// it.
type artifacts struct {
	stored map[string][]byte
	script func(name string, data []byte) error
}

// Artifacts returns the artifacts that clients have added, by name.
func (s *Server) Artifacts() map[string][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.artifacts.stored)
}

// OnArtifact sets a script that sees each artifact when its upload is complete
// and can refuse it. [ErrDamaged] makes the server say that the checksum is
// wrong, [ErrForgotten] that it never saw it.
func (s *Server) OnArtifact(script func(name string, data []byte) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.artifacts.script = script
}

// Answers of a script of [Server.OnArtifact].
var (
	ErrDamaged   = errors.New("the checksum is wrong")
	ErrForgotten = errors.New("the artifact is not in the answer")
)

// incoming is an upload on its way.
type incoming struct {
	names  []string
	data   map[string][]byte
	broken map[string]bool
	chunks int64 // still to come of the last name
	total  int64 // bytes of it
}

// addArtifacts is the handler of AddArtifacts. As the real server it takes over
// what it got when the stream has ended.
func (s *Server) addArtifacts(_ any, stream grpc.ServerStream) error {
	in := incoming{data: map[string][]byte{}, broken: map[string]bool{}}
	var session string
	for {
		req := new(wire.AddArtifactsRequest)
		err := stream.RecvMsg(req)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		session = req.GetSessionId()
		s.record(stream.Context(), "AddArtifacts", req)
		if err := in.take(req); err != nil {
			return err
		}
	}
	if in.chunks != 0 {
		return status.Error(codes.Internal, "Missing data chunks for artifact")
	}
	resp, err := s.store(&in)
	if err != nil {
		return err
	}
	resp.SessionId, resp.ServerSideSessionId = session, s.sessionID
	return stream.SendMsg(resp)
}

func (in *incoming) take(req *wire.AddArtifactsRequest) error {
	for _, a := range req.GetBatch().GetArtifacts() {
		in.begin(a.GetName(), a.GetData())
	}
	if begin := req.GetBeginChunk(); begin != nil {
		in.begin(begin.GetName(), begin.GetInitialChunk())
		in.chunks, in.total = begin.GetNumChunks()-1, begin.GetTotalBytes()
		if in.chunks < 1 {
			return status.Error(codes.Internal, "requirement failed") // the real one sees the end only at a further chunk
		}
		return nil
	}
	if chunk := req.GetChunk(); chunk != nil {
		if in.chunks == 0 {
			return status.Error(codes.InvalidArgument, "a chunk of no artifact")
		}
		in.append(in.names[len(in.names)-1], chunk)
		in.chunks--
		return in.ended()
	}
	return nil
}

func (in *incoming) begin(name string, chunk *wire.AddArtifactsRequest_ArtifactChunk) {
	in.names = append(in.names, name)
	in.data[name] = []byte{}
	in.append(name, chunk)
}

func (in *incoming) append(name string, chunk *wire.AddArtifactsRequest_ArtifactChunk) {
	in.data[name] = append(in.data[name], chunk.GetData()...)
	if int64(crc32.ChecksumIEEE(chunk.GetData())) != chunk.GetCrc() {
		in.broken[name] = true
	}
}

func (in *incoming) ended() error {
	if name := in.names[len(in.names)-1]; in.chunks == 0 && int64(len(in.data[name])) != in.total {
		return status.Error(codes.Internal, "Missing data chunks for artifact")
	}
	return nil
}

func (s *Server) store(in *incoming) (*wire.AddArtifactsResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.artifacts.stored == nil {
		s.artifacts.stored = map[string][]byte{}
	}
	resp := &wire.AddArtifactsResponse{}
	for _, name := range in.names {
		var err error
		if s.artifacts.script != nil {
			err = s.artifacts.script(name, in.data[name])
		}
		switch {
		case errors.Is(err, ErrForgotten):
			continue
		case err != nil && !errors.Is(err, ErrDamaged):
			return nil, err
		}
		intact := err == nil && !in.broken[name]
		if intact {
			s.artifacts.stored[name] = in.data[name]
		}
		resp.Artifacts = append(resp.Artifacts, &wire.AddArtifactsResponse_ArtifactSummary{Name: name, IsCrcSuccessful: intact})
	}
	return resp, nil
}

// artifactStatus answers for cached artifacts only, as the real server.
func (s *Server) artifactStatus(req *wire.ArtifactStatusesRequest) (*wire.ArtifactStatusesResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	resp := &wire.ArtifactStatusesResponse{
		SessionId: req.GetSessionId(), ServerSideSessionId: s.sessionID,
		Statuses: map[string]*wire.ArtifactStatusesResponse_ArtifactStatus{},
	}
	for _, name := range req.GetNames() {
		_, exists := s.artifacts.stored[name]
		resp.Statuses[name] = &wire.ArtifactStatusesResponse_ArtifactStatus{Exists: exists && strings.HasPrefix(name, "cache/")}
	}
	return resp, nil
}
