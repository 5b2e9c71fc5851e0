package value_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow/value"
)

// everything is what Spark 4.0.1 makes of a struct with one field of each type.
const (
	everythingMetadata = "011000010204050708090c0f1013181b1d2124647474306e6e3266626465636e616e6d626967736d616c6c643338646e7a65726f68756e"
	everythingValue    = "0210060a000c070d050f090304080b01020e2e4a005c366e297a4517203c53050e74802c464d00003040d3b2ce7a1206003000f27ece7a1206" +
		"0034c0b8acce7a12060034c198f7577f2bf8ff380000c03f3c030000000102ff2002960000001c000000000000f87f38000080ff1c408cb5781daf1544" +
		"1c48afbc9af2d77a3e2812b20cc721af6fb63becccfd0f094fb6f620026affffff200200000000200210270000"
	everythingJSON = `{"b":"AQL/","big":100000000000000000000,"d":"2024-02-29","d38":-12345678901234567890.123456789012345678,"dec":1.5,"dn":-1.5,` +
		`"f":1.5,"hun":100,"m":"-Infinity","n":"2024-02-29 01:02:03","n2":"1900-02-28 01:02:03.000001","nan":"NaN","small":1e-07,` +
		`"t":"2024-02-29 01:02:03.4+00:00","t0":"2024-02-29 01:02:00+00:00","zero":0}`
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	out, err := hex.DecodeString(text)
	require.NoError(t, err)
	return out
}

func TestVariantJSON(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ metadata, value, want string }{
		"every type of a column": {everythingMetadata, everythingValue, everythingJSON},
		"nested":                 {"010100016b", "0301000d020100000803020002030c0100", `[{"k":[1,null]}]`},
		"null":                   {"010000", "00", `null`},
		"true":                   {"010000", "04", `true`},
		"false":                  {"010000", "08", `false`},
		"int8":                   {"010000", "0cff", `-1`},
		"int16":                  {"010000", "100080", `-32768`},
		"int32":                  {"010000", "14ffffff7f", `2147483647`},
		"int64":                  {"010000", "180000000000000080", `-9223372036854775808`},
		"quotes and controls":    {"010000", "21225c0a0d090141c3", `"\"\\\n\r\t\u0001A` + "\ufffd\""},
		"bytes that are no text": {"010000", "09ffc3", `"` + "\ufffd\ufffd\""},
		"empty object":           {"010000", "020000", `{}`},
		"empty array":            {"010000", "030000", `[]`},
		"time":                   {"010000", "44e092d74b0a000000", `"12:17:02.092"`},
		"uuid":                   {"010000", "5000112233445566778899aabbccddeeff", `"00112233-4455-6677-8899-aabbccddeeff"`},
		"nanoseconds":            {"010000", "4801ca9a3b00000000", `"1970-01-01 00:00:01.000000001+00:00"`},
		"large array":            {"010000", "130100000000010c07", `[7]`},
		"date of year 111486":    {"010000", "2c005a6202", `"+111486-04-13"`},
		"date before year 0":     {"010000", "2c00cbf3ff", `"-0221-09-04"`},
		"time of year 10316":     {"010000", "300060343cffcaa703", `"+10316-11-20 17:46:40+00:00"`},
		"time before year 0":     {"010000", "34000037127a41c0fe", `"-0882-01-06 08:00:00"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := value.Variant{Metadata: unhex(t, tt.metadata), Value: unhex(t, tt.value)}
			got, err := v.JSON()
			require.NoError(t, err)
			require.Equal(t, tt.want, string(got))
			require.True(t, json.Valid(got))
			again, err := json.Marshal(v)
			require.NoError(t, err)
			require.JSONEq(t, tt.want, string(again))
		})
	}
}

func TestVariantThatIsDamaged(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ metadata, value, want string }{
		"nothing":                  {"", "", "version 1"},
		"other version":            {"020000", "00", "version 1"},
		"short metadata":           {"01", "00", "metadata is too short"},
		"many keys":                {"01ff00", "00", "metadata is too short"},
		"no value":                 {"010000", "", "too short"},
		"short number":             {"010000", "1800", "too short"},
		"short text":               {"010000", "4041", "no length"},
		"long text":                {"010000", "40ffffff7f41", "too short"},
		"unknown type":             {"010000", "7c", "type 31"},
		"unknown key":              {"010000", "02010300010c01", "no key 3"},
		"many elements":            {"010000", "03ff", "longer than the value"},
		"elements outside":         {"010000", "03017f0100", "too short"},
		"decimal of many decimals": {"010000", "20ff01000000", "255 decimals"},
		// 32 levels, each with two elements that are the same next level: 4
		// thousand million values in 200 bytes.
		"values used many times": {"010000", string(bytes.Repeat([]byte("0302000000"), 32)) + "00", "too large"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := value.Variant{Metadata: unhex(t, tt.metadata), Value: unhex(t, tt.value)}.JSON()
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestVariantOfManyLevels(t *testing.T) {
	t.Parallel()
	deep := func(levels int) value.Variant {
		v := []byte{0}
		for range levels {
			size := len(v)
			head := []byte{3 | 3<<2, 1, 0, 0, 0, 0}
			v = append(binary.LittleEndian.AppendUint32(head, uint32(size)), v...)
		}
		return value.Variant{Metadata: []byte{1, 0, 0}, Value: v}
	}
	got, err := deep(1000).JSON()
	require.NoError(t, err)
	require.Len(t, got, 2*1000+len("null"))
	_, err = deep(1001).JSON()
	require.ErrorContains(t, err, "deeper than 1000")
}

func FuzzVariantJSON(f *testing.F) {
	f.Add(unhex(f, everythingMetadata), unhex(f, everythingValue))
	f.Add(unhex(f, "010100016b"), unhex(f, "0301000d020100000803020002030c0100"))
	f.Add([]byte{1, 0, 0}, bytes.Repeat([]byte{3, 2, 0, 0, 0}, 40))
	f.Fuzz(func(t *testing.T, metadata, data []byte) {
		got, err := value.Variant{Metadata: metadata, Value: data}.JSON()
		if err == nil && !json.Valid(got) {
			t.Fatalf("%q is no JSON", got)
		}
	})
}
