package columnar_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"
)

type leafRow struct {
	N *int64
	S string
}

type treeRow struct {
	ID      int64
	Text    *string
	Point   *leafRow
	Numbers []int64
	Leaves  []leafRow
	Some    []*leafRow
	Grid    [][]int64
	Pair    [2]int64
	Maybe   **int64
	Nested  struct{ Deep leafRow }
	Lists   *[]string
}

func maybe[T any](random *rand.Rand, v T) *T {
	if random.IntN(3) == 0 {
		return nil
	}
	return &v
}

func randomLeaf(random *rand.Rand) leafRow {
	return leafRow{N: maybe(random, random.Int64()), S: strings.Repeat("ä", random.IntN(40))}
}

func randomNumbers(random *rand.Rand) []int64 {
	out := make([]int64, random.IntN(6))
	if random.IntN(200) == 0 {
		out = make([]int64, 3000) // more than shares an allocation
	}
	for i := range out {
		out[i] = random.Int64()
	}
	return out
}

func randomTree(random *rand.Rand) treeRow {
	row := treeRow{ID: random.Int64() - random.Int64(), Text: maybe(random, strings.Repeat("x", random.IntN(300))), Numbers: randomNumbers(random)}
	row.Point = maybe(random, randomLeaf(random))
	row.Leaves, row.Some, row.Grid = []leafRow{}, []*leafRow{}, [][]int64{}
	for range random.IntN(4) {
		row.Leaves = append(row.Leaves, randomLeaf(random))
		row.Some = append(row.Some, maybe(random, randomLeaf(random)))
		row.Grid = append(row.Grid, randomNumbers(random))
	}
	if random.IntN(5) == 0 {
		row.Numbers, row.Grid = nil, nil
	}
	row.Pair = [2]int64{random.Int64(), random.Int64()}
	if n := maybe(random, random.Int64()); n != nil {
		row.Maybe = &n
	}
	row.Nested.Deep = randomLeaf(random)
	row.Lists = maybe(random, []string{"a", "b"})
	return row
}

// TestManyRowsOfManyShapes compares with encoding/json over the borders of
// chunks and shared allocations.
func TestManyRowsOfManyShapes(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	want := make([]treeRow, 1500)
	rows := make([]string, len(want))
	for i := range want {
		want[i] = randomTree(random)
		text, err := json.Marshal(want[i])
		require.NoError(t, err)
		rows[i] = string(text)
	}
	leaf := arrow.StructOf(column("N", int64s), column("S", utf8))
	got, err := decode[treeRow](t, record(t, strings.Join(rows, ","),
		column("ID", int64s), column("Text", utf8), column("Point", leaf), column("Numbers", arrow.ListOf(int64s)),
		column("Leaves", arrow.ListOf(leaf)), column("Some", arrow.ListOf(leaf)), column("Grid", arrow.ListOf(arrow.ListOf(int64s))),
		column("Pair", arrow.ListOf(int64s)), column("Maybe", int64s), column("Nested", arrow.StructOf(column("Deep", leaf))),
		column("Lists", arrow.ListOf(utf8))))
	require.NoError(t, err)
	require.Equal(t, want, got)
	pointers, err := decode[*leafRow](t, record(t, `{"N": 1, "S": "a"}, {"N": null, "S": "b"}`, column("N", int64s), column("S", utf8)))
	require.NoError(t, err)
	require.NotSame(t, pointers[0], pointers[1])
}
