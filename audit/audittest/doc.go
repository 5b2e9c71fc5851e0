// Package audittest helps to test what writes an audit trail, and sinks for it.
//
// A [Memory] is a sink that remembers what it was given, and can be told to fail:
//
//	sink := &audittest.Memory{}
//	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{
//		Hooks: []hooks.PipelineHooks{audit.NewHook(sink, nil)},
//	})
//	...
//	fmt.Println(sink.Lines())
//
// [Run] checks that a sink keeps the contract of [audit.Sink].
package audittest
