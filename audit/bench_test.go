package audit_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/audittest"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// BenchmarkFileSink is what storing one event costs.
func BenchmarkFileSink(b *testing.B) {
	for name, opts := range map[string]*audit.FileOptions{
		"never": {Fsync: audit.FsyncNever}, "interval": {}, "signed": {Key: key()}, "always": {Fsync: audit.FsyncAlways},
	} {
		b.Run(name, func(b *testing.B) {
			opts.RotateEvery = -1
			sink := openFile(b, filepath.Join(b.TempDir(), "audit.jsonl"), opts)
			e := audittest.Event(1)
			e.Config, e.Environment = nil, nil
			ctx := context.Background()
			for b.Loop() {
				if err := sink.Write(ctx, e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHook is what one moment of a run costs with everything: redaction, the
// chain and the file.
func BenchmarkHook(b *testing.B) {
	sink := openFile(b, filepath.Join(b.TempDir(), "audit.jsonl"), &audit.FileOptions{RotateEvery: -1})
	hook := audit.NewHook(sink, nil)
	for range 10 {
		hook.Redactor().Add(secrets.NewValue("a secret of the program " + time.Now().String()))
	}
	ctx := context.Background()
	b.Run("component completed", func(b *testing.B) {
		for b.Loop() {
			hook.AfterComponent(ctx, hooks.ComponentEnd{Pipeline: "orders", RunID: "r1", Name: "clean", Type: "sql", Index: 1, Total: 7, Attempt: 1, Duration: time.Second})
		}
	})
	fault := errors.New(`component "clean" (jdbc): connect to jdbc:postgresql://db:5432/orders?user=etl&password=hunter2: connection refused`)
	b.Run("component failed", func(b *testing.B) {
		for b.Loop() {
			hook.OnComponentFailure(ctx, hooks.ComponentFailure{Pipeline: "orders", RunID: "r1", Name: "clean", Type: "sql", Index: 1, Total: 7, Attempt: 1, Err: fault})
		}
	})
}

func BenchmarkRedactor(b *testing.B) {
	r, err := audit.NewRedactor(nil)
	require.NoError(b, err)
	text := `component "clean" (jdbc): connect to jdbc:postgresql://db:5432/orders?user=etl&password=hunter2: connection refused`
	for b.Loop() {
		_ = r.Text(text)
	}
}

func BenchmarkVerify(b *testing.B) {
	log := []byte(read(b, logOf(b, 1000, nil)))
	for b.Loop() {
		report, err := audit.Verify(bytes.NewReader(log), nil)
		if err != nil || !report.OK() {
			b.Fatal(err, report.Problems)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/entry")
}
