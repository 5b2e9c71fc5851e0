// Package postgres keeps checkpoints in a PostgreSQL database.
//
//	store, err := postgres.Open("postgres://etl@db.example.com/runs", nil)
//	...
//	defer store.Close()
//	runner, err := pipeline.NewSimplePipelineRunner(session, &pipeline.RunnerOptions{
//		Checkpoint: &pipeline.CheckpointOptions{Store: store},
//	})
//
// It is a [checkpoint.SQLStore] with a driver. Bring a *sql.DB of your own to
// that one where the program has a driver already.
//
// [Open] only reads the location. The tables are made when the store is used
// first and they do not exist; the rights needed then are SELECT, INSERT, UPDATE
// and DELETE on them.
//
// # Locations
//
// A location is postgres://user@host:port/database; the scheme postgresql means
// the same. What it leaves open comes from the environment variables of libpq
// (PGHOST, PGUSER, PGDATABASE, PGSSLMODE and so on). The password is best in
// PGPASSWORD or in the file ~/.pgpass; no error shows one that is in the
// location. Parameters may follow, those of libpq, such as sslmode=verify-full
// or connect_timeout=10, and these:
//
//   - table is the table; see [checkpoint.SQLOptions].
//   - lease is how long a lock outlives its process, such as 1m.
//
// Without connect_timeout it is 10 seconds. Behind a proxy that hands out
// connections by transaction add default_query_exec_mode=exec.
//
// # Concurrency
//
// A [Store] is safe for concurrent use.
package postgres
