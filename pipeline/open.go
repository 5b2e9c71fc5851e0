package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

// Opener opens the Spark session that a pipeline's block "spark" asks for. The
// zero value works. It is safe for concurrent use.
//
// In this order: the server of spark.remote; the server of the environment
// variable SPARK_REMOTE; a Spark Connect server that is started on this machine
// as the driver of spark.master, local[*] by default, and ends with the session.
// Spark properties reach a server that is started at its start and one that
// runs already through the session; there a property that cannot be set at run
// time is an error, unless the server has the wanted value. A server that is
// started has the jars of spark.connectors and those that the components need
// ([Pipeline.Requirements]), unless spark.jars or the like says which to have.
type Opener struct {
	// Progress is told what takes long, such as the first download of Spark, and
	// of a connection that broke and is tried again; nil tells nobody. It may be
	// called by several goroutines at a time.
	Progress func(message string)
	// Opened is told of the session when it is there; nil tells nobody.
	Opened func(session *dataflow.Session, remote string)
}

// Open opens the session. It blocks until a server has answered; the caller
// closes the session, which also stops a server that was started for it.
func (o Opener) Open(ctx context.Context, p *Pipeline) (*dataflow.Session, error) {
	if !p.Spark.Remote.IsZero() {
		return o.attach(ctx, "spark.remote", p.Spark.Remote.Reveal(), p.RemoteOptions())
	}
	if err := errors.Join(strayFaults(p.Spark)...); err != nil {
		return nil, err
	}
	if remote := os.Getenv(envRemote); remote != "" {
		return o.attach(ctx, envRemote, remote, p.SessionOptions())
	}
	return o.start(ctx, p)
}

// envRemote names the server for pipelines that name none.
const envRemote = "SPARK_REMOTE"

// attach opens the session on a server that runs already; from says who names
// it.
func (o Opener) attach(ctx context.Context, from, remote string, opts *dataflow.ConnectOptions) (*dataflow.Session, error) {
	session, err := o.connect(ctx, remote, opts)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	return session, nil
}

// start opens the session on a server that is started for it.
func (o Opener) start(ctx context.Context, p *Pipeline) (*dataflow.Session, error) {
	conf := maps.Clone(p.Spark.Conf)
	if p.Spark.AppName != "" {
		if conf == nil {
			conf = map[string]string{}
		}
		if _, set := conf["spark.app.name"]; !set {
			conf["spark.app.name"] = p.Spark.AppName
		}
	}
	server, err := localspark.Start(ctx, &localspark.Options{
		Master: p.Spark.Master, Conf: conf, Connectors: p.connectors(), Progress: o.Progress,
		KeepLog: true, // errors point to it
	})
	if errors.Is(err, localspark.ErrNoJava) {
		return nil, fmt.Errorf("%w; or name a running server in spark.remote or %s", err, envRemote)
	}
	if err != nil {
		return nil, err
	}
	opts := p.SessionOptions()
	opts.Conf, opts.ServerLog, opts.AfterClose = sessionConf(p.Spark.Conf), server.LogFile(), server.Stop
	opts.ServerDone = server.Done()
	return o.connect(ctx, remoteOf(server, conf), opts)
}

// confToken is Spark's property for the token that a server asks for.
const confToken = "spark.connect.authenticate.token"

// remoteOf is the connection string of a server, with the token that it was
// started with.
func remoteOf(server *localspark.Server, conf map[string]string) string {
	if token := conf[confToken]; token != "" {
		return server.Remote() + "/;use_ssl=false;token=" + url.PathEscape(token)
	}
	return server.Remote()
}

func (o Opener) connect(ctx context.Context, remote string, opts *dataflow.ConnectOptions) (*dataflow.Session, error) {
	opts.Logger = progressLogger(o.Progress)
	session, err := dataflow.Connect(ctx, remote, opts)
	if err != nil {
		return nil, err
	}
	if o.Opened != nil {
		o.Opened(session, remote)
	}
	return session, nil
}

// SessionOptions are the options for a session on a server that runs already, as
// the pipeline's file asks for them. TLS and the token are not among them: they
// belong to the server that the file names, see [Pipeline.RemoteOptions].
func (p *Pipeline) SessionOptions() *dataflow.ConnectOptions {
	opts := &dataflow.ConnectOptions{
		UserAgent: p.Spark.AppName, Conf: p.Spark.Conf, InputDirs: inputDirs(p.File),
		SessionKeepalive: p.Spark.SessionKeepalive,
	}
	if limit := p.Spark.ReconnectTimeout; limit != nil {
		opts.ReconnectTimeout = cmp.Or(*limit, -1) // 0 is not at all here
	}
	return opts
}

// sparkFaults are the faults of a block "spark" that no server is needed to
// find.
func sparkFaults(spark config.Spark) []error {
	if !spark.Remote.IsZero() {
		return remoteFaults(spark) // the rest is for a server that is started here
	}
	opts := localspark.Options{Master: spark.Master, Conf: spark.Conf, Connectors: spark.Connectors}
	faults := strayFaults(spark)
	for _, fault := range split(opts.Validate()) {
		faults = append(faults, fmt.Errorf("spark: %w", fault))
	}
	return faults
}

// sessionConf are the properties that a server which was started with the others
// does not take at its start.
func sessionConf(conf map[string]string) map[string]string {
	conf = maps.Clone(conf)
	maps.DeleteFunc(conf, func(key, _ string) bool { return strings.HasPrefix(key, "spark.") })
	return conf
}

// inputDirs are where relative input paths are looked for: the working
// directory, as the predecessors do, then the folder of the file.
func inputDirs(file string) []string {
	if file == "" {
		return nil
	}
	return []string{".", filepath.Dir(file)}
}
