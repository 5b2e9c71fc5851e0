package value_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow/value"
)

func TestRow(t *testing.T) {
	t.Parallel()
	row := value.NewRow([]string{"id", "name", "id"}, []any{int64(1), nil, int64(2)})
	require.Equal(t, 3, row.Len())
	require.Equal(t, []string{"id", "name", "id"}, row.Names())
	require.Equal(t, int64(2), row.At(2))
	require.Nil(t, row.At(3))
	require.Nil(t, row.At(-1))
	first, ok := row.Value("id")
	require.True(t, ok)
	require.Equal(t, int64(1), first)
	null, ok := row.Value("name")
	require.True(t, ok)
	require.Nil(t, null)
	_, ok = row.Value("ID")
	require.False(t, ok)
	require.Equal(t, map[string]any{"id": int64(1), "name": nil}, row.Map())
	require.Equal(t, "{id: 1, name: <nil>, id: 2}", row.String())
	var seen []string
	for name, v := range row.All() {
		seen = append(seen, fmt.Sprint(name, "=", v))
		if len(seen) == 2 {
			break
		}
	}
	require.Equal(t, []string{"id=1", "name=<nil>"}, seen)
}

func TestRowWithoutValues(t *testing.T) {
	t.Parallel()
	var none value.Row
	require.Zero(t, none.Len())
	require.Empty(t, none.Map())
	require.Nil(t, none.At(0))
	require.Equal(t, "{}", none.String())
	require.Equal(t, []any{nil}, []any{value.NewRow([]string{"a"}, nil).At(0)})
	require.Equal(t, 1, value.NewRow([]string{"a"}, []any{1, 2}).Len())
}

func TestRowKeepsTheNamesOfItsOwn(t *testing.T) {
	t.Parallel()
	row := value.NewRow([]string{"a"}, []any{1})
	row.Names()[0] = "b"
	require.Equal(t, []string{"a"}, row.Names())
}

func TestRowAsJSON(t *testing.T) {
	t.Parallel()
	row := value.NewRow([]string{"z", "a", "m", "s", "l"}, []any{
		value.Decimal("1.50"), value.Date{Year: 2024, Month: 2, Day: 29}, map[any]any{int64(7): "x"},
		value.NewRow([]string{"in"}, []any{[]byte("ab")}), []any{map[any]any{true: nil}, map[string]any{"k": map[any]any{1: 2}}},
	})
	text, err := json.Marshal(row)
	require.NoError(t, err)
	require.Equal(t, `{"z":"1.50","a":"2024-02-29","m":{"7":"x"},"s":{"in":"YWI="},"l":[{"true":null},{"k":{"1":2}}]}`, string(text))
	_, err = json.Marshal(value.NewRow([]string{"f"}, []any{func() {}}))
	require.ErrorContains(t, err, "the value of f")
}
