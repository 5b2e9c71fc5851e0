package columnar_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow/value"
	"github.com/sparkpipe/sparkpipe/internal/columnar"
)

// source makes values of the bytes of a fuzzer, and zero values when they end.
type source struct{ data []byte }

func (s *source) byte() byte {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return b
}

func (s *source) int64() int64 {
	var b [8]byte
	s.data = s.data[copy(b[:], s.data):]
	return int64(binary.LittleEndian.Uint64(b[:]))
}

func (s *source) bytes() []byte {
	n := min(int(s.byte()), len(s.data))
	b := s.data[:n]
	s.data = s.data[n:]
	return append([]byte{}, b...)
}

// less is a small number, mostly 0 to 3.
func (s *source) less() int { return int(s.byte() & 3) }

func some[T any](s *source, make func() T) *T {
	if s.byte()&1 == 0 {
		return nil
	}
	v := make()
	return &v
}

func several[T any](s *source, make func() T) []T {
	if s.byte()&7 == 0 {
		return nil
	}
	out := []T{}
	for range s.less() {
		out = append(out, make())
	}
	return out
}

type fuzzPart struct {
	X *int64
	Y []string
}

// fuzzRow has a column for each way to encode and to decode.
type fuzzRow struct {
	Flag     *bool
	I8       int8
	U32      uint32
	I64      *int64
	F32      float32
	F64      *float64
	Dec      *value.Decimal `spark:"Dec,decimal(20,3)"`
	Big      *big.Int
	Text     *string
	Data     []byte
	Fixed    [3]byte
	Day      *value.Date
	At       *time.Time
	For      *value.DayTimeInterval
	Months   *value.YearMonthInterval
	Calendar *value.CalendarInterval
	Variant  *value.Variant
	List     []*int64
	Lists    [][]string
	Map      map[int16]*string
	Part     fuzzPart
	PartP    *fuzzPart
	Parts    []fuzzPart
	Deep     map[string][]fuzzPart
}

func (s *source) part() fuzzPart {
	return fuzzPart{X: some(s, s.int64), Y: several(s, func() string { return string(s.bytes()) })}
}

func (s *source) row() fuzzRow {
	text := func() string { return string(s.bytes()) }
	row := fuzzRow{
		Flag: some(s, func() bool { return s.byte()&1 == 0 }), I8: int8(s.byte()), U32: uint32(s.int64()), I64: some(s, s.int64),
		F32: math.Float32frombits(uint32(s.int64())), F64: some(s, func() float64 { return math.Float64frombits(uint64(s.int64())) }),
		Dec:  some(s, func() value.Decimal { return value.NewDecimalFromInt(s.int64()/10, 3) }),
		Big:  orNone(s, func() *big.Int { return new(big.Int).Mul(big.NewInt(s.int64()), big.NewInt(s.int64()>>1)) }),
		Text: some(s, text), Data: someBytes(s), Fixed: [3]byte{s.byte(), s.byte(), s.byte()},
		Day:    some(s, func() value.Date { return value.DateOfDays(int32(s.int64())) }),
		At:     some(s, func() time.Time { return time.UnixMicro(s.int64()).UTC() }),
		For:    some(s, func() value.DayTimeInterval { return value.DayTimeInterval(s.int64()) }),
		Months: some(s, func() value.YearMonthInterval { return value.YearMonthInterval(s.int64()) }),
		Calendar: some(s, func() value.CalendarInterval {
			return value.CalendarInterval{Months: int32(s.int64()), Days: int32(s.int64()), Microseconds: s.int64() / 1000}
		}),
		Variant: some(s, func() value.Variant {
			return value.Variant{Metadata: append(s.bytes(), 1), Value: append(s.bytes(), 0)}
		}),
		List:  several(s, func() *int64 { return some(s, s.int64) }),
		Lists: several(s, func() []string { return several(s, text) }),
		Part:  s.part(), PartP: some(s, s.part), Parts: several(s, s.part),
	}
	if s.byte()&1 == 1 {
		row.Map, row.Deep = map[int16]*string{}, map[string][]fuzzPart{}
		for range s.less() {
			row.Map[int16(s.int64())] = some(s, text)
			row.Deep[text()] = several(s, s.part)
		}
	}
	return row
}

func orNone[T any](s *source, make func() *T) *T {
	if s.byte()&1 == 0 {
		return nil
	}
	return make()
}

func someBytes(s *source) []byte {
	if s.byte()&1 == 0 {
		return nil
	}
	return s.bytes()
}

// encoded is a batch of the rows as a server would send it.
func encoded(t testing.TB, rows []fuzzRow) []byte {
	t.Helper()
	enc, err := columnar.NewEncoder(reflect.TypeFor[fuzzRow](), nil)
	require.NoError(t, err)
	defer enc.Release()
	for i := range rows {
		require.NoError(t, enc.Append(reflect.ValueOf(&rows[i]).Elem()))
	}
	rec := enc.Record()
	defer rec.Release()
	require.GreaterOrEqual(t, columnar.SizeOf(rec), int64(0))
	return stream(t, rec)
}

// FuzzRoundTrip encodes rows, decodes them, and encodes what came back: the bytes
// are the same.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{1}, 400))
	f.Add(bytes.Repeat([]byte{3, 0xff, 0x7f, 0, 1}, 300))
	f.Add(bytes.Repeat([]byte("\x01\x03\xff\xfe text"), 100))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &source{data: data}
		rows := []fuzzRow{}
		for len(rows) == 0 || len(s.data) > 0 && len(rows) < 600 {
			rows = append(rows, s.row())
		}
		sent := encoded(t, rows)
		var back []fuzzRow
		var dynamic int
		var decoder *columnar.Decoder[fuzzRow]
		_, err := columnar.Read(sent, func(rec arrow.Record) (err error) {
			if decoder, err = columnar.NewDecoder[fuzzRow](rec.Schema()); err != nil {
				return err
			}
			if _, err = decoder.Decode(rec, func(row fuzzRow) bool { back = append(back, row); return true }); err != nil {
				return err
			}
			anything, err := columnar.NewDecoder[value.Row](rec.Schema())
			if err == nil {
				_, err = anything.Decode(rec, func(row value.Row) bool { dynamic += row.Len(); return true })
			}
			if err != nil && !tooLong(rows) { // a Row has a time.Duration for an interval
				return err
			}
			return nil
		})
		require.NoError(t, err)
		require.Len(t, back, len(rows))
		require.Equal(t, sent, encoded(t, back))
	})
}

func tooLong(rows []fuzzRow) bool {
	for _, row := range rows {
		if row.For != nil {
			if _, err := row.For.Duration(); err != nil {
				return true
			}
		}
	}
	return false
}
