package hooks_test

import (
	"context"
	"fmt"

	"github.com/sparkpipe/sparkpipe/hooks"
)

// meter embeds Base and is a ProgressObserver too.
type meter struct{ hooks.Base }

func (meter) OnProgress(_ context.Context, e hooks.ComponentProgress) {
	fmt.Printf("%s: %d/%d tasks, %d bytes\n", e.Name, e.TasksCompleted, e.Tasks, e.InputBytes)
}

func ExampleProgressObserver() {
	all := hooks.Join(meter{}, hooks.Base{})
	fmt.Println(hooks.ObservesProgress(all), hooks.ObservesProgress(hooks.Base{}))
	// A runner calls it while the component works on the server.
	all.(hooks.ProgressObserver).OnProgress(context.Background(), hooks.ComponentProgress{
		Name: "clean", Tasks: 200, TasksCompleted: 41, InputBytes: 1 << 20,
	})
	// Output:
	// true false
	// clean: 41/200 tasks, 1048576 bytes
}
