package config

import (
	"time"

	"github.com/sparkpipe/sparkpipe/resilience"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// Pipeline is a whole configuration file, from any of the three formats. Files
// of the shape "sources and sequences" arrive here as Components too.
type Pipeline struct {
	// Name labels the run; required.
	Name string
	// Version, Environment and Mode describe the pipeline; Environment is "dev"
	// by default, Mode is "batch".
	Version     string
	Environment string
	Mode        string
	// Tags are free labels.
	Tags map[string]string
	// Spark says where the work runs.
	Spark Spark
	// Runner holds the settings of the run as a whole.
	Runner Runner
	// Components are the steps in the order of the file.
	Components []Component
	// Hooks are the observers that the file asks for.
	Hooks Hooks
	// Checkpoint says whether and where records of the runs are kept.
	Checkpoint Checkpoint
	// Secrets is the block "secrets", or nil.
	Secrets *secrets.Config
	// Quality is the block "quality", and SchemaValidation the block
	// "schema_validation", as written; nil for none.
	Quality, SchemaValidation *Section
	// File is the path that was loaded, or empty.
	File string
	// Root is the file as a whole, with includes read and substitutions replaced, and
	// without the block "vars".
	Root Section
}

// Spark is the block "spark" of a configuration file.
type Spark struct {
	// AppName is spark.app_name, or app_name at the root; default the name of
	// the pipeline.
	AppName string
	// Remote is a connection string "sc://host:port/;key=value"; it may hold a
	// token, hence the type. It excludes nothing: when it is set, Master is
	// not used.
	Remote secrets.Value
	// Master is "local[*]" (the default), "local[N]" or "spark://host:port":
	// a Spark Connect server is started as the driver.
	Master string
	// Conf is spark_conf merged with the properties that the named keys
	// (driver_memory, executor_cores, ...) stand for; spark_conf wins.
	Conf map[string]string
	// Connectors names the connector sets that a server we start must have.
	Connectors []string
	// TLS is the block spark.tls, which asks for TLS, or nil. It and the token
	// are for the server of Remote only.
	TLS *TLS
	// Token is the bearer token; TokenFile the file that holds it; TokenCommand
	// the program, with its arguments, that prints it. At most one is set.
	Token        secrets.Value
	TokenFile    string
	TokenCommand []string
	// AllowPlaintextToken lets the token travel unencrypted to another machine.
	AllowPlaintextToken bool
	// ReconnectTimeout bounds how long a broken connection is tried again; 0 is
	// not at all, nil leaves it to the library.
	ReconnectTimeout *time.Duration
	// SessionKeepalive is the time between two calls that keep an idle session on
	// the server; 0 makes none.
	SessionKeepalive time.Duration
}

// TLS is the block "spark.tls". Paths are as written.
type TLS struct {
	// CAFile is a PEM file with the authorities to trust instead of those of the
	// system.
	CAFile string
	// CertFile and KeyFile are PEM files with the certificate that is shown to
	// the server and its key; both or neither.
	CertFile, KeyFile string
	// ServerName is the name that the server's certificate must be for; default
	// the host of the connection string.
	ServerName string
}

// Runner is the block "runner".
type Runner struct {
	// FailFast stops the run at the first failure; default true.
	FailFast bool
	// MaxParallel is how many components may run at the same time; default 1, and
	// all of them in the mode "streaming", in which many never end.
	MaxParallel int
	// WrittenOnly is set by "infer_dependencies: false": components depend on what
	// their depends_on names and on nothing else.
	WrittenOnly bool
	// Timeout bounds the run; 0 is no bound.
	Timeout time.Duration
	// OnDisabled says what becomes of the dependents of a disabled component:
	// "skip" (the default), "run" or "error".
	OnDisabled string
}

// Component is one entry of "components", or what a source or a sequence was
// turned into.
type Component struct {
	// Name is unique in the file.
	Name string
	// Type is the registered name or a class path.
	Type string
	// ComponentType is the descriptive kind (source, transformation, sink), or
	// empty.
	ComponentType string
	// DependsOn names the components that must be done before; nil when the file
	// says nothing about it.
	DependsOn []string
	// Enabled is true by default.
	Enabled bool
	// Timeout bounds the component; 0 is no bound.
	Timeout time.Duration
	// Resilience is the retry and the circuit breaker, as written.
	Resilience resilience.Config
	// RetryUnsafe lets an attempt be repeated of which nobody knows whether it did
	// its work.
	RetryUnsafe bool
	// Unused is true for a source that no sequence reads. It is checked with
	// the rest and does not run.
	Unused bool
	// Config is the free block of the component.
	Config Section
	// Quality is what is checked of its rows and Schema what they must look like, as
	// written; nil for nothing.
	Quality, Schema *Section
	// Where is the place of the type as file:line:column, and Path its key path,
	// both as far as they are known.
	Where, Path string
}

// Checkpoint is the block "checkpoint".
type Checkpoint struct {
	// Enabled is true when the file has the block and does not switch it off.
	Enabled bool
	// Location is a folder or what else the program knows as a store; empty leaves
	// the choice to the program.
	Location string
	// AutoResume lets a run without an id go on with the latest run of the pipeline
	// if that did not succeed.
	AutoResume bool
	// CleanupOnSuccess deletes the record of a run that succeeded.
	CleanupOnSuccess bool
	// AllowChanges resumes a run although the file has changed; it is set by
	// "on_change: run".
	AllowChanges bool
	// KeepBreakers lets circuit breakers begin as the latest run left them.
	KeepBreakers bool
}

// Hooks is the block "hooks".
type Hooks struct {
	Logging LoggingHook
	Metrics MetricsHook
	// Audit is the block "hooks.audit", as written; nil for none.
	Audit *Section
}

// MetricsHook is the block "hooks.metrics".
type MetricsHook struct {
	// Enabled is true when the file has the block and does not switch it off.
	Enabled bool
	// PushGateway is the address that the measurements are sent to; it may hold a
	// password, hence the type.
	PushGateway secrets.Value
	// Every is the time between two sendings while the run goes on; default 60 s.
	Every time.Duration
}

// LoggingHook is the block "hooks.logging".
type LoggingHook struct {
	// Written is true when the file has the block.
	Written bool
	// Enabled is true by default.
	Enabled bool
	// Level is debug, info, warn or error; default info.
	Level string
	// Format is "json" or "text"; empty leaves the choice to the program.
	Format string
	// Output is "stdout", "stderr" or a file path; empty leaves the choice to
	// the program.
	Output string
}
