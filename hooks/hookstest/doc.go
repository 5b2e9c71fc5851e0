// Package hookstest helps to test hooks and what calls them.
//
// A [Recorder] is a hook that remembers what it was told, in order:
//
//	var recorder hookstest.Recorder
//	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{
//		Hooks: []hooks.PipelineHooks{&recorder},
//	})
//	...
//	fmt.Println(recorder.Lines())
//
// [Run] checks that a hook keeps the contract of [hooks.PipelineHooks].
package hookstest
