package config_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/secrets"
)

type text string

func TestNewSection(t *testing.T) {
	t.Parallel()
	four := 4
	s := config.NewSection(map[string]any{
		"output_view": text("v"), "bool": false, "int": int8(3), "uint": uint16(5), "float": float32(0.75),
		"wait": 90 * time.Second, "texts": []string{"a"}, "options": map[string]any{"a": 1, "b": nil},
		"number": &four, "secret": secrets.NewValue("pw"), "any": []any{nil, 1},
		"columns": []map[string]string{{"name": "x"}},
	})
	require.Empty(t, s.Path())
	require.Empty(t, s.Where())
	var got everything
	require.NoError(t, s.Decode(&got))
	require.Equal(t, "v", got.View)
	require.False(t, got.Bool)
	require.Equal(t, 3, got.Int)
	require.Equal(t, uint64(5), got.Uint)
	require.InDelta(t, 0.75, got.Float, 0)
	require.Equal(t, 90*time.Second, got.Duration)
	require.Equal(t, map[string]string{"a": "1"}, got.Options)
	require.Equal(t, 4, *got.Number)
	require.Equal(t, "pw", got.Secret.Reveal())
	require.Equal(t, []any{nil, int64(1)}, got.Any)
	require.Equal(t, []column{{"x", "string"}}, got.Columns)
	require.EqualError(t, config.NewSection(map[string]any{"paht": 1}).Decode(&column{}),
		"paht: unknown key; valid keys: name, type\nname: required key is missing")
}

func TestNewSectionRefusesOtherTypes(t *testing.T) {
	t.Parallel()
	endless := map[string]any{}
	endless["a"] = endless
	for want, values := range map[string]map[string]any{
		"a.b: a section cannot hold the Go type chan int":     {"a": map[string]any{"b": make(chan int)}},
		"a[0]: a section cannot hold the Go type struct {}":   {"a": []any{struct{}{}}},
		"a: a section cannot hold the Go type map[int]string": {"a": map[int]string{1: "x"}},
	} {
		require.EqualError(t, config.NewSection(values).Decode(new(any)), want)
	}
	require.ErrorContains(t, config.NewSection(endless).Decode(new(any)), "more than 200 levels of nesting")
	var empty map[string]any
	require.NoError(t, config.NewSection(nil).Decode(&empty))
	require.Empty(t, empty)
}

func TestFieldsOf(t *testing.T) {
	t.Parallel()
	type leaf struct {
		common
		Mode   string        `koanf:"mode" enum:"a,b|c" default:"a" required:"true"`
		Wait   time.Duration `koanf:"wait" min:"1s"`
		Secret secrets.Value `koanf:"secret"`
	}
	type top struct {
		Leaf  leaf              `koanf:"leaf" doc:"one"`
		Cols  []*column         `koanf:"cols"`
		Map   map[string]column `koanf:"map"`
		Raw   config.Section    `koanf:"raw"`
		Conf  map[string]string `koanf:"conf"`
		Flag  *bool             `koanf:"flag"`
		Ints  []int             `koanf:"ints" min:"1"`
		Any   any               `koanf:"any"`
		Float float64           `koanf:"float"`
	}
	require.Equal(t, []config.FieldDoc{
		{Name: "leaf", Type: "block", Doc: "one"},
		{Name: "leaf.output_view", Type: "text", Doc: "the view to make"},
		{Name: "leaf.mode", Type: "text", Default: "a", Required: true, Enum: []string{"a", "b"}},
		{Name: "leaf.wait", Type: "duration", Min: "1s"},
		{Name: "leaf.secret", Type: "text"},
		{Name: "cols", Type: "list of blocks"},
		{Name: "cols[].name", Type: "text", Required: true},
		{Name: "cols[].type", Type: "text", Default: "string"},
		{Name: "map", Type: "map of blocks"},
		{Name: "map.*.name", Type: "text", Required: true},
		{Name: "map.*.type", Type: "text", Default: "string"},
		{Name: "raw", Type: "block"},
		{Name: "conf", Type: "map of text"},
		{Name: "flag", Type: "true or false"},
		{Name: "ints", Type: "list of integers", Min: "1"},
		{Name: "any", Type: "any"},
		{Name: "float", Type: "number"},
	}, config.FieldsOf(reflect.TypeFor[*top]()))
	require.Nil(t, config.FieldsOf(reflect.TypeFor[int]()))
	require.Nil(t, config.FieldsOf(nil))
	require.Len(t, config.FieldsOf(reflect.TypeFor[checked]()), 3, "a type that holds itself ends")
}

func TestSectionParts(t *testing.T) {
	t.Parallel()
	p, err := parseYAML("name: n\ncomponents:\n  - {name: a, type: t, config: {my-list: [{a: 1}, {b: 2}], other: x, bad: [1, {c: 1}, [2]], none: ~}}\n")
	require.NoError(t, err)
	section := p.Components[0].Config
	list, err := section.List("my_list")
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, "components[0].config.my-list[1]", list[1].Path())
	for _, key := range []string{"none", "missing"} {
		list, err = section.List(key)
		require.NoError(t, err)
		require.Empty(t, list)
	}
	list, err = section.List("bad")
	require.Len(t, list, 1)
	require.EqualError(t, err, "p.yaml:3:76: components[0].config.bad[0]: want a block, found the number 1\n"+
		"p.yaml:3:87: components[0].config.bad[2]: want a block, found a list")
	_, err = section.List("other")
	require.EqualError(t, err, `p.yaml:3:67: components[0].config.other: want a list, found the text "x"`)

	with, without := section.Split("my_list", "other", "missing")
	var got struct {
		List  []any  `koanf:"my_list"`
		Other string `koanf:"other"`
	}
	require.NoError(t, with.Decode(&got))
	require.Equal(t, "x", got.Other)
	rest := map[string]any{}
	require.NoError(t, without.Decode(&rest))
	require.Len(t, rest, 2)
}
