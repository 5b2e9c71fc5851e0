package audit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func Example() {
	dir, err := os.MkdirTemp("", "audit")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	sink, err := audit.NewFileSink(filepath.Join(dir, "audit.jsonl"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	hook := audit.NewHook(sink, &audit.HookOptions{Required: true})

	// A runner with this hook calls these.
	ctx, err := hook.BeforePipeline(context.Background(), hooks.PipelineStart{Pipeline: "orders", RunID: "r1", Total: 3})
	if err != nil {
		fmt.Println(err) // nothing may start
		return
	}
	hook.AfterPipeline(ctx, hooks.PipelineEnd{
		Pipeline: "orders", RunID: "r1", Status: hooks.StatusFailed, Err: errors.New("connect to postgres://etl:hunter2@db/orders: refused"),
	})
	fmt.Println("unaudited:", hook.Err("r1"))
	_ = hook.Close(ctx)

	report, err := audit.VerifyFiles([]string{sink.Path()}, nil)
	fmt.Println(report.Entries, "entries, ok:", report.OK(), err)
	// Output:
	// unaudited: <nil>
	// 2 entries, ok: true <nil>
}

func ExampleRedactor() {
	r, err := audit.NewRedactor(&audit.RedactOptions{Keys: []string{"badge"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	r.Add(secrets.NewValue("correct horse"))
	fmt.Println(r.Text("jdbc:sqlserver://db;user=etl;password={a;b};encrypt=true: login failed"))
	fmt.Println(r.Text("sent Y29ycmVjdCBob3JzZQ== by author=ann with badge=7"))
	fmt.Println(r.Value(map[string]any{"keyspace": "k", "apiKey": "x", "urls": []any{"https://a:b@h/"}}))
	// Output:
	// jdbc:sqlserver://db;user=etl;password=[REDACTED];encrypt=true: login failed
	// sent [REDACTED] by author=ann with badge=[REDACTED]
	// map[apiKey:[REDACTED] keyspace:k urls:[https://a:[REDACTED]@h/]]
}
