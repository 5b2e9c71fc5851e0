package parquet_test

import (
	"encoding/binary"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/parquet"
)

// fuzzCells are the rows of the three columns of FuzzWriter: nil is a null.
type fuzzCells struct {
	longs []*int64
	texts []*string
	lists [][]*string // a nil list is a null too
}

// take makes rows of the bytes of a fuzzer.
func (c *fuzzCells) take(data []byte) {
	text := func() *string {
		if len(data) == 0 || data[0]%5 == 0 {
			data = data[min(1, len(data)):]
			return nil
		}
		n := min(int(data[0]), len(data)-1)
		s := string(data[1 : 1+n])
		data = data[1+n:]
		return &s
	}
	for len(data) > 0 && len(c.longs) < 2000 {
		head := data[0]
		data = data[1:]
		var long *int64
		if head&1 == 1 {
			var b [8]byte
			data = data[copy(b[:], data):]
			n := int64(binary.LittleEndian.Uint64(b[:]))
			long = &n
		}
		var list []*string
		if head&2 == 2 {
			list = []*string{}
			for range head >> 2 & 3 {
				list = append(list, text())
			}
		}
		c.longs, c.texts, c.lists = append(c.longs, long), append(c.texts, text()), append(c.lists, list)
	}
}

var fuzzSchema = arrow.NewSchema([]arrow.Field{
	{Name: "long", Type: long, Nullable: true}, {Name: "text", Type: texts, Nullable: true}, {Name: "list", Type: list(texts), Nullable: true},
}, nil)

// batch makes a batch of the rows from one to another.
func (c *fuzzCells) batch(from, to int) arrow.Record {
	b := array.NewRecordBuilder(memory.DefaultAllocator, fuzzSchema)
	defer b.Release()
	lists := b.Field(2).(*array.ListBuilder)
	text := func(out *array.StringBuilder, s *string) {
		if s == nil {
			out.AppendNull()
			return
		}
		out.Append(*s)
	}
	for i := from; i < to; i++ {
		if c.longs[i] == nil {
			b.Field(0).AppendNull()
		} else {
			b.Field(0).(*array.Int64Builder).Append(*c.longs[i])
		}
		text(b.Field(1).(*array.StringBuilder), c.texts[i])
		lists.Append(c.lists[i] != nil)
		for _, s := range c.lists[i] {
			text(lists.ValueBuilder().(*array.StringBuilder), s)
		}
		if c.lists[i] == nil {
			lists.SetNull(lists.Len() - 1)
		}
	}
	return b.NewRecord()
}

// read takes the rows out of the pages of a file.
func (c *fuzzCells) read(t testing.TB, f file) {
	t.Helper()
	text := func(values *[]byte) *string {
		n := int(binary.LittleEndian.Uint32(*values))
		s := string((*values)[4 : 4+n])
		*values = (*values)[4+n:]
		return &s
	}
	for _, columns := range f.chunks {
		for _, p := range columns[0] {
			for _, def := range p.def {
				if def == 0 {
					c.longs = append(c.longs, nil)
					continue
				}
				n := int64(binary.LittleEndian.Uint64(p.values))
				c.longs, p.values = append(c.longs, &n), p.values[8:]
			}
			require.Empty(t, p.values)
		}
		for _, p := range columns[1] {
			for _, def := range p.def {
				if def == 0 {
					c.texts = append(c.texts, nil)
					continue
				}
				c.texts = append(c.texts, text(&p.values))
			}
			require.Empty(t, p.values)
		}
		for _, p := range columns[2] {
			for i, def := range p.def {
				if p.rep[i] == 0 {
					c.lists = append(c.lists, nil)
				}
				last := &c.lists[len(c.lists)-1]
				switch def {
				case 1:
					*last = []*string{}
				case 2:
					*last = append(*last, nil)
				case 3:
					*last = append(*last, text(&p.values))
				}
			}
			require.Empty(t, p.values)
		}
	}
}

// FuzzWriter writes rows in batches, reads the file with a reader of its own, and
// wants the same rows.
func FuzzWriter(f *testing.F) {
	f.Add([]byte{}, byte(1), false)
	f.Add([]byte("\x03\x01\x02\x03\x04\x05\x06\x07\x08\x02hi\x0f........\x01a\x00\x02bc"), byte(1), true)
	f.Add(make([]byte, 300), byte(7), false)
	f.Fuzz(func(t *testing.T, data []byte, step byte, zstd bool) {
		var want, got fuzzCells
		want.take(data)
		var batches []arrow.Record
		for from := 0; from < len(want.longs); from += int(step) + 1 {
			rec := want.batch(from, min(len(want.longs), from+int(step)+1))
			defer rec.Release()
			batches = append(batches, rec, rec.NewSlice(0, 0))
		}
		got.read(t, readFile(t, written(t, fuzzSchema, &parquet.Options{Zstd: zstd}, batches...), [][2]int{{0, 1}, {0, 1}, {1, 3}}))
		require.Equal(t, want, got)
	})
}
