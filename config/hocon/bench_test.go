package hocon_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config/hocon"
	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

func manyComponents(n int) []byte {
	var b strings.Builder
	b.WriteString("name = bench\nbase = /data\ncomponents = [\n")
	for i := range n {
		fmt.Fprintf(&b, "  {\n    name: step-%d # the step\n    type: sql\n    depends_on: [step-%d]\n"+
			"    config { sql = \"\"\"SELECT * FROM t%d\"\"\", output = ${base}/out-%d, \"spark.x\" = 10 }\n  }\n", i, i-1, i, i)
	}
	b.WriteString("]\n")
	return []byte(b.String())
}

func BenchmarkParse1000Components(b *testing.B) {
	src := manyComponents(1000)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		node, err := hocon.Parse(src, "bench.conf", nil)
		require.NoError(b, err)
		_, err = tree.Resolve(node, nil)
		require.NoError(b, err)
	}
}
