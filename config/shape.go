package config

import (
	"time"

	"github.com/sparkpipe/sparkpipe/resilience"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// The structs in this file are the keys of a configuration file as users write
// them. The exported structs are what they are turned into.

// fileShape is the root.
type fileShape struct {
	Name        string            `koanf:"name"`
	Version     string            `koanf:"version"`
	Environment string            `koanf:"environment" default:"dev"`
	Mode        string            `koanf:"mode" enum:"batch,streaming" default:"batch"`
	Tags        map[string]string `koanf:"tags"`
	Spark       sparkShape        `koanf:"spark"`
	Runner      runnerShape       `koanf:"runner"`
	Components  []Section         `koanf:"components"`
	Hooks       hooksShape        `koanf:"hooks"`
	Checkpoint  *checkpointShape  `koanf:"checkpoint"`
	Secrets     *secrets.Config   `koanf:"secrets"`
	Quality     *Section          `koanf:"quality"`
	Schemas     *Section          `koanf:"schema_validation"`

	// AppName, SparkConf, Sources and Sequences are the form "sources and
	// sequences".
	AppName   string            `koanf:"app_name"`
	SparkConf map[string]string `koanf:"spark_conf"`
	Sources   Section           `koanf:"sources"`
	Sequences []Section         `koanf:"sequences"`

	// Pipeline is the form with the two root blocks "spark" and "pipeline".
	Pipeline *blockShape `koanf:"pipeline"`
}

type sparkShape struct {
	AppName           string            `koanf:"app_name"`
	Remote            secrets.Value     `koanf:"remote" alias:"connect_string"`
	Master            string            `koanf:"master" default:"local[*]"`
	DeployMode        string            `koanf:"deploy_mode" enum:"client,cluster"`
	DriverMemory      string            `koanf:"driver_memory"`
	DriverCores       *int              `koanf:"driver_cores" min:"1"`
	ExecutorMemory    string            `koanf:"executor_memory"`
	ExecutorCores     *int              `koanf:"executor_cores" min:"1"`
	NumExecutors      *int              `koanf:"num_executors" min:"0"`
	DynamicAllocation *bool             `koanf:"dynamic_allocation"`
	Conf              map[string]string `koanf:"spark_conf" alias:"config"`
	Connectors        []string          `koanf:"connectors"`

	TLS                 *tlsShape     `koanf:"tls"`
	Token               secrets.Value `koanf:"token"`
	TokenFile           string        `koanf:"token_file"`
	TokenCommand        []string      `koanf:"token_command"`
	AllowPlaintextToken bool          `koanf:"allow_plaintext_token"`

	ReconnectTimeout *time.Duration `koanf:"reconnect_timeout_seconds"`
	SessionKeepalive time.Duration  `koanf:"session_keepalive_seconds"`
}

// tlsShape is "spark.tls". The block by itself asks for TLS.
type tlsShape struct {
	CAFile     string `koanf:"ca_file"`
	CertFile   string `koanf:"cert_file"`
	KeyFile    string `koanf:"key_file"`
	ServerName string `koanf:"server_name"`
}

type runnerShape struct {
	FailFast    bool          `koanf:"fail_fast" default:"true"`
	OnDisabled  string        `koanf:"on_disabled" enum:"skip,run,error" default:"skip"`
	MaxParallel int           `koanf:"max_parallel" min:"1" default:"1"`
	Infer       bool          `koanf:"infer_dependencies" default:"true"`
	Timeout     time.Duration `koanf:"timeout"`
}

type hooksShape struct {
	Logging loggingShape  `koanf:"logging"`
	Metrics *metricsShape `koanf:"metrics"`
	Audit   *Section      `koanf:"audit"`
}

type metricsShape struct {
	Enabled        bool          `koanf:"enabled" default:"true"`
	Backend        string        `koanf:"backend" enum:"prometheus,opentelemetry,custom" default:"prometheus"`
	PushGateway    secrets.Value `koanf:"push_gateway_url"`
	ExportInterval time.Duration `koanf:"export_interval_seconds" min:"1s" default:"60s"`
}

type loggingShape struct {
	Enabled    bool   `koanf:"enabled" default:"true"`
	Level      string `koanf:"level" enum:"debug,info,warn|warning,error|critical" default:"info"`
	Format     string `koanf:"format" enum:"json,text"`
	Output     string `koanf:"output"`
	Structured *bool  `koanf:"structured"`
}

// componentShape is one of "components".
type componentShape struct {
	Name          string   `koanf:"name" required:"true"`
	Type          string   `koanf:"type" alias:"class_path" required:"true"`
	ComponentType string   `koanf:"component_type" enum:"source,transformation,sink"`
	DependsOn     []string `koanf:"depends_on"`
	Enabled       bool     `koanf:"enabled" default:"true"`
	Config        Section  `koanf:"config"`

	trustShape  `koanf:",squash"`
	policyShape `koanf:",squash"`
}

// trustShape is what a step says of its rows.
type trustShape struct {
	Quality *Section `koanf:"quality"`
	Schema  *Section `koanf:"schema"`
}

// policyShape is what a step says of its attempts.
type policyShape struct {
	Timeout        time.Duration             `koanf:"timeout"`
	Preset         string                    `koanf:"preset" enum:"none,default,aggressive,conservative,retry_only,circuit_breaker_only"`
	Retry          *resilience.RetryConfig   `koanf:"retry"`
	CircuitBreaker *resilience.BreakerConfig `koanf:"circuit_breaker"`
	Resilience     *resilience.Config        `koanf:"resilience"`
	RetryUnsafe    bool                      `koanf:"retry_unsafe"`
}

// blockShape is the root block "pipeline".
type blockShape struct {
	Name       string    `koanf:"pipeline_name" required:"true"`
	Components []Section `koanf:"pipeline_components" required:"true"`
	FailFast   *bool     `koanf:"fail_fast"`

	Checkpoint     *elderCheckpointShape     `koanf:"checkpoint"`
	Schemas        *Section                  `koanf:"schema_validation"`
	RetryPolicy    *resilience.RetryConfig   `koanf:"retry_policy"`
	CircuitBreaker *resilience.BreakerConfig `koanf:"circuit_breaker"`
}

// instanceShape is one of "pipeline.pipeline-components".
type instanceShape struct {
	Name        string                  `koanf:"instance_name" required:"true"`
	Type        string                  `koanf:"instance_type" required:"true"`
	Config      Section                 `koanf:"instance_config"`
	RetryPolicy *resilience.RetryConfig `koanf:"retry_policy"`
}

// sourceShape is what a source has besides the keys of its reader.
type sourceShape struct {
	Type  string `koanf:"type" required:"true"`
	Alias string `koanf:"alias"`

	// Quality is what is checked of its rows. A schema is the reader's.
	Quality *Section `koanf:"quality"`
}

// sequenceShape is one of "sequences".
type sequenceShape struct {
	Name      string   `koanf:"name" default:"unnamed"`
	Query     string   `koanf:"query"`
	QueryFile string   `koanf:"query_file"`
	Target    Section  `koanf:"target"`
	DependsOn []string `koanf:"depends_on"`
	Enabled   bool     `koanf:"enabled" default:"true"`
	Alias     string   `koanf:"alias"`

	// Args and Cache are keys of the writer.
	Args  map[string]any `koanf:"args"`
	Cache any            `koanf:"cache"`

	trustShape  `koanf:",squash"`
	policyShape `koanf:",squash"`
}

// targetShape is what a target has besides the keys of its writer.
type targetShape struct {
	Type string `koanf:"type" required:"true"`
}
