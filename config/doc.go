// Package config reads pipelines from HOCON, YAML and JSON files, strictly and
// with every fault at once.
//
// [Load] reads a file, replaces its substitutions, merges its includes, checks
// the whole and gives a [Pipeline]. Nothing of it needs a cluster:
//
//	p, err := config.Load("pipeline.yaml", nil)
//	if err != nil {
//		return err // one line for each fault, with file, line, column and key
//	}
//	for _, c := range p.Components {
//		fmt.Println(c.Name, c.Type, c.DependsOn)
//	}
//
// What a component understands is not known here. Its block "config" stays a
// [Section], and the component's factory decodes it with [Section.Decode].
//
// # The shape of a file
//
// The three formats have the same keys. In YAML:
//
//	name: orders-daily            # required
//	version: 1.0                  # text; a number keeps its spelling
//	environment: prod             # text; default dev
//	mode: batch
//	tags: {team: sales}
//	vars: {day: "2024-01-01"}     # free, for ${vars.day}; so are keys x-...
//	include: base.yaml            # or a list; this file wins
//
//	spark:
//	  app_name: orders            # default: name
//	  remote: ${?SPARK_REMOTE}    # sc://host:port/;token=...; also connect_string
//	  master: local[*]            # used when there is no remote
//	  deploy_mode: client         # or cluster
//	  driver_memory: 2g           # this and the next five are Spark
//	  driver_cores: 1             # properties, set only when written
//	  executor_memory: 4g
//	  executor_cores: 2
//	  num_executors: 2
//	  dynamic_allocation: false   # true: num_executors is not used
//	  spark_conf:                 # also config; wins over the named keys
//	    spark.sql.shuffle.partitions: 10
//	  connectors: [delta]
//	  reconnect_timeout_seconds: 300   # a broken connection is tried again; 0: no
//	  session_keepalive_seconds: 0     # between calls that keep an idle session
//	  tls:                        # this and the rest: with remote only
//	    ca_file: ca.pem           # instead of the authorities of the system
//	    cert_file: client.pem     # shown to the server, with key_file
//	    key_file: client.key
//	    server_name: spark.corp   # default: the host of remote
//	  token: ${TOKEN}             # or token_file: path, which is read again, or
//	                              # token_command: [program, argument]
//	  allow_plaintext_token: false
//
//	runner:
//	  fail_fast: true
//	  on_disabled: skip           # or run, error
//	  max_parallel: 4             # default 1
//	  infer_dependencies: true    # for components without depends_on, from what they read and make
//	  timeout: 2h                 # of the run; default none
//
//	checkpoint:                   # keeps records of the runs, so that they can be resumed
//	  location: /var/lib/runs     # a folder; by default one of the user's
//	  auto_resume: false          # go on with the latest run if that did not succeed
//	  cleanup_on_success: false   # true in pipeline.checkpoint
//	  on_change: refuse           # or run: what to do when the file has changed
//	  keep_breakers: false
//
//	components:
//	  - name: clean               # required, unique
//	    type: sql                 # required; also class_path
//	    component_type: transformation   # or source, sink; descriptive
//	    depends_on: [read]
//	    enabled: true
//	    timeout: 10m              # of all attempts; default none
//	    retry: {max_attempts: 5, retry_on: [Unavailable, "40"]}
//	    circuit_breaker: {name: warehouse, failure_threshold: 3}
//	    retry_unsafe: false       # true: also when a write may have happened
//	    config: {sql: "SELECT * FROM raw", output_view: clean}
//
//	hooks:
//	  logging:
//	    enabled: true
//	    level: info               # debug, info, warn (warning), error (critical)
//	    format: json              # or text
//	    output: stderr            # or stdout, or a file
//	  metrics:                    # the block by itself switches it on
//	    enabled: true
//	    backend: prometheus
//	    push_gateway_url: http://gateway:9091   # the job is the name of the pipeline
//	    export_interval_seconds: 60   # between two pushes; there is one at the end
//
// Instead of components, or beside them, a file may hold sources and sequences;
// then app_name may stand for name, and spark_conf may stand at the root:
//
//	app_name: orders-daily
//	sources:
//	  orders: {type: bigquery, table: sales.orders}   # becomes the view orders
//	  people: {type: gcs, alias: customers, path: gs://bucket/people}
//	sequences:
//	  - name: totals              # default unnamed
//	    query: SELECT id, sum(v) FROM orders GROUP BY id   # or query_file: x.sql
//	    target: {type: parquet, path: /out, mode: overwrite}
//
// A source K of type T becomes the component "sources.K" of type "read_T" with
// the key output_view, a sequence N with a target of type T the component
// "sequences.N" of type "write_T" with the key query. A sequence depends on what
// makes the views that its query mentions; so does a component on the sources
// that its config mentions. A source that nothing needs is marked Unused.
//
// Instead of retry and circuit_breaker a component may have the preset none,
// default, aggressive, conservative, retry_only or circuit_breaker_only, or a
// block resilience with the keys preset, retry and circuit_breaker. The keys and
// their defaults are those of [resilience.RetryConfig] and
// [resilience.BreakerConfig].
//
// A third form has the root blocks spark and pipeline, the latter with
// pipeline-name, fail-fast and pipeline-components of instance-name,
// instance-type and instance-config, where retry-policy and circuit-breaker may
// stand for all components and retry-policy for one.
//
// # Rules
//
// Unknown keys are faults, at every level. Kebab-case is accepted for snake_case
// keys, but not both. Text may be written as a number or a bool, which keep
// their spelling; elsewhere types are strict, except that text from the
// environment may stand for a number or a bool. A list is never one word. A
// null is the same as no key.
//
// In a map of texts, such as spark_conf, a block in a block stands for a key with
// dots, since that is how HOCON reads such a key without quotes. HOCON cannot
// hold a key beside another that extends it (a and a.b) that way: quote them.
//
// Durations are text with a unit ("10s", "500ms", "1h 30m"); a bare number is
// taken under keys that end in _seconds or _ms.
//
// ${NAME} and ${path.to.key} work in the strings of all formats: a key of the
// document is taken first, then the environment; ${?NAME} may be absent; in YAML
// and JSON, $${ is a literal ${.
//
// What has a meaning but is not built yet, such as the block quality of a
// component, is refused by name.
//
// # Decoding a section
//
// [Section.Decode] fills a struct by its tags:
//
//	type readConfig struct {
//		Path    string        `koanf:"path" required:"true" doc:"where the files are"`
//		Format  string        `koanf:"format" enum:"csv,json" default:"csv"`
//		Columns []string      `koanf:"columns"`
//		Batch   int           `koanf:"batch" min:"1" default:"100"`
//		Wait    time.Duration `koanf:"wait_seconds" default:"30s"`
//		Token   secrets.Value `koanf:"token" alias:"password"`
//		Retry   *retryConfig  `koanf:"retry"`
//	}
//
// The tag koanf is the key; a field without it is left alone. alias lists other
// keys for it. default is set when the key is absent; a list is written with
// commas. required refuses an absent or empty key. enum lists the values,
// regardless of case; "a|b" accepts b and stores a. min is the smallest number or
// duration, or the least length of a list. doc is shown by [FieldsOf]. Embedded
// structs without a tag, and fields tagged ",squash", add their keys to the
// struct around them. Fields may be strings, bools, numbers, [time.Duration],
// lists, maps with string keys, structs, pointers, [encoding.TextUnmarshaler]s,
// any, and Section, which stays as it is.
//
// A struct with a method Validate() error is asked last, when all its keys are
// right; each error that [errors.Join] joined is a fault of its own, and one that
// reads "key: ..." is reported at that key.
//
// # Older forms
//
// [Migrate] rewrites a file of an older form into this one as edits of its text,
// and leaves what it could not move without changing what the file means.
//
// # Errors
//
// A fault of the configuration is an [*Error] in an [*Errors]. No message shows a
// [secrets.Value], nor text from the environment that has the wrong type.
//
// # Concurrency
//
// The functions are safe for concurrent use, and so is a [Section].
package config
