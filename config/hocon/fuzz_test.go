package hocon_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config/hocon"
)

// FuzzParse holds that no document panics, and that what resolves comes back
// the same from Marshal.
func FuzzParse(f *testing.F) {
	for _, c := range append(append([]specCase{}, specCases...), moreCases...) {
		f.Add([]byte(c.main))
	}
	for seed := range uint64(20) {
		f.Add([]byte(randomDocument(seed).main))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		parser := hocon.NewParser(&hocon.Options{Env: lookupTestEnv, Dir: t.TempDir()})
		values, err := parser.Unmarshal(src)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		text, err := parser.Marshal(values)
		require.NoError(t, err)
		again, err := parser.Unmarshal(text)
		require.NoError(t, err, "%s", text)
		require.True(t, reflect.DeepEqual(values, again), "%v\n%v\n%s", values, again, text)
	})
}
