package parquet

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/klauspost/compress/zstd"
)

// Options are the settings of [NewWriter]. Nil and the zero value are the
// defaults.
type Options struct {
	// Zstd compresses pages; default not. It pays where the file travels over a
	// network.
	Zstd bool

	_ struct{}
}

// Writer writes one file. It is not safe for concurrent use.
type Writer struct {
	out      io.Writer
	offset   int64
	layout   *layout
	schema   *arrow.Schema
	chunks   []chunk // of the row group
	rows     int64   // of the row group
	held     int64
	groups   []rowGroup
	total    int64
	encoder  *zstd.Encoder
	shredder shredder
	page     []byte
	closed   bool
}

// chunk is a column of the row group in memory.
type chunk struct {
	pages  []byte
	raw    int64 // bytes before compression, with the headers
	values int64
}

// rowGroup is one that has been written.
type rowGroup struct {
	rows    int64
	columns []writtenChunk
}

type writtenChunk struct {
	offset           int64
	size, raw, count int64
}

const magic = "PAR1"

// NewWriter begins a file of batches of the schema. It writes nothing to out
// before Flush or Close and does not close it.
func NewWriter(out io.Writer, schema *arrow.Schema, opts *Options) (*Writer, error) {
	l, err := newLayout(schema)
	if err != nil {
		return nil, err
	}
	w := &Writer{out: out, layout: l, schema: schema, chunks: make([]chunk, len(l.leaves))}
	if opts != nil && opts.Zstd {
		if w.encoder, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1)); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// Rows returns how many rows have been written.
func (w *Writer) Rows() int64 { return w.total }

// Held returns how many bytes the row group takes in memory.
func (w *Writer) Held() int64 { return w.held }

// Write adds the rows of a batch to the row group. Nothing of the batch is kept.
func (w *Writer) Write(batch arrow.Record) error {
	if err := w.check(batch); err != nil {
		return err
	}
	if batch.NumRows() == 0 {
		return nil
	}
	for i := range w.layout.leaves {
		leaf := &w.layout.leaves[i]
		w.shredder.leaf = leaf
		err := w.shredder.shred(batch.Column(leaf.top))
		if err == nil {
			err = w.addPage(&w.chunks[i], leaf)
		}
		if err != nil {
			return fmt.Errorf("column %q: %w", batch.ColumnName(leaf.top), err)
		}
	}
	w.rows += batch.NumRows()
	w.total += batch.NumRows()
	return nil
}

// check compares the types only: metadata may differ.
func (w *Writer) check(batch arrow.Record) error {
	if int(batch.NumCols()) != w.schema.NumFields() {
		return fmt.Errorf("the batch has %d columns and the file %d", batch.NumCols(), w.schema.NumFields())
	}
	for i, f := range w.schema.Fields() {
		if have := batch.Column(i).DataType(); !arrow.TypeEqual(have, f.Type) {
			return fmt.Errorf("column %q: the batch has the type %s and the file %s", f.Name, have, f.Type)
		}
	}
	return nil
}

var errPage = errors.New("the values of one batch take more than 2 GiB; make smaller batches")

// addPage appends what was shredded as a page to the chunk.
func (w *Writer) addPage(c *chunk, leaf *leafColumn) error {
	s := &w.shredder
	if len(s.vals.out)+len(s.def)+len(s.rep) > math.MaxInt32-1024 {
		return errPage
	}
	w.page = appendLevels(w.page[:0], s.rep, leaf.maxRep)
	w.page = appendLevels(w.page, s.def, leaf.maxDef)
	w.page = append(w.page, s.vals.out...)
	body := w.page
	if w.encoder != nil {
		body = w.encoder.EncodeAll(w.page, nil)
	}
	header := pageHeader(len(w.page), len(body), len(s.def))
	c.pages = append(append(c.pages, header...), body...)
	c.raw += int64(len(header) + len(w.page))
	c.values += int64(len(s.def))
	w.held += int64(len(header) + len(body))
	return nil
}

// Flush writes the row group, if there is anything in it.
func (w *Writer) Flush() error {
	if w.rows == 0 {
		return nil
	}
	if err := w.begin(); err != nil {
		return err
	}
	group := rowGroup{rows: w.rows}
	for i := range w.chunks {
		c := &w.chunks[i]
		group.columns = append(group.columns, writtenChunk{offset: w.offset, size: int64(len(c.pages)), raw: c.raw, count: c.values})
		if err := w.write(c.pages); err != nil {
			return err
		}
		*c = chunk{pages: c.pages[:0]}
	}
	w.groups = append(w.groups, group)
	w.rows, w.held = 0, 0
	return nil
}

// Close writes what is left and ends the file, which is a whole one also without
// rows. It works twice.
func (w *Writer) Close() error {
	if w.closed {
		return nil
	}
	w.closed = true
	if err := errors.Join(w.begin(), w.Flush()); err != nil {
		return err
	}
	return w.write(w.footer())
}

func (w *Writer) begin() error {
	if w.offset > 0 {
		return nil
	}
	return w.write([]byte(magic))
}

func (w *Writer) write(data []byte) error {
	n, err := w.out.Write(data)
	w.offset += int64(n)
	return err
}
