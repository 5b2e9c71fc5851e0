// Package pipeline builds pipelines and runs them.
//
// A [Pipeline] is a list of [Step] values, each a component with a name and the
// names of those that must be done before it. Build it in Go with [New], or from
// a configuration file with [FromConfig]; both give the same value, and neither
// needs a cluster. A [Runner] runs it:
//
//	pipe, err := pipeline.New("orders",
//		pipeline.Step{Name: "read", Component: read},
//		pipeline.Step{Name: "clean", Component: clean, DependsOn: []string{"read"}},
//	)
//	runner, err := pipeline.NewSimplePipelineRunner(session, nil)
//	result, err := runner.Run(ctx, pipe)
//
// # What a run does
//
// [SimplePipelineRunner.Run] checks the pipeline, opens the Spark session if a
// component needs one, and runs the components: a component after all that it
// depends on, up to MaxParallel of them at the same time, one by default, and
// those that are free to run in the order in which they were declared. For each
// component it opens, runs and closes it, and writes a [component.Result]. The
// results stand in the order of one at a time, whatever the number.
//
// When a component fails, a pipeline with FailFast stops: what runs beside it is
// cancelled, on the server too, and the rest is skipped. Without FailFast the run goes on, but never with missing data:
// what depends on the failed component, directly or through others, is skipped
// with the reason. What depends on a disabled component is governed by
// [DisabledPolicy].
//
// When the context ends, the components that run are told through theirs, the
// others are cancelled, and the run is interrupted.
//
// # Results and errors
//
// Run always returns a [*Result], whatever happened, and an error exactly when
// the status of the result is not [StatusSucceeded]. The error is a [*RunError];
// [errors.As] and [errors.Is] reach through it to the [*ComponentError] of each
// failed component and to its cause. Panics of components are failures with a
// [*component.PanicError].
//
// A pipeline that cannot run is refused by [New], [FromConfig],
// [Pipeline.Validate] and Run with an [*InvalidError] that names every fault.
//
// # Concurrency
//
// A runner can run several pipelines at the same time. A pipeline can be run by
// several runners at the same time if its components allow that; it must not be
// changed meanwhile.
package pipeline
