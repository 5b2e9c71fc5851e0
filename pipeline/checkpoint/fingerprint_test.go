package checkpoint_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

func fingerprint(t *testing.T, parts ...any) string {
	t.Helper()
	f, err := checkpoint.Fingerprint(parts...)
	require.NoError(t, err)
	return f
}

func TestFingerprint_isTheSameEverywhere(t *testing.T) {
	t.Parallel()
	// Written down: another value would make every run that waits look changed.
	require.Equal(t, "sha256:b09e", fingerprint(t, "clean", "sql", []string{"read"}, map[string]any{"query": "SELECT 1", "limit": 10})[:11])
}

func TestFingerprint_ignoresHowItIsWritten(t *testing.T) {
	t.Parallel()
	require.Equal(t, fingerprint(t, json.RawMessage(`{"b": {"y":1, "x":"é"}, "a": [1, 2]}`)),
		fingerprint(t, json.RawMessage(`{"a":[1,2],"b":{"x":"\u00e9","y":1}}`)))
	require.Equal(t, fingerprint(t, map[string]int{"a": 1, "b": 2}), fingerprint(t, struct {
		B int `json:"b"`
		A int `json:"a"`
	}{2, 1}))
}

func TestFingerprint_tellsApart(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for i, parts := range [][]any{
		{}, {""}, {"", ""}, {nil}, {"null"}, {"ab", "c.D"}, {"a", "bc.D"}, {"abc.D"}, {[]string{"ab", "c.D"}},
		{[]string{"a", "b"}}, {[]string{"b", "a"}}, {1}, {"1"}, {true}, {"SELECT 1"}, {"SELECT 2"}, {map[string]int{"a": 1}}, {map[string]int{"a": 2}},
		{json.RawMessage("9007199254740993")}, {json.RawMessage("9007199254740992")}, {[]string{}}, {map[string]string{}},
	} {
		f := fingerprint(t, parts...)
		require.Regexp(t, "^sha256:[0-9a-f]{64}$", f)
		other, twice := seen[f]
		require.False(t, twice, "%v and number %d", parts, other)
		seen[f] = i
	}
}

func TestFingerprint_refuses(t *testing.T) {
	t.Parallel()
	for _, part := range []any{math.NaN(), make(chan int), json.RawMessage(`{`), json.RawMessage(`{"a":1,"a":2}`)} {
		_, err := checkpoint.Fingerprint("a", part)
		require.ErrorContains(t, err, "fingerprint: part 2")
	}
}
