package value

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Variant is a Spark VARIANT: a value of any shape in the binary form that Spark
// and Parquet share. The zero value is none; the null of a VARIANT column is
// another thing than a Variant that holds the JSON null.
type Variant struct {
	// Metadata are the names of the object keys, and Value the value.
	Metadata, Value []byte
}

// Bounds of what JSON decodes. Deeper or larger than this is no data but damage:
// Spark's own limit of a variant is 128 MiB.
const (
	maxVariantDepth = 1000
	maxVariantJSON  = 256 << 20
)

var errVariant = errors.New("the variant is damaged")

// JSON returns the value as JSON, with keys in the order of the binary form,
// which is sorted. Decimals are numbers without trailing zeros, dates and times
// are strings as Spark's to_json writes them, with times in UTC; binary is
// base64; a float that JSON has no number for is a string. A damaged variant is
// an error.
func (v Variant) JSON() ([]byte, error) {
	keys, err := newVariantKeys(v.Metadata)
	if err != nil {
		return nil, err
	}
	w := variantWriter{keys: keys, data: v.Value, left: len(v.Value)}
	if err := w.value(0, 0); err != nil {
		return nil, err
	}
	return w.out, nil
}

// MarshalJSON is JSON, for encoding/json.
func (v Variant) MarshalJSON() ([]byte, error) { return v.JSON() }

// variantKeys are the names of the object keys.
type variantKeys struct {
	data, text []byte
	width      int
	count      int
}

func newVariantKeys(data []byte) (variantKeys, error) {
	if len(data) == 0 || data[0]&0x0f != 1 {
		return variantKeys{}, fmt.Errorf("%w: its metadata is not of version 1", errVariant)
	}
	k := variantKeys{data: data, width: int(data[0]>>6) + 1}
	count, ok := littleEndian(data, 1, k.width)
	start := 1 + k.width + (count+1)*k.width
	if !ok || start > len(data) {
		return variantKeys{}, fmt.Errorf("%w: its metadata is too short", errVariant)
	}
	k.count, k.text = count, data[start:]
	return k, nil
}

func (k variantKeys) at(i int) ([]byte, bool) {
	if i >= k.count {
		return nil, false
	}
	from, _ := littleEndian(k.data, 1+(i+1)*k.width, k.width)
	to, _ := littleEndian(k.data, 1+(i+2)*k.width, k.width)
	if from > to || to > len(k.text) {
		return nil, false
	}
	return k.text[from:to], true
}

// littleEndian reads an unsigned number of 1 to 4 bytes.
func littleEndian(data []byte, at, width int) (int, bool) {
	if at < 0 || at+width > len(data) {
		return 0, false
	}
	n := 0
	for i := range width {
		n |= int(data[at+i]) << (8 * i)
	}
	return n, n >= 0
}

// variantWriter writes the value as JSON.
type variantWriter struct {
	keys variantKeys
	data []byte
	out  []byte
	// left are the bytes of the value that may still be read. Offsets can point
	// to one place many times over; in a sound variant every byte is read once.
	left int
}

// take returns the next n bytes.
func (w *variantWriter) take(at, n int) ([]byte, error) {
	if n < 0 || at < 0 || at > len(w.data)-n || n > w.left || len(w.out) > maxVariantJSON {
		return nil, fmt.Errorf("%w: its value is too short or too large", errVariant)
	}
	w.left -= n
	return w.data[at : at+n], nil
}

// value writes the value at an offset.
func (w *variantWriter) value(at, depth int) error {
	if depth > maxVariantDepth {
		return fmt.Errorf("%w: it is nested deeper than %d", errVariant, maxVariantDepth)
	}
	head, err := w.take(at, 1)
	if err != nil {
		return err
	}
	info := int(head[0] >> 2)
	switch head[0] & 3 {
	case 0:
		return w.primitive(info, at+1)
	case 1:
		return w.text(at+1, info)
	case 2:
		return w.container(at+1, depth, containerLayout{object: true, offset: info&3 + 1, id: info>>2&3 + 1, large: info&16 != 0})
	default:
		return w.container(at+1, depth, containerLayout{offset: info&3 + 1, large: info&4 != 0})
	}
}

// containerLayout are the widths of the numbers of an object or array.
type containerLayout struct {
	object, large bool
	offset, id    int
}

func (w *variantWriter) container(at, depth int, l containerLayout) error {
	width := 1
	if l.large {
		width = 4
	}
	n, ok := littleEndian(w.data, at, width)
	ids := at + width
	offsets := ids + n*l.id
	values := offsets + (n+1)*l.offset
	if !ok || n > len(w.data) || values > len(w.data) {
		return fmt.Errorf("%w: an object or array is longer than the value", errVariant)
	}
	if _, err := w.take(at, values-at); err != nil {
		return err
	}
	opening, closing := byte('['), byte(']')
	if l.object {
		opening, closing = '{', '}'
	}
	w.out = append(w.out, opening)
	for i := range n {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		if l.object {
			id, _ := littleEndian(w.data, ids+i*l.id, l.id)
			key, ok := w.keys.at(id)
			if !ok {
				return fmt.Errorf("%w: it has no key %d", errVariant, id)
			}
			w.out = append(appendQuoted(w.out, key), ':')
		}
		offset, _ := littleEndian(w.data, offsets+i*l.offset, l.offset)
		if err := w.value(values+offset, depth+1); err != nil {
			return err
		}
	}
	w.out = append(w.out, closing)
	return nil
}

func (w *variantWriter) text(at, n int) error {
	text, err := w.take(at, n)
	if err != nil {
		return err
	}
	w.out = appendQuoted(w.out, text)
	return nil
}

// variantSizes are the bytes of the primitive types; -1 is told by a length.
var variantSizes = [...]int{0, 0, 0, 1, 2, 4, 8, 8, 5, 9, 17, 4, 8, 8, 4, -1, -1, 8, 8, 8, 16}

// primitive writes a value of a type by its number in the format.
func (w *variantWriter) primitive(kind, at int) error {
	if kind >= len(variantSizes) {
		return fmt.Errorf("the variant has a value of the type %d, which is not known here", kind)
	}
	size := variantSizes[kind]
	if size < 0 {
		n, ok := littleEndian(w.data, at, 4)
		if !ok {
			return fmt.Errorf("%w: a text has no length", errVariant)
		}
		size, at = n, at+4
	}
	b, err := w.take(at, size)
	if err != nil {
		return err
	}
	switch kind {
	case 0:
		w.out = append(w.out, "null"...)
	case 1, 2:
		w.out = strconv.AppendBool(w.out, kind == 1)
	case 7:
		w.float(math.Float64frombits(binary.LittleEndian.Uint64(b)), 64)
	case 14:
		w.float(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), 32)
	case 8, 9, 10:
		return w.decimal(int(b[0]), b[1:])
	case 15:
		w.quoted(base64.StdEncoding.EncodeToString(b))
	case 16:
		w.out = appendQuoted(w.out, b)
	case 20:
		w.quoted(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
	default:
		w.number(kind, signed(b))
	}
	return nil
}

// number writes the types that are a signed number.
func (w *variantWriter) number(kind int, n int64) {
	switch kind {
	case 11:
		w.quoted(DateOfDays(int32(n)).String())
	case 12:
		w.quoted(timeText(time.UnixMicro(n).UTC(), " 15:04:05.999999-07:00"))
	case 13:
		w.quoted(timeText(time.UnixMicro(n).UTC(), " 15:04:05.999999"))
	case 17:
		w.quoted(time.UnixMicro(n).UTC().Format("15:04:05.999999"))
	case 18:
		w.quoted(timeText(time.Unix(0, n).UTC(), " 15:04:05.999999999-07:00"))
	case 19:
		w.quoted(timeText(time.Unix(0, n).UTC(), " 15:04:05.999999999"))
	default:
		w.out = strconv.AppendInt(w.out, n, 10)
	}
}

func (w *variantWriter) quoted(text string) { w.out = appendQuoted(w.out, []byte(text)) }

func (w *variantWriter) float(f float64, bits int) {
	switch {
	case math.IsNaN(f):
		w.quoted("NaN")
	case math.IsInf(f, 0):
		w.quoted(strings.TrimPrefix(strconv.FormatFloat(f, 'g', -1, bits), "+") + "inity")
	default:
		w.out = strconv.AppendFloat(w.out, f, floatFormat(f), -1, bits)
	}
}

// floatFormat writes numbers of usual size without an exponent, as encoding/json
// does.
func floatFormat(f float64) byte {
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return 'e'
	}
	return 'f'
}

func (w *variantWriter) decimal(scale int, b []byte) error {
	if scale > maxDecimalDigits {
		return fmt.Errorf("%w: a decimal has %d decimals", errVariant, scale)
	}
	big128 := make([]byte, len(b))
	for i := range b {
		big128[i] = b[len(b)-1-i]
	}
	n := new(big.Int).SetBytes(big128)
	if big128[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	text := string(NewDecimal(n, scale))
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	w.out = append(w.out, text...)
	return nil
}

// signed reads a little-endian number of any width.
func signed(b []byte) int64 {
	var n uint64
	for i, c := range b {
		n |= uint64(c) << (8 * i)
	}
	shift := 64 - 8*len(b)
	return int64(n<<shift) >> shift
}

// appendQuoted writes text as a JSON string; bytes that are no UTF-8 become the
// replacement character.
func appendQuoted(out, text []byte) []byte {
	out = append(out, '"')
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r == '\n':
			out = append(out, `\n`...)
		case r == '\r':
			out = append(out, `\r`...)
		case r == '\t':
			out = append(out, `\t`...)
		case r < 0x20:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = utf8.AppendRune(out, r)
		}
		text = text[n:]
	}
	return append(out, '"')
}
