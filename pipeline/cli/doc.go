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
// # Exit codes
//
// The exit code says how it went: [ExitSucceeded], [ExitFailed],
// [ExitPartlyFailed], [ExitBadConfig], [ExitUsage] or [ExitInterrupted].
package cli
