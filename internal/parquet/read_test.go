package parquet_test

import (
	"encoding/binary"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// A reader of its own, so that the tests hold the writer against the format and
// not against itself.

// compact reads the compact protocol of Thrift into maps by field number.
type compact struct {
	tb   testing.TB
	data []byte
}

func (c *compact) byte() byte {
	require.NotEmpty(c.tb, c.data)
	b := c.data[0]
	c.data = c.data[1:]
	return b
}

func (c *compact) varint() int64 {
	n, size := binary.Varint(c.data)
	require.Positive(c.tb, size)
	c.data = c.data[size:]
	return n
}

func (c *compact) length() int {
	n, size := binary.Uvarint(c.data)
	require.Positive(c.tb, size)
	c.data = c.data[size:]
	return int(n)
}

func (c *compact) structure() map[int]any {
	out := map[int]any{}
	last := 0
	for {
		head := c.byte()
		if head == 0 {
			return out
		}
		if delta := int(head >> 4); delta > 0 {
			last += delta
		} else {
			last = int(c.varint())
		}
		out[last] = c.value(int(head & 15))
	}
}

func (c *compact) value(kind int) any {
	switch kind {
	case 1, 2:
		return kind == 1
	case 5, 6:
		return int(c.varint())
	case 8:
		n := c.length()
		text := string(c.data[:n])
		c.data = c.data[n:]
		return text
	case 9:
		head := c.byte()
		n := int(head >> 4)
		if n == 15 {
			n = c.length()
		}
		list := []any{}
		for range n {
			list = append(list, c.value(int(head&15)))
		}
		return list
	case 12:
		return c.structure()
	}
	require.Fail(c.tb, "unknown type", kind)
	return nil
}

// page is the content of a data page.
type page struct {
	rep, def []int
	values   []byte
	count    int
}

// file is a file taken apart.
type file struct {
	meta   map[int]any
	chunks [][][]page // by row group and column
}

func readFile(tb testing.TB, data []byte, levels [][2]int) file {
	tb.Helper()
	n := len(data)
	require.Equal(tb, "PAR1", string(data[:4]))
	require.Equal(tb, "PAR1", string(data[n-4:]))
	size := int(binary.LittleEndian.Uint32(data[n-8:]))
	footer := compact{tb: tb, data: data[n-8-size : n-8]}
	f := file{meta: footer.structure()}
	require.Empty(tb, footer.data)
	for _, group := range f.meta[4].([]any) {
		var columns [][]page
		for i, column := range group.(map[int]any)[1].([]any) {
			meta := column.(map[int]any)[3].(map[int]any)
			at, length := meta[9].(int), meta[7].(int)
			columns = append(columns, readPages(tb, data[at:at+length], levels[i], meta))
		}
		f.chunks = append(f.chunks, columns)
	}
	return f
}

func readPages(tb testing.TB, data []byte, levels [2]int, meta map[int]any) []page {
	tb.Helper()
	var pages []page
	total, raw := 0, 0
	c := compact{tb: tb, data: data}
	for len(c.data) > 0 {
		before := len(c.data)
		header := c.structure()
		raw += before - len(c.data) + header[2].(int)
		body := c.data[:header[3].(int)]
		c.data = c.data[header[3].(int):]
		if meta[4].(int) == 6 {
			d, err := zstd.NewReader(nil)
			require.NoError(tb, err)
			body, err = d.DecodeAll(body, nil)
			require.NoError(tb, err)
			d.Close()
		}
		require.Len(tb, body, header[2].(int))
		p := page{count: header[5].(map[int]any)[1].(int)}
		body, p.rep = readLevels(tb, body, levels[0], p.count)
		p.values, p.def = readLevels(tb, body, levels[1], p.count)
		total += p.count
		pages = append(pages, p)
	}
	require.Equal(tb, meta[5], total)
	require.Equal(tb, meta[6], raw)
	return pages
}

// readLevels reads levels up to most, in the hybrid of runs and packed bits.
func readLevels(tb testing.TB, data []byte, most, count int) (rest []byte, levels []int) {
	tb.Helper()
	if most == 0 {
		return data, nil
	}
	width := 0
	for m := most; m > 0; m >>= 1 {
		width++
	}
	size := int(binary.LittleEndian.Uint32(data))
	c := compact{tb: tb, data: data[4 : 4+size]}
	for len(levels) < count {
		head := c.length()
		if head&1 == 0 {
			level := int(c.byte())
			for range head >> 1 {
				levels = append(levels, level)
			}
			continue
		}
		bits := 0
		for range head >> 1 * 8 {
			level := 0
			for b := range width {
				level |= int(c.data[bits/8]>>(bits%8)&1) << b
				bits++
			}
			levels = append(levels, level)
		}
		c.data = c.data[bits/8:]
	}
	require.Empty(tb, c.data)
	for _, padding := range levels[count:] {
		require.Zero(tb, padding)
	}
	return data[4+size:], levels[:count]
}
