package options_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/options"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func TestSetLeavesOutWhatIsNotSet(t *testing.T) {
	t.Parallel()
	no, zero := false, int64(0)
	o := options.Set{}
	o.Text("a", "")
	o.Secret("b", secrets.Value{})
	o.Number("c", 0)
	o.Flag("d", false)
	o.Choice("e", nil)
	o.Version("f", nil)
	o.Millis("g", 0)
	require.Empty(t, o)
	o.Text("a", "x")
	o.Secret("b", secrets.NewValue("y"))
	o.Number("c", -2)
	o.Flag("d", true)
	o.Choice("e", &no)
	o.Version("f", &zero)
	o.Millis("g", time.Minute)
	require.Equal(t, options.Set{"a": "x", "b": "y", "c": "-2", "d": "true", "e": "false", "f": "0", "g": "60000ms"}, o)
	value, ok := options.Lookup(o, "A")
	require.True(t, ok)
	require.Equal(t, "x", value)
	_, ok = options.Lookup(o, "none")
	require.False(t, ok)
	require.Equal(t, map[string]string{"INFER": "1", "x": "2"}, options.Merge(map[string]string{"infer": "0", "x": "2"}, map[string]string{"INFER": "1"}))
}

func TestFaultsAreToldTogether(t *testing.T) {
	t.Parallel()
	f := &options.Faults{What: "x"}
	less := int64(-1)
	f.OneOf("mode", "", "a")
	f.OneOf("mode", "A", "a")
	f.Err("ok", nil)
	f.Append(nil)
	require.True(t, f.Clean())
	require.NoError(t, f.Join())
	f.OneOf("mode", "b", "a", "c")
	f.NotNegative("n", -1)
	f.Version("v", &less)
	f.WholeMillis("d", time.Microsecond)
	f.Names("by", []string{"a", " "})
	f.ExactlyOne("a", "", "b", "")
	f.ExactlyOne("a", "1", "b", "2")
	f.Err("k", errors.New("cause"))
	f.Append(errors.New("as it is"))
	require.EqualError(t, f.Join(), `x: mode is "b"; write one of a, c
x: n is -1; it cannot be negative
x: v is -1; it cannot be negative
x: d is 1µs; write a whole number of milliseconds from 0 on
x: by: a column has no name
x: set a or b
x: a and b exclude each other
x: k: cause
as it is`)
}

func TestMoments(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "2024-05-01", "2024-05-01 10:00", "2024-05-01T10:00:00", "2024-05-01 10:00:00.123", "2024-05-01T10:00:00.5+02:00"} {
		require.NoError(t, options.Moment(text), text)
	}
	for _, text := range []string{"yesterday", "2024-13-01", "1714550400000", "2024-05-01'; DROP", "2024-05-01T"} {
		require.ErrorContains(t, options.Moment(text), "is no point in time", text)
	}
	millis, err := options.Instant("2024-05-01T00:00:00Z")
	require.NoError(t, err)
	require.Equal(t, "1714521600000", millis)
	_, err = options.Instant("-1")
	require.ErrorContains(t, err, "before 1970")
	_, err = options.Instant("soon")
	require.ErrorContains(t, err, "is no point in time")
}

func ExampleFaults() {
	f := &options.Faults{What: "delta source"}
	f.ExactlyOne("path", "", "table", "")
	fmt.Println(f.Join())
	fmt.Println(options.Literal(`it's \ here`))
	// Output:
	// delta source: set path or table
	// 'it\'s \\ here'
}
