package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTable(t *testing.T) {
	t.Parallel()
	table := newTable("Cost", "program", "µs")
	table.row("a", "1.00 [0.90..1.10]")
	table.target("a", series{1}, 2, " µs")
	table.target("b", series{2}, 2, " µs")
	var b strings.Builder
	table.print(&b)
	require.Equal(t, `### Cost

| program | µs                |
|---------|-------------------|
| a       | 1.00 [0.90..1.10] |

- Target met: a below 2.00 µs, measured 1.00 µs.
- Target MISSED: b below 2.00 µs, measured 2.00 µs.

`, b.String())
}
