// Package cli is the command line of sparkpipe, for programs that bring
// components of their own:
//
//	func main() {
//		os.Exit(cli.Main(context.Background(), os.Args[1:], &cli.Options{
//			Factories: []component.Factory{myFactory},
//		}))
//	}
//
// The result is the sparkpipe binary with more component types: run, validate,
// components, local and version work as they do there.
//
// # Signals
//
// SIGINT, SIGTERM and SIGHUP end a run in order: the work on the cluster is
// interrupted, components and the session are closed, hooks are called, and the
// result is printed. A second one, or [Options.StopTimeout], ends the process at
// once; a Spark server that was started for the run ends with it. A program that
// is started with nohup does not hear SIGHUP. A reader of the output that has
// gone does not stop a run.
//
// # Progress
//
// On a terminal, run draws a bar for each running component below what it
// prints, elsewhere it prints a line about each every ten seconds. --progress
// chooses: auto, bar, plain or none. NO_COLOR takes the colours away, TERM=dumb
// the bars too. JSON has no progress unless --progress plain asks for it; then
// there are events "component_progress" with the keys attempt and progress.
//
// # Artifacts
//
// run --artifacts DIR leaves the documents of package artifact in DIR, and the
// command schema prints their JSON Schemas. When the results cannot be written,
// the exit code of a run that succeeded is [ExitFailed].
//
// # Exit codes
//
// The exit code says how it went: [ExitSucceeded], [ExitFailed],
// [ExitPartlyFailed], [ExitBadConfig], [ExitUsage] or [ExitInterrupted].
package cli
