// Package hooks lets a program watch a pipeline run, and stop it.
//
// [PipelineHooks] has one method for each moment of a run. Embed [Base] and
// write only the methods that you need, or fill the fields of [Funcs]:
//
//	timing := hooks.Funcs{
//		AfterComponentFunc: func(ctx context.Context, e hooks.ComponentEnd) {
//			fmt.Println(e.Name, e.Duration)
//		},
//	}
//	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{
//		Hooks: []hooks.PipelineHooks{timing, hooks.NewLogging(logger, nil)},
//	})
//
// # Moments
//
// A run calls BeforePipeline first and AfterPipeline last, each exactly once,
// also when the run is cancelled, the order of the components cannot be found,
// or Spark cannot be reached. Between them each component that starts gets
// BeforeComponent and then exactly one of AfterComponent (it succeeded) and
// OnComponentFailure (anything else). Components that never start, because they
// are disabled, skipped or cancelled, cause no moment of their own; they stand
// in [PipelineEnd.Results] with the reason.
//
// OnRetryAttempt and OnCircuitBreakerStateChange are called by the retry policy
// and the circuit breaker of a component, between its other two moments.
//
// A hook that is a [ProgressObserver] too hears how far the work of a component
// on the server is, while it runs; an [AttemptObserver] hears of each attempt, and
// an [OperationObserver] of the end of each Spark operation.
//
// A before-hook returns a context, which everything inside the pipeline or the
// component gets, so that a hook can begin a trace span. The context must be
// derived from the one that was given. Several hooks see each other's values in
// the order of [Join]; closing moments run in the reverse order.
//
// # Errors
//
// An error of a before-hook is a veto: the pipeline or the component does not
// run and fails with a [*VetoError]. All hooks are asked, also after a veto, so
// that each hook that heard a beginning hears the end.
//
// A panic of a hook is caught. It becomes a [*PanicError] in the result of the
// run and vetoes nothing.
//
// # Concurrency
//
// A runner may run components at the same time, and then calls hooks at the same
// time for different components. The moments of one component never overlap. Hooks
// block the run: a slow hook makes the run slow.
//
// [SimplePipelineRunner]: https://pkg.go.dev/github.com/sparkpipe/sparkpipe/pipeline#SimplePipelineRunner
package hooks
