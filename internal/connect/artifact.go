package connect

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"

	"google.golang.org/grpc"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// ErrArtifactExists is returned for an artifact whose name the session has
// already, with another content.
var ErrArtifactExists = errors.New("the session has another artifact of this name already; a session keeps the first content of a name, so give the new one another name")

const (
	// smallArtifact is the largest artifact that travels whole, in one message
	// with others of its kind.
	smallArtifact = 32 << 10
	// artifactChunk is the size of the pieces of a larger one.
	artifactChunk = 256 << 10
)

// Artifact is a file for the session.
type Artifact struct {
	// Name tells the server what the artifact is for, for example "jars/x.jar";
	// see [CheckArtifactName].
	Name string
	// Data is read once, to exactly Size bytes.
	Data io.Reader
	// Size is the length of Data in bytes.
	Size int64
}

// AddArtifacts sends artifacts to the session, all or none: the server takes
// them over when the last one has arrived. It holds one chunk at a time in
// memory and blocks until the server has confirmed the checksum of each.
//
// artifacts is pulled while sending; when it yields an error, the upload is
// given up and that error is returned. An artifact that the session has with the
// same content is no error; one with another content is [ErrArtifactExists].
func (c *Conn) AddArtifacts(ctx context.Context, artifacts iter.Seq2[Artifact, error]) error {
	if c.closed.Load() {
		return ErrClosed
	}
	u := upload{conn: c, pending: map[string]bool{}}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for a, err := range artifacts {
		if err == nil {
			err = u.add(ctx, a)
		}
		if err != nil {
			u.giveUp(cancel)
			return err
		}
	}
	if err := u.finish(ctx); err != nil {
		u.giveUp(cancel)
		return err
	}
	return nil
}

// Artifacts gives a few artifacts in the form that [Conn.AddArtifacts] takes.
func Artifacts(all ...Artifact) iter.Seq2[Artifact, error] {
	return func(yield func(Artifact, error) bool) {
		for _, a := range all {
			if !yield(a, nil) {
				return
			}
		}
	}
}

// upload is the state of one AddArtifacts call.
type upload struct {
	conn    *Conn
	stream  grpc.ClientStream // nil before the first message
	batch   []*wire.AddArtifactsRequest_SingleChunkArtifact
	batched int64
	pending map[string]bool // names sent
}

func (u *upload) add(ctx context.Context, a Artifact) error {
	if err := CheckArtifactName(a.Name); err != nil {
		return err
	}
	switch {
	case u.pending[a.Name]:
		return fmt.Errorf("the artifact %q is there twice", a.Name)
	case a.Data == nil || a.Size < 0:
		return fmt.Errorf("the artifact %q has no data", a.Name)
	}
	u.pending[a.Name] = true
	err := u.send(ctx, a)
	if err != nil {
		return fmt.Errorf("upload the artifact %q: %w", a.Name, err)
	}
	return nil
}

func (u *upload) send(ctx context.Context, a Artifact) error {
	if a.Size > smallArtifact {
		if err := u.flush(ctx); err != nil {
			return err
		}
		return u.sendChunks(ctx, a)
	}
	data, err := readChunk(a.Data, a.Size, true)
	if err != nil {
		return err
	}
	if u.batched+a.Size > smallArtifact {
		if err := u.flush(ctx); err != nil {
			return err
		}
	}
	u.batch = append(u.batch, &wire.AddArtifactsRequest_SingleChunkArtifact{Name: a.Name, Data: data})
	u.batched += a.Size
	return nil
}

// flush sends the small artifacts that have gathered.
func (u *upload) flush(ctx context.Context) error {
	if len(u.batch) == 0 {
		return nil
	}
	batch := &wire.AddArtifactsRequest_Batch{Artifacts: u.batch}
	u.batch, u.batched = nil, 0
	return u.message(ctx, &wire.AddArtifactsRequest{Payload: &wire.AddArtifactsRequest_Batch_{Batch: batch}})
}

func (u *upload) sendChunks(ctx context.Context, a Artifact) error {
	// Spark does not notice the end of an artifact of one chunk, so that there
	// are two at least.
	step := min(artifactChunk, (a.Size+1)/2)
	chunks := (a.Size + step - 1) / step
	for i := range chunks {
		size := min(step, a.Size-i*step)
		data, err := readChunk(a.Data, size, i == chunks-1)
		if err != nil {
			return err
		}
		req := &wire.AddArtifactsRequest{Payload: &wire.AddArtifactsRequest_Chunk{Chunk: data}}
		if i == 0 {
			req.Payload = &wire.AddArtifactsRequest_BeginChunk{BeginChunk: &wire.AddArtifactsRequest_BeginChunkedArtifact{
				Name: a.Name, TotalBytes: a.Size, NumChunks: chunks, InitialChunk: data,
			}}
		}
		if err := u.message(ctx, req); err != nil {
			return err
		}
	}
	return nil
}

// readChunk reads exactly size bytes. After the last chunk nothing may follow.
func readChunk(r io.Reader, size int64, last bool) (*wire.AddArtifactsRequest_ArtifactChunk, error) {
	data := make([]byte, size)
	if n, err := io.ReadFull(r, data); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("the data ends %d bytes before the size that was given", size-int64(n))
	} else if err != nil {
		return nil, fmt.Errorf("read the data: %w", err)
	}
	if last {
		switch n, err := io.ReadFull(r, make([]byte, 1)); {
		case n > 0:
			return nil, errors.New("the data goes on after the size that was given")
		case !errors.Is(err, io.EOF):
			return nil, fmt.Errorf("read the data: %w", err)
		}
	}
	return &wire.AddArtifactsRequest_ArtifactChunk{Data: data, Crc: int64(crc32.ChecksumIEEE(data))}, nil
}

// message sends one request, the first of which opens the stream.
func (u *upload) message(ctx context.Context, req *wire.AddArtifactsRequest) error {
	c := u.conn
	if u.stream == nil {
		s, err := c.grpc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true}, servicePrefix+"AddArtifacts")
		if err != nil {
			return err
		}
		u.stream = s
	}
	req.SessionId, req.UserContext, req.ClientType = c.sessionID, c.userContext(), &c.agent
	err := u.stream.SendMsg(req)
	if errors.Is(err, io.EOF) {
		err = u.stream.RecvMsg(new(wire.AddArtifactsResponse)) // gRPC's way to say: RecvMsg knows the reason
		if err == nil || errors.Is(err, io.EOF) {
			err = errors.New("the server ended the upload before all was sent")
		}
	}
	return artifactError(err)
}

// finish ends the stream and reads what the server made of it.
func (u *upload) finish(ctx context.Context) error {
	err := u.flush(ctx)
	if u.stream == nil || err != nil {
		return err
	}
	if err := u.stream.CloseSend(); err != nil {
		return artifactError(err)
	}
	var resp wire.AddArtifactsResponse
	if err := u.stream.RecvMsg(&resp); err != nil {
		return fmt.Errorf("upload artifacts: %w", artifactError(err))
	}
	if err := u.stream.RecvMsg(new(wire.AddArtifactsResponse)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("upload artifacts: %w", artifactError(err))
	}
	return u.verify(&resp)
}

// verify holds the server's summaries against what was sent.
func (u *upload) verify(resp *wire.AddArtifactsResponse) error {
	for _, summary := range resp.GetArtifacts() {
		if !summary.GetIsCrcSuccessful() {
			return fmt.Errorf("upload the artifact %q: it arrived damaged, its checksum is wrong", summary.GetName())
		}
		delete(u.pending, summary.GetName())
	}
	for name := range u.pending {
		return fmt.Errorf("upload the artifact %q: the server did not confirm it", name)
	}
	return nil
}

// giveUp ends the call before its time. The server forgets what it has got.
func (u *upload) giveUp(cancel context.CancelFunc) {
	cancel()
	if u.stream == nil {
		return
	}
	for u.stream.RecvMsg(new(wire.AddArtifactsResponse)) == nil { // until the call has ended
	}
}

func artifactError(err error) error {
	var spark *component.SparkError
	if errors.As(err, &spark) && spark.Class == "ARTIFACT_ALREADY_EXISTS" {
		return fmt.Errorf("%w: %w", ErrArtifactExists, err)
	}
	return err
}

// ArtifactsExist reports for each name whether the session has an artifact of
// it. Spark answers only for names with cache/ in front: of jars and files it
// always says no. It blocks for one round trip.
func (c *Conn) ArtifactsExist(ctx context.Context, names ...string) ([]bool, error) {
	req := &wire.ArtifactStatusesRequest{SessionId: c.sessionID, UserContext: c.userContext(), ClientType: &c.agent, Names: names}
	var resp wire.ArtifactStatusesResponse
	if err := c.invoke(ctx, "ArtifactStatus", req, &resp); err != nil {
		return nil, fmt.Errorf("ask for artifacts: %w", err)
	}
	out := make([]bool, len(names))
	for i, name := range names {
		out[i] = resp.GetStatuses()[name].GetExists()
	}
	return out, nil
}
