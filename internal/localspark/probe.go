package localspark

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protowire"
)

// Methods and field numbers of spark.connect that the probe uses. A test
// compares the numbers with the descriptors of the client library.
const (
	methodAnalyze = "/spark.connect.SparkConnectService/AnalyzePlan"
	methodExecute = "/spark.connect.SparkConnectService/ExecutePlan"
	methodRelease = "/spark.connect.SparkConnectService/ReleaseSession"

	fieldSessionID       = 1
	fieldUserContext     = 2
	fieldUserID          = 1
	fieldAnalyzeVersion  = 10
	fieldAnalyzedVersion = 8
	fieldVersionText     = 1
	fieldExecutePlan     = 3
	fieldPlanRoot        = 1
	fieldRelationSQL     = 10
	fieldSQLQuery        = 1
)

// rawCodec sends and receives bytes as they are.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) ([]byte, error) {
	if message, ok := v.(*[]byte); ok {
		return *message, nil
	}
	return nil, fmt.Errorf("marshal %T", v)
}

func (rawCodec) Unmarshal(data []byte, v any) error {
	message, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("unmarshal into %T", v)
	}
	*message = append((*message)[:0], data...)
	return nil
}

// probe is a session of its own on a server, released by close.
type probe struct {
	conn *grpc.ClientConn
	head []byte // session and user, the beginning of every request
	open bool   // the server knows the session
}

func dialProbe(address string) (*probe, error) {
	conn, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithNoProxy(),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{}), grpc.WaitForReady(true)))
	if err != nil {
		return nil, err
	}
	head := stringField(fieldSessionID, uuid.NewString())
	head = appendBytes(head, fieldUserContext, stringField(fieldUserID, "sparkpipe"))
	return &probe{conn: conn, head: head}, nil
}

// version asks the server for its version.
func (p *probe) version(ctx context.Context) (string, error) {
	request := appendBytes(clone(p.head), fieldAnalyzeVersion, nil)
	var answer []byte
	if err := p.conn.Invoke(ctx, methodAnalyze, &request, &answer); err != nil {
		return "", err
	}
	p.open = true
	version := string(findBytes(findBytes(answer, fieldAnalyzedVersion), fieldVersionText))
	if version == "" {
		return "", errors.New("the answer holds no version")
	}
	return version, nil
}

// run executes a query and throws its rows away.
func (p *probe) run(ctx context.Context, query string) error {
	relation := appendBytes(nil, fieldRelationSQL, stringField(fieldSQLQuery, query))
	request := appendBytes(clone(p.head), fieldExecutePlan, appendBytes(nil, fieldPlanRoot, relation))
	stream, err := p.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, methodExecute)
	if err != nil {
		return err
	}
	p.open = true
	if err := stream.SendMsg(&request); err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for {
		var answer []byte
		if err := stream.RecvMsg(&answer); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// close releases the session, so that the server does not keep it.
func (p *probe) close(ctx context.Context) {
	if p.open {
		request, answer := clone(p.head), []byte(nil)
		_ = p.conn.Invoke(ctx, methodRelease, &request, &answer)
	}
	_ = p.conn.Close()
}

// withToken adds the token that the server asks for, if any.
func withToken(ctx context.Context, token string) context.Context {
	if token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

func clone(message []byte) []byte { return append([]byte(nil), message...) }

func appendBytes(to []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(to, field, protowire.BytesType), value)
}

func stringField(field protowire.Number, value string) []byte {
	return appendBytes(nil, field, []byte(value))
}

// findBytes returns the last value of a field, nil if there is none or the
// message is broken.
func findBytes(message []byte, field protowire.Number) []byte {
	var found []byte
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil
		}
		message = message[n:]
		if number == field && kind == protowire.BytesType {
			value, n := protowire.ConsumeBytes(message)
			if n < 0 {
				return nil
			}
			found, message = value, message[n:]
			continue
		}
		if n = protowire.ConsumeFieldValue(number, kind, message); n < 0 {
			return nil
		}
		message = message[n:]
	}
	return found
}
