package parquet

import "encoding/binary"

// Types of the compact protocol of Thrift, in which Parquet keeps its metadata.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftI32    = 5
	thriftI64    = 6
	thriftBinary = 8
	thriftList   = 9
	thriftStruct = 12
)

// thrift writes a struct in the compact protocol.
type thrift struct {
	buf  []byte
	last []int // the last field number of each open struct
}

// open begins the outermost struct.
func (t *thrift) open() { t.last = append(t.last, 0) }

// end ends the innermost struct.
func (t *thrift) end() {
	t.buf = append(t.buf, 0)
	t.last = t.last[:len(t.last)-1]
}

// field begins a field. Numbers rise within a struct.
func (t *thrift) field(number, kind int) {
	last := &t.last[len(t.last)-1]
	if delta := number - *last; delta > 0 && delta <= 15 {
		t.buf = append(t.buf, byte(delta<<4|kind))
	} else {
		t.buf = binary.AppendVarint(append(t.buf, byte(kind)), int64(number))
	}
	*last = number
}

func (t *thrift) i32(number, value int) {
	t.field(number, thriftI32)
	t.number(int64(value))
}

func (t *thrift) i64(number int, value int64) {
	t.field(number, thriftI64)
	t.number(value)
}

func (t *thrift) bool(number int, value bool) {
	if value {
		t.field(number, thriftTrue)
	} else {
		t.field(number, thriftFalse)
	}
}

func (t *thrift) text(number int, value string) {
	t.field(number, thriftBinary)
	t.string(value)
}

// structure begins a field that is a struct.
func (t *thrift) structure(number int) {
	t.field(number, thriftStruct)
	t.open()
}

// list begins a field that is a list of n elements, which follow without
// headers: number and string, or open and end.
func (t *thrift) list(number, kind, n int) {
	t.field(number, thriftList)
	if n < 15 {
		t.buf = append(t.buf, byte(n<<4|kind))
		return
	}
	t.buf = binary.AppendUvarint(append(t.buf, byte(0xf0|kind)), uint64(n))
}

// number appends a number in zigzag form.
func (t *thrift) number(value int64) { t.buf = binary.AppendVarint(t.buf, value) }

func (t *thrift) string(value string) {
	t.buf = append(binary.AppendUvarint(t.buf, uint64(len(value))), value...)
}
