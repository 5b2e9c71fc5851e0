package streaming

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// Defaults of [SupervisorOptions].
const (
	// DefaultHealthyAfter is how long a query runs until its failures before are
	// forgotten.
	DefaultHealthyAfter = 5 * time.Minute
	// DefaultKeepaliveInterval is the time between two looks at a session.
	DefaultKeepaliveInterval = time.Minute
)

// SupervisorOptions are the settings of a [Supervisor].
type SupervisorOptions struct {
	// Open opens the Spark session; required. It is called again when the session
	// is lost, and makes then whatever the queries need there, such as views and
	// properties. The supervisor closes what it returns.
	Open func(ctx context.Context) (*dataflow.Session, error)
	// Retry says when and how often a query that failed is started again. Attempts
	// without an end are the default, also when a Preset is named; set MaxAttempts
	// to end them. The other defaults are those of [resilience.RetryConfig]: waits
	// from a second to a minute. Queries that ran for HealthyAfter begin anew. A
	// session that cannot be opened is tried again after the same waits, without an
	// end once there was one.
	//
	// Errors that no restart can mend are not retried: what
	// [resilience.Retryable] calls permanent, also when it is the cause of a
	// streaming exception, jars that are missing on the server, and a checkpoint
	// that belongs to another query or to somebody else.
	Retry resilience.RetryConfig
	// RestartLimits bounds how often in a row a query is started again after errors
	// of one kind. The keys are the words of retry_on: an error class such as
	// KAFKA_DATA_LOSS, a SQLSTATE or the two characters of its class, a Java
	// exception, transient. 0 is no restart. Default: no limits but those of Retry.
	RestartLimits map[string]int
	// HealthyAfter is how long a query runs until its failures before are forgotten.
	// Default [DefaultHealthyAfter].
	HealthyAfter time.Duration
	// StopOnFailure stops all queries when one has failed for good. By default the
	// others go on.
	StopOnFailure bool
	// StopTimeout bounds how long a batch may still take when a query is stopped,
	// before it is abandoned; a query may have its own. Default
	// [DefaultStopTimeout]; a negative one abandons it at once.
	StopTimeout time.Duration
	// KeepaliveInterval is the time between two calls that keep the server from
	// giving up the session as idle, which it does after an hour by default and which
	// ends the queries. They also find queries whose end nobody told. Default
	// [DefaultKeepaliveInterval].
	KeepaliveInterval time.Duration
	// Locker holds the locks of the checkpoint locations, so that no second
	// supervisor takes one. Default: files below StateDir, which hold between the
	// processes of this machine; for several machines take a store that they share.
	Locker Locker
	// StateDir is the folder on this machine for the locks and for the file by
	// which `sparkpipe stream status` finds the supervisor. Default
	// [DefaultStateDir].
	StateDir string
	// Addr is where health is told over HTTP, as host:port; no host is 127.0.0.1 and
	// port 0 a free one. Write 0.0.0.0:8080 for Kubernetes, whose probes come from
	// outside. Empty tells nobody.
	Addr string
	// Metrics answers GET /metrics of the health server, for example the Handler of
	// package hooks/prometheus; nil answers nothing.
	Metrics http.Handler
	// Hooks hear of every moment, in order. Default none.
	Hooks []StreamHooks
	// Meter takes the measurements of [NewStreamMetrics]. Nil takes none.
	Meter hooks.Meter
	// Logger gets the lines of [NewStreamLogging], and what goes wrong beside the
	// queries. Nil is silent.
	Logger *zap.Logger

	_ struct{}
}

// SupervisedQuery is a query to look after.
type SupervisedQuery struct {
	// Name is what it is called in hooks, measurements and errors, unique in a run.
	// Default the Name of Pipeline.
	Name string
	// Pipeline is the query. It is built anew on every session.
	Pipeline StreamingPipeline
	// Build makes the pipeline before every start instead, on the session on which it
	// will run. Nil takes Pipeline.
	Build func(ctx context.Context, spark *dataflow.Session) (StreamingPipeline, error)
	// Optional says that the supervisor is ready without it.
	Optional bool
	// Retry, if set, is taken instead of that of the supervisor.
	Retry *resilience.RetryConfig
	// RestartLimits, if not nil, are taken instead of those of the supervisor.
	RestartLimits map[string]int
}

// Supervisor runs queries for as long as they are wanted; the documentation of
// [Supervisor.Run] says how. Make one with [NewSupervisor]. It is safe for
// concurrent use.
type Supervisor struct {
	opts    SupervisorOptions
	hooks   guardedHooks
	cluster cluster

	mu      sync.Mutex
	running bool
	since   time.Time // of the run
	queries []*supervised
	byRun   map[string]*supervised
	held    []heldEvent // of runs that are being started
	lease   *lease      // nil while there is no session
	losses  int
	health  *healthServer
}

// NewSupervisor checks the options and touches nothing.
func NewSupervisor(opts *SupervisorOptions) (*Supervisor, error) {
	if opts == nil {
		opts = &SupervisorOptions{}
	}
	if err := opts.Validate(); err != nil {
		return nil, fmt.Errorf("supervise streaming queries: %w", err)
	}
	s := &Supervisor{opts: *opts, byRun: map[string]*supervised{}}
	s.opts.HealthyAfter = cmp.Or(opts.HealthyAfter, DefaultHealthyAfter)
	s.opts.KeepaliveInterval = cmp.Or(opts.KeepaliveInterval, DefaultKeepaliveInterval)
	s.opts.Logger = cmp.Or(opts.Logger, zap.NewNop())
	s.cluster = sparkCluster{opts.Open}
	list := slices.Clone(opts.Hooks)
	if opts.Meter != nil {
		list = append([]StreamHooks{NewStreamMetrics(opts.Meter)}, list...)
	}
	s.hooks = guardedHooks{list: append(list, NewStreamLogging(s.opts.Logger)), logger: s.opts.Logger}
	return s, nil
}

// Validate returns every fault of the options.
func (o *SupervisorOptions) Validate() error {
	var faults []error
	if o.Open == nil {
		faults = append(faults, errors.New("the function Open, which opens the Spark session, is missing"))
	}
	faults = append(faults, checkRetry("", o.Retry, o.RestartLimits)...)
	if o.HealthyAfter < 0 {
		faults = append(faults, fmt.Errorf("HealthyAfter: %s is below 0", o.HealthyAfter))
	}
	if o.KeepaliveInterval < 0 {
		faults = append(faults, fmt.Errorf("KeepaliveInterval: %s is below 0", o.KeepaliveInterval))
	}
	if slices.ContainsFunc(o.Hooks, func(h StreamHooks) bool { return h == nil }) {
		faults = append(faults, errors.New("one of the Hooks is nil"))
	}
	if _, err := listenAddress(o.Addr); err != nil {
		faults = append(faults, fmt.Errorf("Addr: %w", err))
	}
	return errors.Join(faults...)
}
