package hocon_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/knadh/koanf/v2"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config/hocon"
	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

func TestLoadTypes(t *testing.T) {
	t.Parallel()
	d := document{main: "i = 007\nbig = 9223372036854775807\nover = 9223372036854775808\nf = 1.50\ne = 1e3\nb = true\n" +
		"n = null\ns = 10 s\nhuge = 1e400\nl = [1, x, []]\no { \"p.q\" = -1 }"}
	values, err := hocon.Load(d.write(t, t.TempDir()), nil)
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"i": int64(7), "big": int64(math.MaxInt64), "over": 9223372036854775808.0, "f": 1.5, "e": 1000.0, "b": true,
		"n": nil, "s": "10 s", "huge": "1e400", "l": []any{int64(1), "x", []any{}}, "o": map[string]any{"p.q": int64(-1)},
	}, values)
}

func TestLoadReportsEveryUnresolvedSubstitution(t *testing.T) {
	t.Parallel()
	path := document{main: "a = ${NOPE_1}\nb = [x, ${NOPE_2}y]\nc = ${?NOPE_3}"}.write(t, t.TempDir())
	_, err := hocon.Load(path, &hocon.Options{Env: lookupTestEnv})
	require.EqualError(t, err, path+":1:5: a: ${NOPE_1} has no value: set the environment variable NOPE_1, define the key NOPE_1, or write ${?NOPE_1}\n"+
		path+":2:9: b[1]: ${NOPE_2} has no value: set the environment variable NOPE_2, define the key NOPE_2, or write ${?NOPE_2}")
	var fault *hocon.Error
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "a", fault.Path)
	require.Equal(t, 1, fault.Line)
	require.Equal(t, 5, fault.Column)
}

func TestSyntaxErrorFields(t *testing.T) {
	t.Parallel()
	_, err := hocon.Parse([]byte("größe = {\n  é = ]\n}"), "x.conf", nil)
	var fault *hocon.Error
	require.ErrorAs(t, err, &fault)
	require.Equal(t, &hocon.Error{
		File: "x.conf", Line: 2, Column: 7, Found: `"]"`, Expected: "a value", Msg: `expected a value, found "]"`,
		Hint: `write "" for an empty text or null for no value`,
	}, fault)
}

func TestLoadMissingFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "nope.conf")
	_, err := hocon.Load(path, nil)
	require.EqualError(t, err, "read "+path+": no such file or directory")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestLoadDirectory(t *testing.T) {
	t.Parallel()
	_, err := hocon.Load(t.TempDir(), nil)
	require.ErrorContains(t, err, "not a regular file")
}

func TestLoadJSONIsStrict(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.json")
	require.NoError(t, os.WriteFile(path, []byte("{\"a\": 1,\n b: 2}"), 0o600))
	_, err := hocon.Load(path, nil)
	require.ErrorContains(t, err, "x.json:2:2: not valid JSON: ")
	require.NoError(t, os.WriteFile(path, []byte("\ufeff{\"a\": \"${x}\"}"), 0o600))
	values, err := hocon.Load(path, nil)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"a": "${x}"}, values)
}

func TestInvalidUTF8(t *testing.T) {
	t.Parallel()
	_, err := hocon.Parse([]byte("a = 1\nb = \"x\xff\""), "x.conf", nil)
	require.EqualError(t, err, "x.conf:2:7: byte 0xff is not valid UTF-8; save the file as UTF-8")
}

func TestIncludeRefusals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub.conf"), 0o755))
	for src, want := range map[string]string{
		`include "sub.conf"`:        "sub.conf is not a regular file",
		`include "x.properties"`:    `include "x.properties": only HOCON and JSON can be included`,
		`include ""`:                "include of an empty file name",
		`include x`:                 `1:9: expected a file name in quotes behind include, found "x"`,
		`include file("x"`:          `1:17: expected ")", found the end of the file`,
		`include required(file "x"`: `expected a file name in quotes behind include, found "file"`,
		`include "x" y = 1`:         `expected a comma or a new line before the next key`,
	} {
		_, err := hocon.Parse([]byte(src), "", &hocon.Options{Dir: dir})
		require.ErrorContains(t, err, want, src)
	}
}

func TestIncludeBombIsRefused(t *testing.T) {
	t.Parallel()
	d := document{main: "include \"f0.conf\"\n", files: map[string]string{}}
	for i := range 30 {
		next := fmt.Sprintf("include \"f%d.conf\"\n", i+1)
		d.files[fmt.Sprintf("f%d.conf", i)] = next + next
	}
	_, err := hocon.Load(d.write(t, t.TempDir()), nil)
	require.ErrorContains(t, err, "the document includes more than 1000 files")
}

func TestKoanf(t *testing.T) {
	t.Parallel()
	k := koanf.New("/")
	require.NoError(t, k.Load(raw("spark_conf { \"spark.a.b\" = 10 }"), hocon.Parser()))
	require.Equal(t, int64(10), k.Get("spark_conf/spark.a.b"))
	text, err := k.Marshal(hocon.Parser())
	require.NoError(t, err)
	require.JSONEq(t, `{"spark_conf": {"spark.a.b": 10}}`, string(text))
}

// raw is a koanf provider of a text.
type raw string

func (r raw) ReadBytes() ([]byte, error)    { return []byte(r), nil }
func (r raw) Read() (map[string]any, error) { return nil, errors.ErrUnsupported }

func TestMarshalRefuses(t *testing.T) {
	t.Parallel()
	_, err := hocon.Parser().Marshal(map[string]any{"a": []any{math.NaN()}})
	require.EqualError(t, err, `write HOCON: "a": [0]: NaN has no form in HOCON`)
	loop := map[string]any{}
	loop["a"] = loop
	_, err = hocon.Parser().Marshal(loop)
	require.ErrorContains(t, err, "nests more than 200 levels deep")
}

func TestMarshalRoundTrip(t *testing.T) {
	t.Parallel()
	values := map[string]any{
		"a.b": "x\ty \"q\" \\ ${no} # é 😀 <&>\u2028\x7f", "": nil, "n": int64(math.MinInt64), "f": 1.0, "g": 1e300, "h": -0.5, "t": true,
		"l": []any{}, "m": map[string]any{}, "o": []any{map[string]any{"k": []any{nil}}}, "include": "x",
	}
	text, err := hocon.Parser().Marshal(values)
	require.NoError(t, err)
	again, err := hocon.Parser().Unmarshal(text)
	require.NoError(t, err)
	require.Equal(t, values, again)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]string{
		"objects": strings.Repeat("{a:", 100_000),
		"arrays":  "a = " + strings.Repeat("[", 100_000),
		"path":    strings.Repeat("a.", 100_000) + "b = 1",
	} {
		_, err := hocon.Parse([]byte(src), "", nil)
		require.ErrorContains(t, err, "nest more than 200 levels deep", name)
	}
	deep := "a = " + strings.Repeat("[", 190) + strings.Repeat("]", 190)
	_, err := hocon.Parser().Unmarshal([]byte(deep))
	require.NoError(t, err)
}

// Documents of many definitions must not cost more than their length.
func TestManyDefinitionsOfOneKey(t *testing.T) {
	t.Parallel()
	const n = 20_000
	for name, src := range map[string]string{
		"append":            strings.Repeat("l += 1\n", n),
		"append reference":  "x = 1\n" + strings.Repeat("l += ${x}\n", 2000),
		"optional override": strings.Repeat("l = ${?x}\n", n) + "l = 1",
		"merge":             "o = ${?x}\n" + strings.Repeat("o { a = 1 }\n", n),
		"dotted":            strings.Repeat("a.b.c = 1\n", n),
		"one line":          "a = [" + strings.Repeat("1,", n) + "]",
		"concatenation":     "x = 1\na = " + strings.Repeat("${x} ", n),
		"quoted":            strings.Repeat("a = \"\"\"x\"\"\"\n", n),
	} {
		node, err := hocon.Parse([]byte(src), name, nil)
		require.NoError(t, err, name)
		_, err = tree.Resolve(node, nil)
		require.NoError(t, err, name)
	}
}
