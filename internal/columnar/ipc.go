package columnar

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// errDamaged is the cause of everything that is wrong with the bytes themselves.
var errDamaged = errors.New("the Arrow data is damaged")

// Read calls handle with each record batch of an Arrow IPC stream and returns
// the stream's schema. The records lie in data itself, which must not be changed
// as long as one is used; a record is valid until handle returns, unless it is
// retained. An error of handle ends the reading and is returned as it is.
//
// arrow-go panics on some damaged input. This is where such a panic becomes an
// error; a record that was handed out has been checked so far that reading its
// values cannot panic.
func Read(data []byte, handle func(arrow.Record) error) (*arrow.Schema, error) {
	r, err := newStreamReader(data)
	if err != nil {
		return nil, err
	}
	for {
		record, err := r.next()
		if record == nil || err != nil {
			return r.schema, err
		}
		if err := handle(record); err != nil {
			return r.schema, err
		}
	}
}

// streamReader reads the records of one stream.
type streamReader struct {
	schema *arrow.Schema
	ipc    *ipc.Reader
}

func newStreamReader(data []byte) (r *streamReader, err error) {
	defer recovered(&err)
	in, err := ipc.NewReaderFromMessageReader(&messages{data: data}, ipc.WithAllocator(&allocator{left: 64<<20 + 256*len(data)}))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if err := checkSchema(in.Schema()); err != nil {
		return nil, err
	}
	return &streamReader{schema: in.Schema(), ipc: in}, nil
}

// next returns the next record, nil after the last.
func (r *streamReader) next() (record arrow.Record, err error) {
	defer recovered(&err)
	if !r.ipc.Next() {
		if err := r.ipc.Err(); err != nil {
			return nil, fmt.Errorf("%w: %w", errDamaged, err)
		}
		return nil, nil
	}
	record = r.ipc.Record()
	if err := checkRecord(record); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return record, nil
}

// recovered makes an error of a panic of arrow-go.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", errDamaged, p)
	}
}

// messages cuts the stream into messages without a copy. The reader of arrow-go
// would copy every byte, and allocate whatever length the data claim.
type messages struct{ data []byte }

const continuation = math.MaxUint32

// Message implements [ipc.MessageReader].
func (m *messages) Message() (*ipc.Message, error) {
	length, ok := m.length()
	if !ok || length == 0 {
		return nil, io.EOF
	}
	meta, ok := m.take(int64(length))
	if !ok {
		return nil, errors.New("a message is cut off")
	}
	if err := checkHead(meta); err != nil {
		return nil, err
	}
	head := ipc.NewMessage(memory.NewBufferBytes(meta), memory.NewBufferBytes(nil))
	body, ok := m.take(head.BodyLen())
	if !ok {
		return nil, errors.New("the body of a message is cut off")
	}
	return ipc.NewMessage(memory.NewBufferBytes(meta), memory.NewBufferBytes(body)), nil
}

// length reads the length of the next message's head, with the mark before it
// that streams have since Arrow 0.15.
func (m *messages) length() (uint32, bool) {
	word, ok := m.take(4)
	if ok && binary.LittleEndian.Uint32(word) == continuation {
		word, ok = m.take(4)
	}
	if !ok {
		return 0, false
	}
	return binary.LittleEndian.Uint32(word), true
}

func (m *messages) take(n int64) ([]byte, bool) {
	if n < 0 || n > int64(len(m.data)) {
		return nil, false
	}
	out := m.data[:n:n]
	m.data = m.data[n:]
	return out, true
}

// Retain implements [ipc.MessageReader]; the memory is the garbage collector's.
func (*messages) Retain() {}

// Release implements [ipc.MessageReader].
func (*messages) Release() {}

// allocator gives memory for what a compressed stream unpacks to, as long as
// that is in a sane proportion to its length.
type allocator struct{ left int }

// Allocate implements [memory.Allocator].
func (a *allocator) Allocate(size int) []byte {
	if size < 0 || size > a.left {
		panic(fmt.Sprintf("it unpacks to more than %d bytes", a.left))
	}
	a.left -= size
	return make([]byte, size)
}

// Reallocate implements [memory.Allocator].
func (a *allocator) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	out := a.Allocate(size)
	copy(out, b)
	return out
}

// Free implements [memory.Allocator].
func (*allocator) Free([]byte) {}
