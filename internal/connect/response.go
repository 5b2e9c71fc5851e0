package connect

import (
	"slices"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// completeExecute makes an ExecutePlanRequest reattachable, gives it an operation
// id unless it has one, and adds the tags. The message may be the client's or
// ours: the names of the fields are the same. One that is recorded and may have
// an effect gets an id of [recordedID].
func completeExecute(m protoreflect.Message, tags []string, recorded bool) (op Operation) {
	fields := m.Descriptor().Fields()
	if field := fields.ByName("plan"); field != nil {
		plan := m.Get(field).Message()
		if op.Kind = kindOf(plan); op.Kind == OperationView {
			op.View = viewOf(plan)
		}
	}
	if id := fields.ByName("operation_id"); id != nil {
		switch {
		case recorded && op.Kind.HasEffect():
			m.Set(id, protoreflect.ValueOfString(recordedID()))
		case !m.Has(id):
			m.Set(id, protoreflect.ValueOfString(uuid.NewString()))
		}
		op.ID = m.Get(id).String()
	}
	if field := fields.ByName("request_options"); field != nil {
		m.Clear(field)
		option := m.Mutable(field).List().AppendMutable().Message()
		reattach := option.Mutable(option.Descriptor().Fields().ByName("reattach_options")).Message()
		reattach.Set(reattach.Descriptor().Fields().ByName("reattachable"), protoreflect.ValueOfBool(true))
	}
	if field := fields.ByName("tags"); field != nil {
		op.Tags = addTags(m.Mutable(field).List(), tags)
	}
	return op
}

// addTags adds those that the list lacks and returns all.
func addTags(list protoreflect.List, tags []string) []string {
	have := make([]string, list.Len())
	for i := range have {
		have[i] = list.Get(i).String()
	}
	for _, tag := range tags {
		if !slices.Contains(have, tag) {
			list.Append(protoreflect.ValueOfString(tag))
			have = append(have, tag)
		}
	}
	return have
}

// response is what an execution itself wants to know of a response.
type response struct {
	id       string
	size     int // of the rows, in bytes
	rows     int64
	complete bool
	progress *wire.ExecutePlanResponse_ExecutionProgress
	observed []*wire.ExecutePlanResponse_ObservedMetrics
}

// responseView reads responses of the client's type or ours. It remembers the
// descriptors of the former.
type responseView struct {
	of                                                  protoreflect.MessageDescriptor
	id, batch, data, rows, complete, progress, observed protoreflect.FieldDescriptor
}

func (v *responseView) read(m any) response {
	if ours, ok := m.(*wire.ExecutePlanResponse); ok {
		return response{
			id: ours.GetResponseId(), size: len(ours.GetArrowBatch().GetData()), complete: ours.GetResultComplete() != nil,
			progress: ours.GetExecutionProgress(), observed: ours.GetObservedMetrics(), rows: ours.GetArrowBatch().GetRowCount(),
		}
	}
	msg, ok := m.(proto.Message)
	if !ok {
		return response{}
	}
	r := msg.ProtoReflect()
	v.learn(r.Descriptor())
	if v.observed == nil {
		return response{}
	}
	seen := response{id: r.Get(v.id).String(), complete: r.Has(v.complete)}
	if r.Has(v.batch) {
		batch := r.Get(v.batch).Message()
		seen.size, seen.rows = len(batch.Get(v.data).Bytes()), batch.Get(v.rows).Int()
	}
	if r.Has(v.progress) || r.Has(v.observed) {
		var ours wire.ExecutePlanResponse
		if data, err := proto.Marshal(msg); err == nil && proto.Unmarshal(data, &ours) == nil {
			seen.progress, seen.observed = ours.GetExecutionProgress(), ours.GetObservedMetrics()
		}
	}
	return seen
}

func (v *responseView) learn(of protoreflect.MessageDescriptor) {
	if v.of == of {
		return
	}
	fields := of.Fields()
	*v = responseView{
		of: of, id: fields.ByName("response_id"), batch: fields.ByName("arrow_batch"), complete: fields.ByName("result_complete"),
		progress: fields.ByName("execution_progress"), observed: fields.ByName("observed_metrics"),
	}
	if v.batch != nil {
		v.data, v.rows = v.batch.Message().Fields().ByName("data"), v.batch.Message().Fields().ByName("row_count")
	}
}

// tell hands out what a response brings beside its rows.
func (e *execution) tell(seen response) {
	if report := progressOf(e.ctx); report != nil && seen.progress != nil {
		report(newProgress(e.operationID, seen.progress))
	}
	if len(seen.observed) > 0 {
		e.conn.observed(seen.observed)
	}
}
