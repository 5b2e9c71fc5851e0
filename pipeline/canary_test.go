package pipeline_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/hooks/hookstest"
	"github.com/sparkpipe/sparkpipe/hooks/otel"
	"github.com/sparkpipe/sparkpipe/hooks/prometheus"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// canaries are secrets that nobody may see. The second is made of what is hard to
// quote.
var canaries = []string{"c4n4ry-S3cr3t-plain", `c4n4ry S/3:cr"3t'&+=<\ü`}

// canaryForms are the ways to write a canary.
func canaryForms(canary string) []string {
	data := []byte(canary)
	quoted, _ := json.Marshal(canary)
	return []string{
		canary, strings.Trim(strconv.Quote(canary), `"`), strings.Trim(string(quoted), `"`), url.QueryEscape(canary), url.PathEscape(canary),
		base64.StdEncoding.EncodeToString(data), base64.URLEncoding.EncodeToString(data), base64.RawStdEncoding.EncodeToString(data),
		hex.EncodeToString(data), strings.ToUpper(hex.EncodeToString(data)),
	}
}

// canaryOutputs counts what was looked at.
var canaryOutputs atomic.Int64

// requireNoCanary looks for the canaries in what somebody can see.
func requireNoCanary(tb testing.TB, where, text string) {
	tb.Helper()
	canaryOutputs.Add(1)
	for _, canary := range canaries {
		for _, form := range canaryForms(canary) {
			if at := strings.Index(text, form); at >= 0 {
				require.Fail(tb, "a secret is to be seen", "%s: …%s…", where, text[max(0, at-300):min(len(text), at+len(form)+100)])
			}
		}
	}
	if at := strings.Index(strings.ToLower(text), "c4n4ry"); at >= 0 {
		require.Fail(tb, "a part of a secret is to be seen", "%s: …%s…", where, text[max(0, at-300):min(len(text), at+100)])
	}
}

// secretSettings are settings in which anybody may put a secret, by the kind of
// the component.
func secretSettings(kind string) map[string]any {
	one, two := canaries[0], canaries[1]
	options := map[string]any{
		"password": one, "es.net.http.auth.pass": two, "fs.s3a.secret.key": one, "fs.azure.account.key.acc.blob.core.windows.net": two,
		"gcpAccessToken": one, "credentials": two, "pem_private_key": one, "sfPassword": two, "spark.cassandra.auth.password": one,
		"connection.uri": "mongodb://ann:" + one + "@h1,h2/db?replicaSet=r", "other.uri": "https://u:" + url.QueryEscape(two) + "@h/x",
		"sas": "https://a.blob.core.windows.net/c?sv=1&sig=" + url.QueryEscape(two), "connectionString": "Endpoint=sb://x/;SharedAccessKey=" + one + ";",
		"kafka.sasl.jaas.config": `org.x.PlainLoginModule required username="a" password="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(two) + `";`,
	}
	jdbc := map[string]any{
		"url": "jdbc:postgresql://h/db?user=ann&password=" + url.QueryEscape(two), "user": "ann", "password": one,
		"options": map[string]any{"sslpassword": two, "trustStorePassword": one, "options": "jdbc:x://u:" + one + "@h"},
	}
	switch kind {
	case "jdbc":
		return jdbc
	case "kafka":
		return map[string]any{
			"bootstrap_servers": "b:1", "security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", "username": "ann", "password": two,
			"ssl_truststore_location": "/t", "ssl_truststore_password": one, "ssl_keystore_location": "/k", "ssl_keystore_password": two,
			"ssl_key_password": one, "kafka_options": map[string]any{"ssl.keystore.key": one, "sasl.oauthbearer.client.secret": two},
			"options": map[string]any{"kafka.sasl.login.token": one},
		}
	case "secret":
		return map[string]any{
			"options":        options,
			"secret_options": map[string]any{"innocent": one, "uri": two, "more.uri": "mongodb+srv://bob:" + one + "@h/?tls=true"},
		}
	case "table":
		return map[string]any{"options": options}
	case "none":
		return map[string]any{}
	}
	return map[string]any{"options": options, "path": "s3a://KEY:" + url.QueryEscape(two) + "@bucket/x?sig=" + one}
}

// canaryTypes are all component types: what else they need, and the kind of their
// secrets.
func canaryTypes() map[string]struct {
	kind string
	more map[string]any
} {
	type entry = struct {
		kind string
		more map[string]any
	}
	view := map[string]any{"output_view": "v"}
	with := func(base map[string]any, pairs ...any) map[string]any {
		out := maps.Clone(base)
		for i := 0; i < len(pairs); i += 2 {
			out[pairs[i].(string)] = pairs[i+1]
		}
		return out
	}
	in := map[string]any{"input_view": "v"}
	stream := with(in, "trigger", "available_now", "checkpoint_location", "s3a://KEY:"+canaries[0]+"@b/cp")
	all := map[string]entry{
		"read_bigquery": {"table", with(view, "table", "p.d.t")}, "read_jdbc": {"jdbc", with(view, "table", "t")},
		"read_kafka": {"kafka", with(view, "subscribe", []string{"t"})}, "read_format": {"secret", with(view, "format", "mongodb")},
		"read_table": {"table", with(view, "table_name", "t")}, "read_iceberg": {"table", with(view, "table", "t")},
		"read_xml": {"", with(view, "row_tag", "r")}, "read_csv": {"", with(view, "schema", "a INT")},
		"read_json":      {"", with(view, "schema", "a INT")},
		"write_bigquery": {"table", with(in, "table", "p.d.t")}, "write_jdbc": {"jdbc", with(in, "table", "t")},
		"write_kafka": {"kafka", with(in, "topic", "t")}, "write_format": {"secret", with(in, "format", "org.elasticsearch.spark.sql")},
		"write_table": {"table", with(in, "output_table", "t", "format", "parquet")}, "write_xml": {"", with(in, "row_tag", "r")},
		"write_iceberg": {"table", with(in, "table", "t", "table_properties", map[string]any{"a.password": canaries[0]})},
		"read_stream_eventhubs": {"none", with(view, "connection_string",
			"Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey="+canaries[0]+";EntityPath=hub",
			"connector_version", "none")}, // or else it is encrypted
		"read_stream_file":    {"", with(view, "format", "json", "schema", "a INT")},
		"read_stream_iceberg": {"table", with(view, "table", "t")},
		"read_stream_kafka":   {"kafka", with(view, "subscribe", []string{"t"})},
		"read_stream_kinesis": {"table", with(view, "stream_name", "s", "region", "eu-west-1", "access_key_id", canaries[0], "secret_key", canaries[1],
			"session_token", canaries[0])},
		"read_stream_pubsub": {"table", with(view, "project_id", "p", "topic_id", "t", "subscription_id", "s", "client_id", "c", "client_email", "a@b.c",
			"private_key_id", canaries[0], "private_key", canaries[1])},
		"read_stream_rate": {"table", view}, "read_stream_rate_micro_batch": {"table", with(view, "rows_per_batch", 1)},
		"read_stream_socket": {"table", with(view, "host", "h", "port", 1)}, "read_stream_table": {"table", with(view, "table", "t")},
		"write_stream_console": {"none", with(stream)}, "write_stream_file": {"", with(stream, "format", "json")},
		"write_stream_delta_merge": {"none", with(stream, "table", "t", "keys", []string{"a"}, "staging_path", "s3a://KEY:"+canaries[0]+"@b/st")},
		"write_stream_iceberg":     {"table", with(stream, "table", "t")},
		"write_stream_jdbc":        {"jdbc", with(stream, "table", "t", "staging_path", "s3a://KEY:"+canaries[0]+"@b/st")},
		"write_stream_kafka":       {"kafka", with(stream, "topic", "t")}, "write_stream_memory": {"none", with(stream, "query_name", "q")},
		"write_stream_noop": {"none", stream}, "write_stream_table": {"table", with(stream, "table", "t")},
		"stream": {"none", map[string]any{
			"source": with(secretSettings("kafka"), "type", "kafka", "subscribe", []string{"t"}),
			"sink":   with(secretSettings("kafka"), "type", "kafka", "topic", "t"), "checkpoint_location": "s3a://KEY:" + canaries[0] + "@b/cp",
		}},
	}
	for _, format := range []string{"avro", "binary_file", "delta", "gcs", "orc", "parquet", "s3", "text", "stream_delta"} {
		all["read_"+format] = entry{"", view}
	}
	for _, format := range []string{"avro", "csv", "delta", "gcs", "json", "orc", "parquet", "s3", "text"} {
		all["write_"+format] = entry{"", in}
	}
	all["write_stream_delta"] = entry{"", stream}
	// These refuse a path with a key in it, and take the key in settings of their own.
	onS3 := []any{"path", "s3a://b/x", "access_key", canaries[0], "secret_key", canaries[1]}
	onGCS := []any{"path", "gs://b/x"}
	all["read_s3"], all["write_s3"] = entry{"", with(view, onS3...)}, entry{"", with(in, onS3...)}
	all["read_gcs"], all["write_gcs"] = entry{"", with(view, onGCS...)}, entry{"", with(in, onGCS...)}
	return all
}

// noSecrets are the types that have no place for a secret.
var noSecrets = []string{"join", "metrics", "sql", "view", "show"}

func TestCanariesAreGivenToEveryType(t *testing.T) {
	t.Parallel()
	table := canaryTypes()
	for _, factory := range pipeline.Builtins() {
		name := factory.Info().Type
		_, known := table[name]
		require.True(t, known || slices.Contains(noSecrets, name), "give %s a canary in the table of this test", name)
	}
}

// refuseWithSecrets makes a server that refuses everything with a secret in it and
// repeats what it was sent, secrets and all, in every form.
func refuseWithSecrets(tb testing.TB) (server *fakeconnect.Server, seen *atomic.Int64) {
	tb.Helper()
	seen = &atomic.Int64{}
	server = fakeconnect.Start(tb)
	refusal := func(text string) error {
		params := map[string]string{"option": text}
		for i, canary := range canaries {
			if !strings.Contains(text, "c4n4ry") {
				continue
			}
			seen.Add(1)
			for j, form := range canaryForms(canary) {
				if strings.Contains(text, canary) || strings.Contains(text, canaryForms(canary)[1]) || strings.Contains(text, canaryForms(canary)[2]) {
					params[fmt.Sprint("p", i, j)] = form
					text += " " + form
				}
			}
		}
		id := strconv.FormatInt(seen.Load(), 10)
		server.SetDetails(id, &wire.FetchErrorDetailsResponse{RootErrorIdx: new(int32), Errors: []*wire.FetchErrorDetailsResponse_Error{{Message: text}}})
		return fakeconnect.Failure{Class: "NO_GOOD", State: "42000", Message: "this is no good: " + text, Parameters: params, ErrorID: id}.Error()
	}
	server.OnExecute(func(op *fakeconnect.Operation) error {
		text, err := op.PlanJSON()
		if err != nil {
			return err
		}
		var out any // as the JVM writes it, without \u003c
		var b bytes.Buffer
		if json.Unmarshal([]byte(text), &out) == nil {
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			_ = enc.Encode(out)
			text = b.String()
		}
		if !strings.Contains(text, "c4n4ry") {
			return fakeconnect.ErrUnscripted
		}
		return refusal(text)
	})
	server.OnAnalyze(func(req *wire.AnalyzePlanRequest, resp *wire.AnalyzePlanResponse) error {
		op := &fakeconnect.Operation{Request: &wire.ExecutePlanRequest{Plan: req.GetSchema().GetPlan()}}
		text, err := op.PlanJSON()
		if err != nil || req.GetSchema() == nil {
			text = prototext.Format(req)
		}
		if !strings.Contains(text, "c4n4ry") {
			resp.Result = fakeconnect.StringColumns("a")
			return nil
		}
		return refusal(text)
	})
	return server, seen
}

// canaryFile is a file with one component on a server. Its audit trail is beside it.
func canaryFile(tb testing.TB, server *fakeconnect.Server, typ string, settings map[string]any) string {
	tb.Helper()
	dir := tb.TempDir()
	text, err := json.Marshal(map[string]any{
		"name": "p", "components": []any{map[string]any{"name": "it", "type": typ, "config": settings}},
		"spark": map[string]any{"remote": server.Remote() + "/;x-my-token=" + canaries[0], "reconnect_timeout_seconds": 0.2, "spark_conf": map[string]any{
			"fs.s3a.secret.key": canaries[1], "spark.sql.catalog.c.password": canaries[0],
		}},
		"hooks": map[string]any{
			"logging": map[string]any{"enabled": true, "level": "debug", "format": "json"},
			"audit":   map[string]any{"audit_trail_path": filepath.Join(dir, "audit"), "hmac_key": canaries[1], "include_data_samples": true},
		},
	})
	require.NoError(tb, err)
	file := filepath.Join(dir, "p.json")
	require.NoError(tb, os.WriteFile(file, text, 0o600))
	return file
}

func settingsOf(typ string) map[string]any {
	entry := canaryTypes()[typ]
	settings := secretSettings(entry.kind)
	maps.Copy(settings, entry.more)
	return settings
}

// TestNobodySeesACanary puts secrets wherever a component takes some, has a server
// repeat them in every error, and looks at all that comes out.
func TestNobodySeesACanary(t *testing.T) {
	t.Parallel()
	t.Cleanup(func() { require.GreaterOrEqual(t, canaryOutputs.Load(), int64(1000)) })
	for typ := range canaryTypes() {
		t.Run(typ, func(t *testing.T) {
			t.Parallel()
			server, seen := refuseWithSecrets(t)
			file := canaryFile(t, server, typ, settingsOf(typ))
			seeNoCanary(t, file, nil)
			require.Positive(t, seen.Load(), "the server was told no secret, so this proves nothing")
		})
	}
}

// seeNoCanary does with a file whatever can be done and looks at what comes out.
func seeNoCanary(t *testing.T, file string, more []component.Factory) {
	t.Helper()
	dir := t.TempDir()
	for _, args := range [][]string{
		{"validate", file}, {"validate", "--json", file}, {"check", file}, {"check", "--json", file}, {"plan", file}, {"plan", "--json", file}, {"plan", "--static", file},
		{"graph", file}, {"graph", "--format", "svg", file}, {"graph", "--format", "dot", file}, {"graph", "--format", "mermaid", file},
		{"run", "--progress", "plain", "--artifacts", filepath.Join(dir, "a"), "--checkpoints", filepath.Join(dir, "c"), "--run-id", "one", file},
		{"run", "--json", "--progress", "plain", "--artifacts", filepath.Join(dir, "b"), "--checkpoints", filepath.Join(dir, "c"), "--run-id", "two", file},
		{"runs", "--checkpoints", filepath.Join(dir, "c")}, {"runs", "one", "--checkpoints", filepath.Join(dir, "c"), "--json"},
	} {
		var out bytes.Buffer
		cli.Main(t.Context(), args, &cli.Options{Stdout: &out, Stderr: &out, Factories: more})
		requireNoCanary(t, strings.Join(args, " "), out.String())
		require.NotContains(t, out.String(), "unknown flag")
	}
	require.GreaterOrEqual(t, filesSeeNoCanary(t, dir), 5, "artifacts and records of two runs")
	require.GreaterOrEqual(t, filesSeeNoCanary(t, filepath.Join(filepath.Dir(file), "audit")), 2, "the audit trail")
	runSeesNoCanary(t, file, more)
}

// filesSeeNoCanary looks into all files of a folder, and says how many there are.
func filesSeeNoCanary(t *testing.T, dir string) int {
	t.Helper()
	files := 0
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		requireNoCanary(t, path, path+string(text))
		return err
	}))
	return files
}

// runSeesNoCanary runs the file from Go with every hook.
func runSeesNoCanary(t *testing.T, file string, more []component.Factory) {
	t.Helper()
	registry, err := pipeline.NewRegistry(more...)
	require.NoError(t, err)
	cfg, err := config.Load(file, nil)
	require.NoError(t, err)
	p, err := pipeline.FromConfig(cfg, registry)
	if err != nil {
		lookAtError(t, err)
		return
	}
	var log bytes.Buffer
	logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(&log), zap.DebugLevel))
	spans := tracetest.NewInMemoryExporter()
	tracing := otel.NewTracing(&otel.TracingOptions{TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))})
	meter := prometheus.New(nil)
	recorder := &hookstest.Recorder{}
	var output bytes.Buffer
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{
		Hooks:  []hooks.PipelineHooks{recorder, tracing, hooks.NewMetrics(meter), hooks.NewLogging(logger, nil)},
		Logger: logger, OpenSession: pipeline.Opener{}.Open, Output: &output,
	})
	require.NoError(t, err)
	result, err := runner.Run(t.Context(), p)
	require.Error(t, err)
	lookAtError(t, err)
	for i := range result.Components {
		lookAtError(t, result.Components[i].Err)
		requireNoCanary(t, "result", fmt.Sprintf("%v %+v", result.Components[i], result.Components[i]))
	}
	for _, moment := range recorder.Moments() {
		requireNoCanary(t, moment.String(), fmt.Sprintf("%v %+v %#v", moment.Event, moment.Event, moment.Event))
		text, err := json.Marshal(moment.Event)
		if err == nil {
			requireNoCanary(t, moment.String(), string(text))
		}
	}
	requireNoCanary(t, "log", log.String())
	requireNoCanary(t, "output", output.String())
	for _, span := range spans.GetSpans() {
		requireNoCanary(t, "span", fmt.Sprintf("%+v", span))
	}
	page := httptest.NewRecorder()
	meter.Handler().ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	requireNoCanary(t, "metrics", page.Body.String())
	for i := range p.Steps {
		requireNoCanary(t, "lineage", fmt.Sprintf("%+v", dataflow.LineageOf(p.Steps[i].Component)))
		requireNoCanary(t, "requirements", fmt.Sprintf("%+v", dataflow.RequirementsOf(p.Steps[i].Component)))
	}
	_, err = runner.Check(t.Context(), p, nil)
	lookAtError(t, err)
}

// lookAtError looks at an error and at all that can be had of it.
func lookAtError(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	requireNoCanary(t, "error", fmt.Sprintf("%v %+v %#v %q", err, err, err.Error(), err))
	var spark *component.SparkError
	if errors.As(err, &spark) {
		requireNoCanary(t, "spark error", fmt.Sprintf("%+v", *spark))
		causes, _ := spark.Causes(context.WithoutCancel(t.Context()))
		requireNoCanary(t, "causes", fmt.Sprintf("%+v", causes))
	}
	var panicked *component.PanicError
	if errors.As(err, &panicked) {
		requireNoCanary(t, "panic", fmt.Sprintf("%v %s", panicked.Value, panicked.Stack))
	}
	switch inner := err.(type) { //nolint:errorlint // the tree is walked here
	case interface{ Unwrap() error }:
		lookAtError(t, inner.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range inner.Unwrap() {
			lookAtError(t, one)
		}
	}
}

// leaky is a source of a user's own that tells its secret wherever it can.
type leaky struct {
	Pin     secrets.Value     `koanf:"pin" doc:"a secret whose name tells nothing"`
	Options map[string]string `koanf:"options" doc:"options"`
	How     string            `koanf:"how" doc:"how to leak"`
}

func (s leaky) text() string { return fmt.Sprint("cannot use ", s.Pin.Reveal(), s.Options) }

func (s leaky) Validate() error {
	switch s.How {
	case "invalid":
		return errors.New(s.text())
	case "invalid panic":
		panic(s.text())
	}
	return nil
}

func (s leaky) Load(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	switch s.How {
	case "panic":
		panic(s.text())
	case "panic with an error":
		panic(errors.New(s.text()))
	case "panic with itself":
		panic(s)
	case "plan": // what it does not conceal itself
		return dataflow.Reader{Format: s.Pin.Reveal(), Options: s.Options}.Load(ctx, spark)
	}
	return nil, errors.New(s.text())
}

// TestCodeOfUsersShowsNoCanary is for sources of a user's own, which may panic with
// an option.
func TestCodeOfUsersShowsNoCanary(t *testing.T) {
	t.Parallel()
	factory := pipeline.SourceFactory[leaky]("leaky", "a source that leaks")
	for _, how := range []string{"error", "panic", "panic with an error", "panic with itself", "plan", "invalid", "invalid panic"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			server, _ := refuseWithSecrets(t)
			file := canaryFile(t, server, "read_leaky", map[string]any{
				"output_view": "v", "how": how, "pin": canaries[1], "options": map[string]any{"api_key": canaries[0]},
			})
			if strings.HasPrefix(how, "invalid") {
				var out bytes.Buffer
				cli.Main(t.Context(), []string{"validate", file}, &cli.Options{Stdout: &out, Stderr: &out, Factories: []component.Factory{factory}})
				require.Contains(t, out.String(), "cannot use "+secrets.Redacted)
				requireNoCanary(t, "validate", out.String())
				runSeesNoCanary(t, file, []component.Factory{factory})
				return
			}
			seeNoCanary(t, file, []component.Factory{factory})
		})
	}
}
