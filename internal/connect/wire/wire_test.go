package wire_test

import (
	"strings"
	"testing"

	_ "github.com/apache/spark-connect-go/v40/spark/sql" // registers Spark's own messages
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// TestWireNumbers compares every message, field and enum value of ours with
// what the client registers under the same name.
func TestWireNumbers(t *testing.T) {
	t.Parallel()
	checked := 0
	var walk func(protoreflect.MessageDescriptors)
	walk = func(messages protoreflect.MessageDescriptors) {
		for i := range messages.Len() {
			ours := messages.Get(i)
			if ours.IsMapEntry() {
				continue
			}
			theirs := find[protoreflect.MessageDescriptor](t, ours.FullName())
			for j := range ours.Fields().Len() {
				compareField(t, ours.Fields().Get(j), theirs)
				checked++
			}
			for j := range ours.Enums().Len() {
				compareEnum(t, ours.Enums().Get(j))
			}
			walk(ours.Messages())
		}
	}
	walk(wire.File_wire_proto.Messages())
	require.Greater(t, checked, 330)
}

func find[D protoreflect.Descriptor](t *testing.T, name protoreflect.FullName) D {
	t.Helper()
	official := protoreflect.FullName(strings.Replace(string(name), "sparkpipe.wire.", "spark.connect.", 1))
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(official)
	require.NoError(t, err)
	typed, ok := d.(D)
	require.True(t, ok, "%s is a %T", official, d)
	return typed
}

func compareField(t *testing.T, ours protoreflect.FieldDescriptor, in protoreflect.MessageDescriptor) {
	t.Helper()
	theirs := in.Fields().ByName(ours.Name())
	require.NotNil(t, theirs, "%s does not exist", ours.FullName())
	require.Equal(t, theirs.Number(), ours.Number(), "%s", ours.FullName())
	require.Equal(t, theirs.Cardinality(), ours.Cardinality(), "%s", ours.FullName())
	require.Equal(t, theirs.IsMap(), ours.IsMap(), "%s", ours.FullName())
	require.Equal(t, oneof(theirs), oneof(ours), "%s", ours.FullName())
	if ours.IsMap() {
		compareKind(t, ours.MapKey(), theirs.MapKey())
		compareKind(t, ours.MapValue(), theirs.MapValue())
		return
	}
	compareKind(t, ours, theirs)
}

// compareKind accepts bytes of ours for a message of theirs: they are the same
// on the wire.
func compareKind(t *testing.T, ours, theirs protoreflect.FieldDescriptor) {
	t.Helper()
	if ours.Kind() == protoreflect.BytesKind && theirs.Kind() == protoreflect.MessageKind {
		return
	}
	require.Equal(t, theirs.Kind(), ours.Kind(), "%s", ours.FullName())
	if ours.Kind() == protoreflect.MessageKind {
		want := strings.Replace(string(ours.Message().FullName()), "sparkpipe.wire.", "spark.connect.", 1)
		require.Equal(t, want, string(theirs.Message().FullName()), "%s", ours.FullName())
	}
}

func oneof(f protoreflect.FieldDescriptor) string {
	if f.ContainingOneof() == nil {
		return ""
	}
	return string(f.ContainingOneof().Name())
}

func compareEnum(t *testing.T, ours protoreflect.EnumDescriptor) {
	t.Helper()
	theirs := find[protoreflect.EnumDescriptor](t, ours.FullName())
	for i := range ours.Values().Len() {
		value := ours.Values().Get(i)
		official := theirs.Values().ByName(value.Name())
		require.NotNil(t, official, "%s does not exist", value.FullName())
		require.Equal(t, official.Number(), value.Number(), "%s", value.FullName())
	}
}
