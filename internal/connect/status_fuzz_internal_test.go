package connect

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/sparkpipe/sparkpipe/component"
)

// FuzzErrorDetails reads statuses whose details are anything.
func FuzzErrorDetails(f *testing.F) {
	f.Add(uint32(13), "[A_B] no SQLSTATE: 42000", "A_B", "42000", "id", `{"a":"b"}`, "java.lang.X", "", []byte{})
	f.Add(uint32(14), `connection error: desc = "transport: Error while dialing: dial tcp"`, "", "", "", `{"a":1}`, "", "type.googleapis.com/google.rpc.ErrorInfo", []byte{0x0a, 0x7f})
	f.Add(uint32(99), "\n[\xff", "INVALID_HANDLE.SESSION_CLOSED", "HY000", "\x00", "{", "\xff", "type.googleapis.com/nothing", []byte{8})
	f.Add(uint32(16), `connection error: desc = "`, "", "\n", "", "null", "", "/", []byte("\x1a\x03\x0a\x01a"))
	addr, err := ParseAddress("sc://h:1")
	require.NoError(f, err)
	l, err := newLink(addr, Options{})
	require.NoError(f, err)
	f.Cleanup(func() {
		l.watch.background.stop()
		_ = l.grpc.Close()
	})
	conn := &Conn{link: l}
	f.Fuzz(func(t *testing.T, code uint32, message, class, state, id, params, java, url string, raw []byte) {
		info, err := anypb.New(&errdetails.ErrorInfo{Reason: java, Metadata: map[string]string{
			"errorClass": class, "sqlState": state, "errorId": id, "messageParameters": params,
		}})
		details := []*anypb.Any{{TypeUrl: url, Value: raw}}
		if err == nil { // else a text is no UTF-8, which nothing sends
			details = append(details, info)
		}
		st := status.FromProto(&rpcstatus.Status{Code: int32(code), Message: message, Details: details})
		got := conn.callError(t.Context(), st.Err(), "op")
		if code == 0 {
			require.NoError(t, got)
			return
		}
		var spark *component.SparkError
		require.ErrorAs(t, got, &spark)
		require.NotEmpty(t, fmt.Sprintf("%v %+v %#v", got, got, spark.Parameters))
		require.Equal(t, st.Code(), status.Code(got))
		_ = classOf(st)
		again := conn.Error(t.Context(), fmt.Errorf("count: %w", got))
		require.ErrorIs(t, again, errors.Unwrap(again))
		if len(details) < 2 {
			return
		}
		require.Equal(t, []string{class, state, id, java}, []string{spark.Class, spark.SQLState, spark.ErrorID, spark.JavaClass})
		var want map[string]string
		if json.Unmarshal([]byte(params), &want) == nil {
			require.Equal(t, len(want), len(spark.Parameters))
		}
		require.Equal(t, id != "", spark.Fetch != nil)
	})
}
