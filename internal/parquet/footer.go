package parquet

import "encoding/binary"

// Numbers of the format that stand in the metadata.
const (
	formatVersion = 2
	pageData      = 0
	encodingPlain = 0
	encodingRLE   = 3
	codecNone     = 0
	codecZstd     = 6

	logicalTimestamp = 8
	unitMicros       = 2

	createdBy = "sparkpipe version 1"
)

// pageHeader gives the header of a data page.
func pageHeader(raw, size, values int) []byte {
	var t thrift
	t.open()
	t.i32(1, pageData)
	t.i32(2, raw)
	t.i32(3, size)
	t.structure(5)
	t.i32(1, values)
	t.i32(2, encodingPlain)
	t.i32(3, encodingRLE)
	t.i32(4, encodingRLE)
	t.end()
	t.end()
	return t.buf
}

// footer gives the end of the file: the metadata, their length, the magic word.
func (w *Writer) footer() []byte {
	var t thrift
	t.open()
	t.i32(1, formatVersion)
	t.list(2, thriftStruct, len(w.layout.elements))
	for _, e := range w.layout.elements {
		e.write(&t)
	}
	t.i64(3, w.total)
	t.list(4, thriftStruct, len(w.groups))
	for _, g := range w.groups {
		w.writeGroup(&t, g)
	}
	t.text(6, createdBy)
	t.end()
	out := binary.LittleEndian.AppendUint32(t.buf, uint32(len(t.buf)))
	return append(out, magic...)
}

func (e element) write(t *thrift) {
	t.open()
	if e.leaf {
		t.i32(1, e.physical)
	}
	if e.length > 0 {
		t.i32(2, e.length)
	}
	t.i32(3, e.repetition)
	t.text(4, e.name)
	if !e.leaf {
		t.i32(5, e.children)
	}
	if e.converted != noConverted {
		t.i32(6, e.converted)
	}
	if e.precision > 0 {
		t.i32(7, e.scale)
		t.i32(8, e.precision)
	}
	if e.timestamp {
		t.structure(10)
		t.structure(logicalTimestamp)
		t.bool(1, e.utc)
		t.structure(2)
		t.structure(unitMicros)
		t.end()
		t.end()
		t.end()
		t.end()
	}
	t.end()
}

func (w *Writer) writeGroup(t *thrift, g rowGroup) {
	t.open()
	t.list(1, thriftStruct, len(g.columns))
	var total int64
	for i, c := range g.columns {
		total += c.raw
		w.writeChunk(t, &w.layout.leaves[i], c)
	}
	t.i64(2, total)
	t.i64(3, g.rows)
	t.end()
}

func (w *Writer) writeChunk(t *thrift, leaf *leafColumn, c writtenChunk) {
	codec := codecNone
	if w.encoder != nil {
		codec = codecZstd
	}
	t.open()
	t.i64(2, c.offset)
	t.structure(3)
	t.i32(1, leaf.element.physical)
	t.list(2, thriftI32, 2)
	t.number(encodingPlain)
	t.number(encodingRLE)
	t.list(3, thriftBinary, len(leaf.path))
	for _, part := range leaf.path {
		t.string(part)
	}
	t.i32(4, codec)
	t.i64(5, c.count)
	t.i64(6, c.raw)
	t.i64(7, c.size)
	t.i64(9, c.offset)
	t.end()
	t.end()
}
