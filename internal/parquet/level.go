package parquet

import (
	"encoding/binary"
	"math/bits"
)

// appendLevels appends repetition or definition levels up to most, as the pages
// of version 1 have them: the length in four bytes, then one run. Levels that
// are all the same take a few bytes.
func appendLevels(out []byte, levels []uint8, most uint8) []byte {
	if most == 0 {
		return out
	}
	at := len(out)
	out = append(out, 0, 0, 0, 0)
	if same(levels) {
		out = binary.AppendUvarint(out, uint64(len(levels))<<1)
		if len(levels) > 0 {
			out = append(out, levels[0])
		} else {
			out = append(out, 0)
		}
	} else {
		groups := (len(levels) + 7) / 8
		out = binary.AppendUvarint(out, uint64(groups)<<1|1)
		out = pack(out, levels, bits.Len8(most))
	}
	binary.LittleEndian.PutUint32(out[at:], uint32(len(out)-at-4))
	return out
}

func same(levels []uint8) bool {
	for _, l := range levels {
		if l != levels[0] {
			return false
		}
	}
	return true
}

// pack appends the levels in width bits each, the first in the lowest bits of
// the first byte, filled up to a multiple of eight levels.
func pack(out []byte, levels []uint8, width int) []byte {
	for len(levels) > 0 {
		n := min(8, len(levels))
		var group uint64
		for i, l := range levels[:n] {
			group |= uint64(l) << (i * width)
		}
		for range width {
			out = append(out, byte(group))
			group >>= 8
		}
		levels = levels[n:]
	}
	return out
}
