// Package checkpoint keeps the record of a pipeline run, so that a run that
// failed, was stopped or was killed can go on where it ended.
//
// This has nothing to do with the checkpoint location of a streaming query,
// which belongs to Spark.
//
// A runner locks the run, makes a [Record] or loads the one that is there, and
// saves it whenever something changed: before it sends an operation to Spark,
// and after a component ended.
//
//	store, err := checkpoint.NewFileStore("/var/lib/sparkpipe/checkpoints")
//	...
//	lock, err := store.Lock(ctx, runID)
//	if err != nil {
//		return err // ErrLocked: it says who has the run
//	}
//	defer lock.Release(ctx)
//
//	record, err := store.Load(ctx, runID)
//	if errors.Is(err, checkpoint.ErrNotFound) {
//		record, err = checkpoint.New(runID, "orders", fingerprint, steps)
//	}
//	...
//	decisions, err := record.Resume(steps, nil)
//	...
//	record.Component("clean").State = checkpoint.StateRunning
//	err = store.Save(ctx, record)
//
// A run that is resumed keeps its id and its record. [Record.Resume] compares
// the record with the pipeline as it is now and says of each component whether
// it runs.
//
// # Stores
//
// [FileStore] keeps one file a run in a folder. [SQLStore] keeps one row a run
// in a table of SQLite or PostgreSQL; bring a *sql.DB with the driver of your
// choice, or take package postgres. [ObjectStore] keeps one object a run in a
// storage that a [Bucket] describes; package objectstore has one for S3. Other
// stores implement [Store] and prove it with package checkpointtest.
//
// A save is all or nothing, in all of them. A record that cannot be read is an
// error that names the file, the row or the object. It is never taken for a run
// that has not begun, and it is never overwritten.
//
// # Format
//
// A record is one JSON object. [Parse] reads it and [Record.Format] writes it.
//
//	{
//	  "version": 1,
//	  "run_id": "2026-03-01-nightly",
//	  "pipeline": "orders",
//	  "fingerprint": "sha256:9f86d0…",
//	  "file": "/etc/pipelines/orders.conf",
//	  "session": {"address": "sc://spark:15002", "user_id": "etl", "id": "…", "server_id": "…"},
//	  "status": "failed",
//	  "revision": 7,
//	  "created": "2026-03-01T02:00:00.123456Z",
//	  "updated": "2026-03-01T02:07:41.654321Z",
//	  "components": [
//	    {
//	      "name": "clean",
//	      "fingerprint": "sha256:60303a…",
//	      "state": "succeeded",
//	      "attempts": 2,
//	      "started": "2026-03-01T02:00:01Z",
//	      "ended": "2026-03-01T02:03:15Z",
//	      "operations": ["0b9c7a0e-5d0e-4f0e-8f4e-3a51f5d1c001"],
//	      "outputs": [{"kind": "view", "name": "clean_orders"}]
//	    },
//	    {
//	      "name": "save",
//	      "fingerprint": "sha256:fd61a0…",
//	      "state": "failed",
//	      "attempts": 1,
//	      "error": "save to db.orders: …"
//	    }
//	  ],
//	  "breakers": {"warehouse": {"state": "open"}}
//	}
//
// The keys run_id, pipeline, status, created and updated, and of a component
// name and state, must be there. Times are RFC 3339 in UTC, to the microsecond
// in created and updated. The values below breakers belong to whoever wrote
// them and are kept as they are, except for white space.
//
//   - version is the number of the format, now [Version]. A record with a higher
//     one is refused with [ErrNewer]. Every new key raises it, so an unknown key
//     in a record of a known version is a fault and refused, too.
//   - status is running, succeeded, failed, partly_failed or interrupted.
//   - revision counts the saves. A save of a record that is not the newest is
//     refused with [ErrStale].
//   - state is pending, running, succeeded, failed or skipped.
//   - kind is view, path or table. A view is gone with the session of Spark that
//     made it; the others stay.
//   - operations are the ids of Spark's operations. They are recorded before they
//     are sent: one that is in the record may or may not have reached Spark, one
//     that is not has not.
//
// Records hold error texts as they are. Whoever fills them takes care that no
// secret is among them.
//
// # Errors
//
// Ask with [errors.Is] for [ErrNotFound], [ErrLocked], [ErrStale], [ErrCorrupt],
// [ErrNewer], [ErrChanged], [ErrRunID] and [ErrUnconditional]; several have a type
// with fields.
//
// # Concurrency
//
// Stores are safe for concurrent use, also by several processes. A [Record] is
// a plain value for one goroutine at a time; [Record.Clone] makes a copy for
// another.
package checkpoint
