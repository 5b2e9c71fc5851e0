// Package component defines what a pipeline is made of: the steps, and the
// registry that turns the type names of a configuration file into steps.
//
// A step is a [PipelineComponent]: a name and a Run method. The smallest one is
// a function:
//
//	hello := component.Func("hello", func(ctx context.Context, rt component.Runtime) error {
//		rt.Logger().Info("hello", zap.String("run_id", rt.RunID))
//		return nil
//	})
//
// A component is a plain value. It holds its settings and nothing of a run, so
// it can be checked without a cluster, run twice, and tested with the zero
// [Runtime]. What belongs to a run (logger, run id, Spark session) arrives with
// the Runtime. Components that work on Spark implement dataflow.DataFlow
// instead and are turned into components by dataflow.Component.
//
// # Lifecycle
//
// A runner finds optional abilities by type assertion and calls them in this
// order:
//
//  1. [Validator]: Validate, before anything of the run starts. It may be
//     called several times and must touch nothing.
//  2. [Opener]: Open, once, before the first attempt.
//  3. Run, once or more often when a retry policy is set.
//  4. [Closer]: Close, once, also after a failed Open or Run, with a context
//     that is still alive when the run was cancelled.
//
// What became of a component is a [Result] with a [Status].
//
// # Types by name
//
// A [Factory] builds components of one type from their block of a configuration
// file. [NewFactory] makes one from a config struct and a function. A
// [Registry] holds the factories that a program offers. There is no global
// registry and nothing registers itself: the program lists its types.
//
//	registry, err := component.NewRegistry(
//		component.NewFactory(component.Info{Type: "wait"}, buildWait),
//	)
//
// # Errors
//
// A fault in the settings of a component is a [*ConfigError], a type that
// nobody registered an [*UnknownTypeError], a panic that was caught a
// [*PanicError], and an error of the Spark server a [*SparkError].
//
// # Concurrency
//
// A [Registry] and a [Runtime] are safe for concurrent use. A component is run
// by one goroutine at a time unless its own documentation allows more.
package component
