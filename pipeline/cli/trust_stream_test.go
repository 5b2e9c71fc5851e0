package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// auditedStreams is a file with two streams, of which one has a password, and a step
// that they depend on.
func auditedStreams(remote, dir, more string) string {
	return onServer(remote, strings.NewReplacer("DIR", dir, "MORE", more).Replace(`name: live
secrets: {cache_ttl_seconds: 0, providers: {file: {file: {root: DIR/secrets}}}}
hooks:
  logging: {enabled: true, level: debug}
  audit: {audit_trail_path: DIR/trail, MORE}
components:
  - {name: words, type: sql, config: {output_view: words, sql: "SELECT 1 AS k"}}
  - name: plain
    type: stream
    depends_on: [words]
    retry: {max_attempts: 3, initial_delay_seconds: 0.01, max_delay_seconds: 0.01}
    config:
      source: {type: rate}
      sink: {type: noop}
      trigger: processing_time
      trigger_interval: 1s
      checkpoint_location: DIR/checkpoints/plain
  - name: topic
    type: stream
    retry: {max_attempts: 5, initial_delay_seconds: 0.01, max_delay_seconds: 0.01}
    config:
      source: {type: rate}
      sink: {type: kafka, bootstrap_servers: "k:9092", topic: t, security_protocol: SASL_SSL, sasl_mechanism: PLAIN, username: ann, password: "secret://file/password"}
      checkpoint_location: DIR/checkpoints/topic
`))
}

// secretFile writes the password that the stream topic has.
func secretFile(t *testing.T, dir, value string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "secrets"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secrets", "password"), []byte(value), 0o600))
}

// jaas is the option in which a run of the stream topic has its password.
func jaas(r *fakeRun) string { return r.options["kafka.sasl.jaas.config"] }

func TestTheTrailOfStreams(t *testing.T) {
	t.Parallel()
	server, dir := startFakeStreams(t), t.TempDir()
	secretFile(t, dir, canary)
	server.refuse["plain"] = []error{fakeconnect.Failure{Class: "INTERNAL_ERROR", Message: "cannot start with " + canary}.Error()}
	run := runStreams(t, writeFile(t, "s.yaml", auditedStreams(server.Remote(), dir, "required: true")), cli.Options{})
	until(t, "they run", func() bool { return len(server.runsOf("plain")) == 1 && len(server.runsOf("topic")) == 1 })
	require.Contains(t, jaas(server.last("topic")), canary, "the server gets it")

	server.batch("plain", 0, 5, 5)
	server.batch("plain", 1, 7, 6)
	server.batch("plain", 1, 7, 6) // told twice
	server.end("topic", "broker refused "+canary)
	until(t, "topic was restarted", func() bool { return len(server.runsOf("topic")) == 2 })
	queries := sparkpipe(t, "stream", "status", "--state", run.state, "--json").stdout
	require.Contains(t, queries, "[REDACTED]", "the last error of topic")
	server.lose()
	until(t, "they run again", func() bool { return len(server.runsOf("plain")) == 2 && len(server.runsOf("topic")) == 3 })
	run.stop(t)
	require.Equal(t, cli.ExitSucceeded, run.wait(t), run.both())

	events := requirePaired(t, filepath.Join(dir, "trail"))
	requireNoCanary(t, run.both(), queries, readAll(t, filepath.Join(dir, "trail")))
	require.Contains(t, run.stdout.String(), "broker refused [REDACTED]")
	require.Equal(t, []string{
		"stream_started", "stream_failed", "stream_restarted", "stream_started", "stream_failed", "stream_restarted", "stream_started", "stream_completed",
	}, actionsOf(events, "plain"))
	require.Equal(t, []string{
		"stream_started", "stream_failed", "stream_restarted", "stream_started", "stream_failed", "stream_restarted", "stream_started", "stream_completed",
	}, actionsOf(events, "topic"))
	all := actionsOf(events, "")
	require.Equal(t, "config_loaded", all[0])
	require.Equal(t, "supervisor_completed", all[len(all)-1])
	require.Equal(t, []string{"component_started", "component_completed"}, actionsOf(events, "words")[:2])
	require.Equal(t, 2, count(all, "session_opened"))
	require.Equal(t, 1, count(all, "session_lost"))
	require.GreaterOrEqual(t, count(all, "secret_accessed"), 4, "at the start, and at each start of topic")

	begin := events[slices.Index(all, "supervisor_started")]
	end := events[len(events)-1]
	require.Equal(t, "plain, topic", begin.Metadata["streams"])
	require.Equal(t, map[string]string{"stream_count": "2", "streams": "plain, topic", "restarts": "4", "sessions_lost": "1", "duration_ms": end.Metadata["duration_ms"]}, end.Metadata)
	for _, e := range events[slices.Index(all, "supervisor_started"):] {
		require.Equal(t, begin.RunID, e.RunID, e.Action)
		require.Equal(t, begin.TraceID, e.TraceID, e.Action)
	}
	ends := slices.DeleteFunc(slices.Clone(events), func(e auditEvent) bool {
		return e.Actor != "plain" || e.Action != "stream_failed" && e.Action != "stream_completed"
	})
	require.Equal(t, "failed", ends[0].Metadata["reason"], "it did not start")
	require.Empty(t, ends[0].Metadata["query_id"])
	lost := ends[1]
	require.Equal(t, "warning", lost.Status)
	require.NotEmpty(t, lost.Session)
	require.NotEqual(t, lost.Session, ends[2].Session)
	require.Subset(t, lost.Metadata, map[string]string{
		"reason": "session_lost", "restarts": "1", "batches": "2", "rows_in": "12", "rows_out": "11", "last_batch_id": "1",
		"query_id": "id of plain", "query_run_id": server.runsOf("plain")[0].id.GetRunId(),
	})
	require.Subset(t, ends[2].Metadata, map[string]string{"reason": "stopped", "restarts": "2", "batches": "0"})
	require.NotContains(t, ends[2].Metadata, "last_batch_id")
}

// TestEachEndOfAStream has one stream end in every way that it can; the other lives
// as long.
func TestEachEndOfAStream(t *testing.T) {
	t.Parallel()
	broken := fakeconnect.Failure{Class: "INTERNAL_ERROR", Message: "broken"}.Error()
	tests := map[string]struct {
		happen  func(t *testing.T, f *fakeStreams, r *streamRun)
		refuse  []error
		code    int
		trigger string
		actions []string
		want    map[string]string // metadata of the last end
		status  string
	}{
		"it is stopped": {
			happen:  func(t *testing.T, _ *fakeStreams, r *streamRun) { r.stop(t, "plain"); r.stop(t) },
			actions: []string{"stream_started", "stream_completed"}, want: map[string]string{"reason": "stopped"}, status: "success",
		},
		"it comes to its end": {
			trigger: "trigger: available_now", happen: func(t *testing.T, f *fakeStreams, r *streamRun) { f.end("plain", ""); r.stop(t, "topic") },
			actions: []string{"stream_started", "stream_completed"}, want: map[string]string{"reason": "done"}, status: "success",
		},
		"it fails for good": {
			refuse: []error{nil, broken, broken},
			happen: func(t *testing.T, f *fakeStreams, r *streamRun) {
				f.end("plain", "it broke")
				until(t, "it has failed", func() bool { return streamsOf(t, r.state)["plain"].State == streaming.QueryFailed })
				r.stop(t)
			},
			actions: []string{
				"stream_started", "stream_failed", "stream_restarted", "stream_started", "stream_failed", "stream_restarted", "stream_started", "stream_failed",
			}, want: map[string]string{"reason": "failed", "restarts": "2"}, status: "failure", code: cli.ExitFailed,
		},
		"somebody else stops it": {
			happen: func(t *testing.T, f *fakeStreams, r *streamRun) {
				f.end("plain", "")
				until(t, "it runs again", func() bool { return len(f.runsOf("plain")) == 2 })
				r.stop(t)
			},
			actions: []string{"stream_started", "stream_failed", "stream_restarted", "stream_started", "stream_completed"},
			want:    map[string]string{"reason": "stopped", "restarts": "1"}, status: "success",
		},
		"the server forgets the session": {
			happen: func(t *testing.T, f *fakeStreams, r *streamRun) {
				f.lose()
				until(t, "it runs again", func() bool { return len(f.runsOf("plain")) == 2 && len(f.runsOf("topic")) == 2 })
				r.stop(t)
			},
			actions: []string{"stream_started", "stream_failed", "stream_restarted", "stream_started", "stream_completed"},
			want:    map[string]string{"reason": "stopped", "restarts": "1"}, status: "success",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, dir := startFakeStreams(t), t.TempDir()
			secretFile(t, dir, canary)
			server.refuse["plain"] = tt.refuse
			text := auditedStreams(server.Remote(), dir, "required: true")
			if tt.trigger != "" {
				text = strings.Replace(text, "trigger: processing_time\n      trigger_interval: 1s", tt.trigger, 1)
			}
			run := runStreams(t, writeFile(t, "s.yaml", text), cli.Options{})
			until(t, "they run", func() bool { return len(server.runsOf("plain")) == 1 && len(server.runsOf("topic")) == 1 })
			tt.happen(t, server, run)
			require.Equal(t, tt.code, run.wait(t), run.both())
			events := requirePaired(t, filepath.Join(dir, "trail"))
			require.Equal(t, tt.actions, actionsOf(events, "plain"))
			all := actionsOf(events, "")
			var last auditEvent
			for _, e := range events {
				if e.Actor == "plain" {
					last = e
				}
			}
			require.Subset(t, last.Metadata, tt.want)
			require.Equal(t, tt.status, last.Status)
			want := "supervisor_completed"
			if tt.code != 0 {
				want = "supervisor_failed"
			}
			require.Equal(t, want, all[len(all)-1])
		})
	}
}

func TestAPanicOfAStreamIsAnEnd(t *testing.T) {
	t.Parallel()
	server, dir := startFakeStreams(t), t.TempDir()
	secretFile(t, dir, canary)
	type config struct {
		Password secrets.Value `koanf:"password"`
	}
	bad := component.NewFactory(component.Info{Type: "bad"}, func(_ string, c config) (component.PipelineComponent, error) {
		return dataflow.Component(streaming.StreamingPipeline{
			Source: panicky{c.Password}, Sink: streaming.NoopSink{}, QueryName: "q", CheckpointLocation: filepath.Join(dir, "c"),
		}), nil
	})
	text := "name: n\nsecrets: {providers: {file: {file: {root: " + dir + "/secrets}}}}\nhooks: {audit: {audit_trail_path: " + dir + "/trail}}\n" +
		"components: [{name: b, type: bad, config: {password: 'x${secret:file://password}y'}}]\n"
	run := runStreams(t, writeFile(t, "s.yaml", onServer(server.Remote(), text)), cli.Options{Factories: []component.Factory{bad}})
	require.Equal(t, cli.ExitFailed, run.wait(t), run.both())
	require.Contains(t, run.stdout.String(), "panic: with [REDACTED]")
	events := requirePaired(t, filepath.Join(dir, "trail"))
	require.Equal(t, []string{"stream_started", "stream_failed"}, actionsOf(events, "b"), "a panic is not tried again")
	requireNoCanary(t, run.both(), readAll(t, filepath.Join(dir, "trail")))
}

func TestNoStreamRunsUnaudited(t *testing.T) {
	t.Parallel()
	blocked := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(blocked, nil, 0o600))
	server, dir := startFakeStreams(t), t.TempDir()
	secretFile(t, dir, canary)
	text := strings.Replace(auditedStreams(server.Remote(), dir, "required: true"), dir+"/trail", blocked+"/trail", 1)
	run := runStreams(t, writeFile(t, "s.yaml", text), cli.Options{})
	require.Equal(t, cli.ExitFailed, run.wait(t), run.both())
	require.Contains(t, run.stdout.String(), `"event":"run_failed"`)
	require.Contains(t, run.both(), "audit: store config_loaded of")
	require.Empty(t, server.Requests(), "nobody was spoken to")

	text = strings.Replace(text, "required: true", "required: false", 1)
	run = runStreams(t, writeFile(t, "s.yaml", text), cli.Options{})
	until(t, "they run", func() bool { return len(server.runsOf("plain")) == 1 && len(server.runsOf("topic")) == 1 })
	run.stop(t)
	require.Equal(t, cli.ExitSucceeded, run.wait(t), run.both())
	require.Contains(t, run.stderr.String(), "audit events cannot be stored")
	require.Contains(t, run.stderr.String(), "warning: ")
	requireNoCanary(t, run.both())
}

// TestTheTrailFailsWhileStreamsRun takes the trail away. A stream that runs goes on;
// the next start is refused, and that ends all.
func TestTheTrailFailsWhileStreamsRun(t *testing.T) {
	t.Parallel()
	for required, code := range map[string]int{"true": cli.ExitFailed, "false": cli.ExitSucceeded} {
		t.Run("required "+required, func(t *testing.T) {
			t.Parallel()
			server, dir := startFakeStreams(t), t.TempDir()
			secretFile(t, dir, canary)
			run := runStreams(t, writeFile(t, "s.yaml", auditedStreams(server.Remote(), dir, "required: "+required)), cli.Options{})
			until(t, "they run", func() bool { return len(server.runsOf("plain")) == 1 && len(server.runsOf("topic")) == 1 })
			require.NoError(t, os.Rename(filepath.Join(dir, "trail"), filepath.Join(dir, "gone")))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "trail"), nil, 0o600))
			server.end("plain", "it broke")
			if code == cli.ExitSucceeded {
				until(t, "plain runs again", func() bool { return len(server.runsOf("plain")) == 2 })
				run.stop(t)
			}
			require.Equal(t, code, run.wait(t), run.both())
			if code == cli.ExitFailed {
				require.Contains(t, run.stderr.String(), "sparkpipe: the streaming queries were stopped: audit: store stream_started of \"stream\": ")
				require.Len(t, server.runsOf("plain"), 1)
			}
			require.False(t, server.last("topic").active, "it was stopped in order")
			require.Contains(t, run.stderr.String(), "events are not stored")
			require.Equal(t, "stream_started", actionsOf(trail(t, filepath.Join(dir, "gone")), "topic")[0])
		})
	}
}

func TestASecretThatChangesWhileStreamsRun(t *testing.T) {
	t.Parallel()
	server, dir := startFakeStreams(t), t.TempDir()
	secretFile(t, dir, canary)
	text := auditedStreams(server.Remote(), dir, "required: true")
	run := runStreams(t, writeFile(t, "s.yaml", strings.Replace(text, "retry: {max_attempts: 5, ", "retry: {", 1)), cli.Options{})
	runs := func(n int) func() bool { return func() bool { return len(server.runsOf("topic")) == n } }
	until(t, "it runs", runs(1))
	require.Contains(t, jaas(server.last("topic")), canary)

	secretFile(t, dir, "n3w-secret/1")
	server.end("topic", "the password has changed")
	until(t, "it runs again", runs(2))
	require.Contains(t, jaas(server.last("topic")), "n3w-secret/1", "a restart reads it")

	secretFile(t, dir, "n3w-secret/2")
	server.lose()
	until(t, "it runs again", runs(3))
	require.Contains(t, jaas(server.last("topic")), "n3w-secret/2", "another session reads it")

	require.NoError(t, os.Remove(filepath.Join(dir, "secrets", "password")))
	server.end("topic", "n3w-secret/1 and n3w-secret/2 are wrong")
	until(t, "it was tried without a secret", func() bool { return streamsOf(t, run.state)["topic"].Restarts >= 5 })
	require.Contains(t, streamsOf(t, run.state)["topic"].LastError, "read its secrets: ")
	secretFile(t, dir, "n3w-secret/3")
	until(t, "it runs again", runs(4))
	require.Contains(t, jaas(server.last("topic")), "n3w-secret/3")
	run.stop(t)
	require.Equal(t, cli.ExitSucceeded, run.wait(t), run.both())
	requirePaired(t, filepath.Join(dir, "trail"))
	told := run.both() + readAll(t, filepath.Join(dir, "trail"))
	requireNoCanary(t, told)
	require.NotContains(t, told, "n3w-secret")
	require.Contains(t, told, "[REDACTED] and [REDACTED] are wrong")
}

func TestACheckpointLocationWithASecret(t *testing.T) {
	t.Parallel()
	server, dir := startFakeStreams(t), t.TempDir()
	secretFile(t, dir, canary)
	text := strings.Replace(auditedStreams(server.Remote(), dir, "required: true"), dir+"/checkpoints/plain", "'"+dir+"/${secret:file://password}/plain'", 1)
	file := writeFile(t, "s.yaml", text)
	run := runStreams(t, file, cli.Options{})
	until(t, "they run", func() bool { return len(server.runsOf("plain")) == 1 && len(server.runsOf("topic")) == 1 })
	require.Equal(t, dir+"/"+canary+"/plain", server.last("plain").options["checkpointLocation"])
	queries := sparkpipe(t, "stream", "status", "--state", run.state, "--json").stdout
	require.Contains(t, queries, `"checkpoint_location": "`+dir+"/[REDACTED]/plain~")

	second := sparkpipe(t, "stream", "run", "--state", run.state, file)
	require.Equal(t, cli.ExitFailed, second.code)
	require.Contains(t, second.stderr, "belongs to another supervisor")
	run.stop(t)
	require.Equal(t, cli.ExitSucceeded, run.wait(t), run.both())
	requirePaired(t, filepath.Join(dir, "trail"))
	requireNoCanary(t, run.both(), second.both(), queries, readAll(t, filepath.Join(dir, "trail")))
}

// TestAViewWithASecretIsMadeAnew has a stream that is started again in its session
// read a view with the secret as it then is.
func TestAViewWithASecretIsMadeAnew(t *testing.T) {
	t.Parallel()
	server, dir := startFakeStreams(t), t.TempDir()
	secretFile(t, dir, canary)
	run := runStreams(t, writeFile(t, "s.yaml", onServer(server.Remote(), strings.ReplaceAll(`name: live
secrets: {cache_ttl_seconds: 0, providers: {file: {file: {root: DIR/secrets}}}}
hooks: {audit: {audit_trail_path: DIR/trail}}
components:
  - {name: in, type: read_stream_kafka, config: {bootstrap_servers: "k:9092", subscribe: [t], security_protocol: SASL_SSL, sasl_mechanism: PLAIN, username: ann, password: "secret://file/password", output_view: in}}
  - {name: out, type: write_stream_noop, retry: {initial_delay_seconds: 0.01}, config: {input_view: in, checkpoint_location: DIR/checkpoint}}
`, "DIR", dir))), cli.Options{})
	until(t, "it runs", func() bool { return len(server.runsOf("out")) == 1 })
	views := func(password string) (n int) {
		for _, r := range server.Requests("ExecutePlan") {
			text, err := proto.Marshal(r.Message)
			require.NoError(t, err)
			n += strings.Count(string(text), password)
		}
		return n
	}
	require.Equal(t, 1, views(canary))
	secretFile(t, dir, "n3w-secret")
	server.end("out", "the password has changed")
	until(t, "it runs again", func() bool { return len(server.runsOf("out")) == 2 })
	require.Equal(t, 1, views("n3w-secret"))
	run.stop(t)
	require.Equal(t, cli.ExitSucceeded, run.wait(t), run.both())
	events := requirePaired(t, filepath.Join(dir, "trail"))
	require.Equal(t, []string{"component_started", "component_completed", "component_started", "component_completed"}, actionsOf(events, "in"))
	requireNoCanary(t, run.both(), readAll(t, filepath.Join(dir, "trail")))
}

func TestAStepBeforeTheStreamsFails(t *testing.T) {
	t.Parallel()
	server, dir := startFakeStreams(t), t.TempDir()
	secretFile(t, dir, canary)
	server.view = fakeconnect.Failure{Class: "PARSE_SYNTAX_ERROR", State: "42601", Message: "at " + canary}.Error()
	run := runStreams(t, writeFile(t, "s.yaml", auditedStreams(server.Remote(), dir, "required: true")), cli.Options{})
	require.Equal(t, cli.ExitFailed, run.wait(t), run.both())
	events := requirePaired(t, filepath.Join(dir, "trail"))
	require.Equal(t, []string{"component_started", "component_failed"}, actionsOf(events, "words"))
	require.Empty(t, actionsOf(events, "plain"))
	last := events[len(events)-1]
	require.Equal(t, "supervisor_failed", last.Action)
	require.Contains(t, last.Metadata["error"], "run what the streams depend on: ")
	require.Contains(t, run.stderr.String(), "at [REDACTED]")
	requireNoCanary(t, run.both(), readAll(t, filepath.Join(dir, "trail")))
}

// panicky is a source that says its password.
type panicky struct{ password secrets.Value }

func (p panicky) ReadStream(context.Context, *dataflow.Session) (sql.DataFrame, error) {
	panic("with " + strings.Trim(p.password.Reveal(), "xy"))
}

// readAll is the text of all files of a folder.
func readAll(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			data, readErr := os.ReadFile(path)
			require.NoError(t, readErr)
			all.Write(data)
		}
		return err
	}))
	return all.String()
}

func count(list []string, one string) (n int) {
	for _, s := range list {
		if s == one {
			n++
		}
	}
	return n
}
