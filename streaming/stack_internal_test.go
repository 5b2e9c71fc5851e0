package streaming

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzParseStack(f *testing.F) {
	f.Add("org.X: [STREAM_FAILED] it failed SQLSTATE: XXKST\nmore\n\tat a.b(c.scala:1)\n\t... 3 more\nCaused by: java.lang.Y: [A_B.C] no. SQLSTATE: 22012\n\tat d.e(f)\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, cause := range parseStack(text) {
			require.LessOrEqual(t, len(cause.Message), len(text))
		}
	})
}

func TestParseStack(t *testing.T) {
	t.Parallel()
	got := parseStack("org.X: [STREAM_FAILED] it failed SQLSTATE: XXKST\nmore\n\tat a.b(c.scala:1)\n\t... 3 more\nCaused by: java.lang.Y: [A_B.C] no. SQLSTATE: 22012\n\tat d.e(f)\n")
	require.Len(t, got, 2)
	require.Equal(t, "org.X", got[0].Class)
	require.Equal(t, "STREAM_FAILED", got[0].ErrorClass)
	require.Contains(t, got[0].Message, "more")
	require.Equal(t, []string{"a.b(c.scala:1)"}, got[0].Stack)
	require.Equal(t, "A_B.C", got[1].ErrorClass)
	require.Equal(t, "22012", got[1].SQLState)
	require.Equal(t, "no.", plainMessage(got[1]))
}
