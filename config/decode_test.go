package config_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/secrets"
)

type common struct {
	View string `koanf:"output_view" doc:"the view to make"`
}

type retry struct {
	MaxAttempts int           `koanf:"max_attempts" default:"3" min:"1"`
	Delay       time.Duration `koanf:"delay" default:"1s"`
}

type column struct {
	Name string `koanf:"name" required:"true"`
	Type string `koanf:"type" default:"string"`
}

type everything struct {
	common
	Text     string             `koanf:"text" default:"none"`
	Bool     bool               `koanf:"bool" default:"true"`
	Int      int                `koanf:"int"`
	Small    int8               `koanf:"small"`
	Uint     uint64             `koanf:"uint" min:"2"`
	Float    float64            `koanf:"float" min:"0.5"`
	Seconds  time.Duration      `koanf:"wait_seconds"`
	Millis   time.Duration      `koanf:"wait_ms"`
	Duration time.Duration      `koanf:"wait" min:"1s"`
	Texts    []string           `koanf:"texts" default:"a,b"`
	Numbers  []int              `koanf:"numbers" min:"2"`
	Options  map[string]string  `koanf:"options"`
	Weights  map[string]float64 `koanf:"weights"`
	Columns  []column           `koanf:"columns"`
	ByName   map[string]column  `koanf:"by_name"`
	Nested   retry              `koanf:"nested"`
	Optional *retry             `koanf:"optional"`
	Number   *int               `koanf:"number"`
	Secret   secrets.Value      `koanf:"secret" alias:"password"`
	Address  netip.Addr         `koanf:"address"`
	Any      any                `koanf:"any"`
	Raw      config.Section     `koanf:"raw"`
	Mode     string             `koanf:"mode" enum:"append,overwrite|replace"`
	Modes    []string           `koanf:"modes" enum:"x,y"`
	Ignored  string
}

// section decodes the config block of a component written in YAML.
func section(t *testing.T, src string, pairs ...string) config.Section {
	t.Helper()
	indented := "      " + strings.ReplaceAll(strings.TrimSpace(src), "\n", "\n      ")
	p, err := parseYAML("name: n\ncomponents:\n  - name: a\n    type: sql\n    config:\n"+indented+"\n", pairs...)
	require.NoError(t, err)
	return p.Components[0].Config
}

func TestDecodeFillsEveryType(t *testing.T) {
	t.Parallel()
	var got everything
	got.Ignored = "kept"
	s := section(t, `
output-view: v
text: 1.50
bool: false
int: 1e3
small: -128
uint: 18446744073709551615
float: 2
wait_seconds: 1.5
wait_ms: 250
wait: 1h 30 minutes
texts: [x, 2, true]
numbers: [1, 0x1F]
options: {header: true, kafka.a: 1, deep: {er: {x: y}}, gone: ~}
weights: {a: 1, b: 0.5}
columns: [{name: id}, {name: v, type: int}]
by_name: {id: {name: x}}
optional: {max-attempts: 5}
number: 7
password: hunter2
address: 127.0.0.1
any: {a: [1, 2.5, x, ~, true]}
raw: {anything: goes}
mode: REPLACE
modes: [X, y]
`)
	require.NoError(t, s.Decode(&got))
	var raw map[string]any
	require.NoError(t, got.Raw.Decode(&raw))
	require.Equal(t, map[string]any{"anything": "goes"}, raw)
	require.Equal(t, "components[0].config.raw", got.Raw.Path())
	require.Equal(t, "hunter2", got.Secret.Reveal())
	got.Raw, got.Secret = config.Section{}, secrets.Value{}
	seven := 7
	require.Equal(t, everything{
		common: common{View: "v"}, Text: "1.50", Int: 1000, Small: -128, Uint: 18446744073709551615, Float: 2,
		Seconds: 1500 * time.Millisecond, Millis: 250 * time.Millisecond, Duration: 90 * time.Minute,
		Texts: []string{"x", "2", "true"}, Numbers: []int{1, 31},
		Options: map[string]string{"header": "true", "kafka.a": "1", "deep.er.x": "y"},
		Weights: map[string]float64{"a": 1, "b": 0.5},
		Columns: []column{{"id", "string"}, {"v", "int"}},
		ByName:  map[string]column{"id": {"x", "string"}},
		Nested:  retry{MaxAttempts: 3, Delay: time.Second}, Optional: &retry{MaxAttempts: 5, Delay: time.Second},
		Number: &seven, Address: netip.MustParseAddr("127.0.0.1"),
		Any:  map[string]any{"a": []any{int64(1), 2.5, "x", nil, true}},
		Mode: "overwrite", Modes: []string{"x", "y"}, Ignored: "kept",
	}, got)
}

func TestDecodeDefaults(t *testing.T) {
	t.Parallel()
	var got everything
	require.NoError(t, config.Section{}.Decode(&got))
	require.Equal(t, everything{
		Text: "none", Bool: true, Texts: []string{"a", "b"}, Nested: retry{MaxAttempts: 3, Delay: time.Second},
		Raw: got.Raw,
	}, got)
	var raw map[string]any
	require.NoError(t, got.Raw.Decode(&raw))
	require.Empty(t, raw)
}

func TestDecodeFaults(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"paht: x":                   `paht: unknown key; valid keys: output_view, text, bool,`,
		"outptu_view: x":            `outptu_view: unknown key; did you mean "output_view"?`,
		"text: [a]":                 "text: want text, found a list",
		"text: {a: b}":              "text: want text, found a block",
		"bool: 'true'":              `bool: want true or false, found the text "true"; write true without quotes`,
		"int: true":                 "int: want an integer, found true",
		"small: 128":                "small: 128 is out of range",
		"uint: -1":                  "uint: want an integer that is not negative, found the number -1",
		"uint: 1":                   "uint: must be at least 2, is 1",
		"float: x":                  `float: want a number, found the text "x"`,
		"float: .inf":               `float: want a number, found the text ".inf"`,
		"float: 0.25":               "float: must be at least 0.5, is 0.25",
		"wait: 5":                   `wait: want a duration such as "10s", "500ms" or "5 minutes", found the number 5; write the unit, for example "5s"`,
		"wait: 5 parsecs":           `wait: want a duration such as "10s", "500ms" or "5 minutes", found the text "5 parsecs"`,
		"wait: 10ms":                "wait: must be at least 1s, is 10ms",
		"wait: [1s]":                `wait: want a duration such as "10s", "500ms" or "5 minutes", found a list`,
		"wait_seconds: -1":          "wait_seconds: want a duration that is not negative and below 292 years, found the number -1",
		"wait_seconds: 1e300":       "wait_seconds: want a duration that is not negative and below 292 years, found the number 1e300",
		"wait_seconds: true":        `wait_seconds: want a number or a duration such as "10s", "500ms" or "5 minutes", found true`,
		"texts: a":                  `texts: want a list, found the text "a"; write ["a"]`,
		"texts: [[a]]":              "texts[0]: want text, found a list",
		"numbers: [1]":              "numbers: want at least 2 elements, found 1",
		"numbers: [1, x]":           `numbers[1]: want an integer, found the text "x"`,
		"options: [a]":              "options: want a block of keys and values, found a list",
		"options: {a: [1]}":         "options.a: want text, found a list",
		"weights: {a: {b: 1}}":      "weights.a: want a number, found a block",
		"columns: [{type: int}]":    "columns[0].name: required key is missing",
		"columns: [{name: ''}]":     "columns[0].name: must not be empty",
		"by_name: {x: {nam: a}}":    "by_name.x.name: required key is missing\n" + `by_name.x.nam: unknown key; did you mean "name"?`,
		"nested: {max_attempts: 0}": "nested.max_attempts: must be at least 1, is 0",
		"optional: yes":             `optional: want a block, found the text "yes"`,
		"optional: {delay: 1}":      `optional.delay: want a duration such as "10s", "500ms" or "5 minutes", found the number 1; write the unit, for example "1s"`,
		"secret: {a: b}":            "secret: want text, found a block",
		"address: nowhere":          `address: ParseAddr("nowhere"): unable to parse IP`,
		"raw: x":                    `raw: want a block, found the text "x"`,
		"mode: overwrit":            `mode: want one of append, overwrite, found the text "overwrit"; did you mean "overwrite"?`,
		"modes: [z]":                `modes[0]: want one of x, y, found the text "z"`,
		"secret: a\npassword: b":    `password: the same key as "secret" at p.yaml:6:7; keep one of them`,
	} {
		t.Run(src, func(t *testing.T) {
			t.Parallel()
			err := section(t, src).Decode(&everything{})
			var all *config.Errors
			require.ErrorAs(t, err, &all)
			var lines []string
			for _, fault := range all.List {
				require.Equal(t, "p.yaml", fault.File)
				require.Positive(t, fault.Line)
				require.Positive(t, fault.Column)
				place := fmt.Sprintf("p.yaml:%d:%d: components[0].config.", fault.Line, fault.Column)
				lines = append(lines, strings.TrimPrefix(fault.Error(), place))
			}
			require.Contains(t, strings.Join(lines, "\n"), want)
		})
	}
}

func TestDecodeTakesTextFromTheEnvironment(t *testing.T) {
	t.Parallel()
	var got everything
	s := section(t, `
bool: ${B}
int: ${N}
float: ${N}
uint: ${N}
wait_seconds: ${N}
wait_ms: ${W}
numbers: ["${N}", "${N}${N}"]
`, "B", "ON", "N", "12", "W", "2s")
	require.NoError(t, s.Decode(&got))
	require.True(t, got.Bool)
	require.Equal(t, 12, got.Int)
	require.Equal(t, 12*time.Second, got.Seconds)
	require.Equal(t, 2*time.Second, got.Millis)
	require.Equal(t, []int{12, 1212}, got.Numbers)
	err := section(t, "int: ${N}\nmode: ${N}\ntexts: ${N}", "N", "geheim").Decode(&got)
	require.EqualError(t, err, strings.Join([]string{
		"p.yaml:6:12: components[0].config.int: want an integer, found other text from outside the file",
		"p.yaml:7:13: components[0].config.mode: want one of append, overwrite, found other text from outside the file",
		"p.yaml:8:14: components[0].config.texts: want a list, found other text from outside the file",
	}, "\n"))
}

type checked struct {
	From  int      `koanf:"from"`
	To    int      `koanf:"to"`
	Inner *checked `koanf:"inner"`
}

var errBackwards = errors.New("from is above to")

func (c *checked) Validate() error {
	var errs []error
	if c.From > c.To {
		errs = append(errs, errBackwards)
	}
	if c.From < 0 {
		errs = append(errs, errors.New("from: must not be negative"))
	}
	if c.To > 100 {
		errs = append(errs, fmt.Errorf("to: must not be above 100, is %d", c.To))
	}
	return errors.Join(errs...)
}

func TestDecodeValidates(t *testing.T) {
	t.Parallel()
	require.NoError(t, section(t, "from: 1\nto: 2").Decode(&checked{}))
	err := section(t, "from: -1\nto: -2").Decode(&checked{})
	require.EqualError(t, err, "p.yaml:6:7: components[0].config: from is above to\n"+
		"p.yaml:6:13: components[0].config.from: must not be negative")
	require.ErrorIs(t, err, errBackwards)
	err = section(t, "inner:\n  to: 101").Decode(&checked{})
	require.EqualError(t, err, "p.yaml:7:13: components[0].config.inner.to: must not be above 100, is 101")
	err = section(t, "from: x\nto: -5").Decode(&checked{})
	require.EqualError(t, err, `p.yaml:6:13: components[0].config.from: want an integer, found the text "x"`)
}

func TestDecodeIntoTheWrongThing(t *testing.T) {
	t.Parallel()
	s := config.NewSection(map[string]any{"a": 1})
	require.EqualError(t, s.Decode(everything{}), "decode section : want a non-nil pointer to fill, got config_test.everything")
	require.Error(t, s.Decode(nil))
	require.Error(t, s.Decode((*everything)(nil)))
	var bad struct {
		C chan int `koanf:"a"`
	}
	require.ErrorContains(t, s.Decode(&bad), "field C has the type chan int, which no configuration can fill")
	var twice struct {
		A string `koanf:"a_b"`
		B string `koanf:"b" alias:"a-b"`
	}
	require.ErrorContains(t, s.Decode(&twice), `field B has the key "a-b" of another field`)
	var hidden struct {
		a string `koanf:"a"`
	}
	require.ErrorContains(t, s.Decode(&hidden), "field a is not exported")
	var keys struct {
		M map[int]string `koanf:"a"`
	}
	require.ErrorContains(t, s.Decode(&keys), "is a map whose keys are not strings")
}

func TestKeysWithDotsOfSecrets(t *testing.T) {
	t.Parallel()
	p, err := config.Parse([]byte(`name = n
components = [{name = a, type = t, config { secret { connection.uri = "mongodb://u:p@h", "es.net.pass" = x } }}]`), config.FormatHOCON, nil)
	require.NoError(t, err)
	var got struct {
		Secret map[string]secrets.Value `koanf:"secret"`
	}
	require.NoError(t, p.Components[0].Config.Decode(&got))
	require.Len(t, got.Secret, 2)
	require.Equal(t, "mongodb://u:p@h", got.Secret["connection.uri"].Reveal())
	require.Equal(t, "x", got.Secret["es.net.pass"].Reveal())
}
