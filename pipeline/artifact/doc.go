// Package artifact writes down what a run was to do and what became of it, for
// other programs: manifest.json and run_results.json, both with a version and a
// JSON Schema.
//
// [Hook] writes both as a run goes: the manifest before the first component
// starts, the results when everything is over, also when the run has failed, was
// interrupted or could not open Spark:
//
//	hook, err := artifact.NewHook("target", p, nil)
//	if err != nil {
//		return err
//	}
//	runner, err := pipeline.NewSimplePipelineRunner(session, &pipeline.RunnerOptions{
//		Hooks: []hooks.PipelineHooks{hook},
//	})
//	result, runErr := runner.Run(ctx, p)
//	return errors.Join(runErr, hook.Err())
//
// [NewManifest] and [NewRunResults] make the same documents by hand;
// [ReadManifest] and [ReadRunResults] read them back.
//
// # Versions
//
// Each document has the key schema_version. Within a version keys may be added,
// so a reader passes over those that it does not know; a key that goes or means
// something else makes a new version. The readers refuse a version that is newer
// than theirs with a [*VersionError]. [RunResultsSchema] and [ManifestSchema]
// are the JSON Schemas (draft 2020-12) of the newest versions.
//
// # Secrets
//
// No setting of a component and nothing of the connection is written. Names of
// paths are written without the user information and the signatures that a URL
// can hold. Errors are written with the texts that the result has.
//
// # Errors
//
// A file is written beside its place and put there in one step, so a reader never
// sees half of one.
package artifact
