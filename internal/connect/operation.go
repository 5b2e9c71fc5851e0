package connect

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// OperationKind says what an operation can do.
type OperationKind string

// The kinds of operations.
const (
	// OperationQuery reads: its plan is a relation.
	OperationQuery OperationKind = "query"
	// OperationView registers a temporary view.
	OperationView OperationKind = "view"
	// OperationSession changes nothing but the session: it registers a function,
	// makes a checkpoint of a DataFrame or gives one up, asks for resources or asks
	// about, waits for or stops a streaming query.
	OperationSession OperationKind = "session"
	// OperationWrite writes a DataFrame, merges one into a table or starts a
	// streaming query.
	OperationWrite OperationKind = "write"
	// OperationSQL runs a text of SQL, whatever that does.
	OperationSQL OperationKind = "sql"
	// OperationOther is any other command.
	OperationOther OperationKind = "other"
)

// HasEffect reports whether an operation of the kind may change something that
// outlives the session.
func (k OperationKind) HasEffect() bool {
	return k != OperationQuery && k != OperationView && k != OperationSession
}

// Operation is an execution that is about to be sent.
type Operation struct {
	// ID is a UUID.
	ID   string
	Kind OperationKind
	// View is the temporary view that it registers, with "global_temp." before a
	// global one; empty unless the kind is OperationView.
	View string
	// Tags are those that it carries on the server.
	Tags []string
}

type recorderKey struct{}

// WithRecorder returns a context under which record is told of every execution
// before anything of it is sent, after the recorders that ctx has already.
// record is called from the goroutine of the caller; when it returns an error,
// nothing is sent and the call fails with that error.
func WithRecorder(ctx context.Context, record func(ctx context.Context, op Operation) error) context.Context {
	all := record
	if outer := recorderOf(ctx); outer != nil {
		all = func(ctx context.Context, op Operation) error {
			if err := outer(ctx, op); err != nil {
				return err
			}
			return record(ctx, op)
		}
	}
	return context.WithValue(ctx, recorderKey{}, all)
}

func recorderOf(ctx context.Context) func(context.Context, Operation) error {
	f, _ := ctx.Value(recorderKey{}).(func(context.Context, Operation) error)
	return f
}

// record tells the recorders of the caller's context.
func (e *execution) record(op Operation) error {
	record := recorderOf(e.ctx)
	if record == nil {
		return nil
	}
	if err := record(e.ctx, op); err != nil {
		err = fmt.Errorf("record the Spark operation %s before it is sent: %w", op.ID, err)
		return e.link.newError(status.New(codes.Aborted, err.Error()), err, e.ctx.Err())
	}
	e.kept = op.Kind.HasEffect()
	return nil
}

// commandKinds are the kinds of the commands by the numbers of their fields in
// spark.connect.Command.
var commandKinds = map[protoreflect.FieldNumber]OperationKind{
	1:  OperationSession, // register_function
	2:  OperationWrite,   // write_operation
	3:  OperationView,    // create_dataframe_view
	4:  OperationWrite,   // write_operation_v2
	5:  OperationSQL,     // sql_command
	6:  OperationWrite,   // write_stream_operation_start
	7:  OperationSession, // streaming_query_command
	8:  OperationSession, // get_resources_command
	9:  OperationSession, // streaming_query_manager_command
	10: OperationSession, // register_table_function
	11: OperationSession, // streaming_query_listener_bus_command
	12: OperationSession, // register_data_source
	13: OperationSession, // create_resource_profile_command
	14: OperationSession, // checkpoint_command
	15: OperationSession, // remove_cached_remote_relation_command
	16: OperationWrite,   // merge_into_table_command
}

// kindOf returns the kind of a plan, the client's message or ours.
func kindOf(plan protoreflect.Message) OperationKind {
	fields := plan.Descriptor().Fields()
	command := fields.ByName("command")
	if !plan.Has(command) {
		if plan.Has(fields.ByName("root")) {
			return OperationQuery
		}
		return OperationOther
	}
	if kind, ok := commandKinds[commandNumber(plan.Get(command).Message())]; ok {
		return kind
	}
	return OperationOther
}

// commandNumber is the number of the field that a command has set, which our own
// message may not know by name.
func commandNumber(m protoreflect.Message) (number protoreflect.FieldNumber) {
	m.Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		number = field.Number()
		return false
	})
	if number == 0 {
		number, _, _ = protowire.ConsumeTag(m.GetUnknown())
	}
	return number
}

// viewOf returns the name of the view that a plan of the kind OperationView
// registers.
func viewOf(plan protoreflect.Message) string {
	command := plan.Get(plan.Descriptor().Fields().ByName("command")).Message()
	view := command.Get(command.Descriptor().Fields().ByName("create_dataframe_view")).Message()
	fields := view.Descriptor().Fields()
	name := view.Get(fields.ByName("name")).String()
	if view.Get(fields.ByName("is_global")).Bool() {
		name = "global_temp." + name
	}
	return name
}
