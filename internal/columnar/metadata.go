package columnar

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The head of a message is a FlatBuffer. arrow-go believes the lengths in it and
// allocates by them, so they are checked here before it sees them: each list
// must lie within the head, and all fields together cannot be more than the head
// has bytes.

// Slots of the tables, in the order of Arrow's Message.fbs and Schema.fbs.
const (
	messageHeaderType, messageHeader      = 1, 2
	schemaFields, schemaMetadata          = 1, 2
	fieldTypeKind, fieldDictionary        = 2, 4
	fieldChildren, fieldMetadata          = 5, 6
	headerSchema, headerRecordBatch  byte = 1, 3
	kindUnion                        byte = 14
)

// maxDepth is how deep types may be nested, far more than Spark's can be written.
const maxDepth = 64

var errHead = errors.New("a message has a head that cannot be read")

// checkHead checks the head of a message.
func checkHead(head []byte) error {
	h := headChecker{data: head, left: len(head)}
	root, ok := h.pointer(0)
	if !ok {
		return errHead
	}
	switch kind := h.byteAt(root, messageHeaderType); kind {
	case headerRecordBatch:
		return nil // nothing in it is allocated by its length
	case headerSchema:
		schema, ok := h.table(root, messageHeader)
		if !ok {
			return errHead
		}
		if _, ok := h.vector(schema, schemaMetadata); !ok {
			return errHead
		}
		return h.fields(schema, schemaFields, 0)
	default:
		return fmt.Errorf("a message of the kind %d is not known here", kind)
	}
}

type headChecker struct {
	data []byte
	left int // fields that may still come
}

// fields checks a list of fields and their children.
func (h *headChecker) fields(table, slot, depth int) error {
	list, ok := h.vector(table, slot)
	if !ok || depth > maxDepth {
		return errHead
	}
	for i := range list.n {
		h.left--
		field, ok := h.pointer(list.at + 4*i)
		if !ok || h.left < 0 {
			return errHead
		}
		if _, ok := h.vector(field, fieldMetadata); !ok {
			return errHead
		}
		if h.byteAt(field, fieldTypeKind) == kindUnion {
			return errors.New("a column is a union, which is not known here")
		}
		if _, has := h.table(field, fieldDictionary); has {
			return errors.New("a column has a dictionary, which is not known here")
		}
		if err := h.fields(field, fieldChildren, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// pointer follows the offset at a place.
func (h *headChecker) pointer(at int) (int, bool) {
	if at < 0 || at+4 > len(h.data) {
		return 0, false
	}
	to := at + int(binary.LittleEndian.Uint32(h.data[at:]))
	return to, to+4 <= len(h.data)
}

// slot finds a field of a table, which may be left out.
func (h *headChecker) slot(table, slot int) (at int, has bool) {
	if table < 0 || table+4 > len(h.data) {
		return 0, false
	}
	vtable := table - int(int32(binary.LittleEndian.Uint32(h.data[table:])))
	if vtable < 0 || vtable+2 > len(h.data) {
		return 0, false
	}
	size, entry := int(binary.LittleEndian.Uint16(h.data[vtable:])), 4+2*slot
	if entry >= size || vtable+entry+2 > len(h.data) {
		return 0, false
	}
	offset := int(binary.LittleEndian.Uint16(h.data[vtable+entry:]))
	return table + offset, offset != 0
}

// byteAt gives a byte, 0 for one that is left out.
func (h *headChecker) byteAt(table, slot int) byte {
	at, has := h.slot(table, slot)
	if !has || at >= len(h.data) {
		return 0
	}
	return h.data[at]
}

func (h *headChecker) table(table, slot int) (int, bool) {
	at, has := h.slot(table, slot)
	if !has {
		return 0, false
	}
	return h.pointer(at)
}

// vector is a list of n offsets from a place on.
type vector struct{ at, n int }

// vector finds a list, which may be left out.
func (h *headChecker) vector(table, slot int) (vector, bool) {
	at, has := h.slot(table, slot)
	if !has {
		return vector{}, true
	}
	start, ok := h.pointer(at)
	if !ok {
		return vector{}, false
	}
	n := int(binary.LittleEndian.Uint32(h.data[start:]))
	return vector{at: start + 4, n: n}, n <= (len(h.data)-start-4)/4
}
