// Package audit writes down who did what, when, where and with which
// configuration, so that it can be proved afterwards.
//
// A [Hook] hears a run and hands one [Event] for each of its moments to a [Sink]:
//
//	sink, err := audit.NewFileSink("/var/log/pipeline/audit/audit.jsonl", nil)
//	if err != nil {
//		return err
//	}
//	hook := audit.NewHook(sink, &audit.HookOptions{Required: true})
//	defer hook.Close(ctx)
//	runner, err := pipeline.NewSimplePipelineRunner(session, &pipeline.RunnerOptions{
//		Hooks: []hooks.PipelineHooks{hook},
//	})
//	result, runErr := runner.Run(ctx, p)
//	return errors.Join(runErr, hook.Err(result.RunID))
//
// [New] builds the same from the block hooks.audit of a configuration file.
// [Hook.Record] takes what happens outside a run; [Hook.ConfigLoaded] and
// [Hook.SecretAccessed] are the two common cases, and [Hook.Streams] takes what
// happens to streaming queries.
//
// # The chain
//
// [FileSink] and [SQLSink] number the entries and link them: each holds the hash
// of the one before it and its own, which is the SHA-256, or with a key the
// HMAC-SHA-256, of the line as it stands without that last member:
//
//	{"schema_version":1,"seq":7,…,"prev":"sha256:…","hash":"sha256:…"}
//	{"schema_version":1,"seq":7,…,"prev":"sha256:…"}     these bytes are hashed
//
// What is hashed are the bytes, so nothing has to be put into another form first,
// and a blank that is added shows too. The head, which is the number and the hash
// of the last entry, is kept apart, so that a cut tail shows. [Verify] and
// [VerifyFiles] tell what was edited, deleted, moved, repeated or cut; they need
// constant memory.
//
// Without a key whoever can write the file and its head can write another history
// that is consistent in itself. With a key they cannot, but they can put back an
// older state of both; only a head that was kept elsewhere shows that.
//
// # Secrets
//
// Everything that an event holds goes through a [Redactor] first: it hides by
// key, by the secrets that it was told, and by form.
//
// # Errors
//
// With [HookOptions.Required] nothing starts that cannot be written down: the
// start is vetoed with a [*RequiredError]. What runs already ends, and
// [Hook.Err] then returns an [*UnauditedError]. Events that could not be stored
// are kept and stored before the next one.
//
// # Concurrency
//
// Everything here is safe for concurrent use. Several processes may write the same
// file or table: the chain goes on from one to the other.
package audit
