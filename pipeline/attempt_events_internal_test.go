package pipeline

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/hooks"
)

// TestNobodyObserves sees that the context of an attempt stays as it is.
func TestNobodyObserves(t *testing.T) {
	t.Parallel()
	for name, all := range map[string]hooks.PipelineHooks{
		"no hooks":    hooks.Join(),
		"other hooks": hooks.Join(hooks.Base{}, hooks.Funcs{}, hooks.NewLogging(nil, nil)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &run{runner: &SimplePipelineRunner{hooks: all}, result: &Result{}} // a clock would be asked in vain
			ctx, ended := r.beginAttempt(t.Context(), &Step{Name: "clean"}, 1)
			ended(nil)
			require.Equal(t, t.Context(), ctx)
			require.Equal(t, t.Context(), r.withOperations(ctx, &Step{Name: "clean"}))
		})
	}
}
