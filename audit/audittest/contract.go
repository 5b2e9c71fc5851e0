package audittest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sparkpipe/sparkpipe/audit"
)

// Store is a place where events are kept, new for each check.
type Store struct {
	// Open returns a sink on the store; each call another one on the same.
	Open func(t *testing.T) audit.Sink
	// Verify verifies the chain of the store; nil for a store that has none.
	Verify func(t *testing.T) (audit.Report, error)
}

// Run checks sinks on the stores that newStore makes. Run the test with -race.
func Run(t *testing.T, newStore func(t *testing.T) Store) {
	t.Helper()
	for _, check := range []struct {
		name string
		run  func(t *testing.T, s Store)
	}{
		{"stores events and leaves them as they are", checkStores},
		{"takes whatever text", checkTexts},
		{"takes an event that is too long", checkLong},
		{"stores from several goroutines and sinks", checkConcurrent},
		{"goes on behind another sink", checkGoesOn},
		{"closes twice and before the first event", checkClose},
	} {
		t.Run(check.name, func(t *testing.T) {
			t.Parallel()
			check.run(t, newStore(t))
		})
	}
}

// Event returns an event with every field filled. n tells it from others.
func Event(n int) audit.Event {
	return audit.Event{
		SchemaVersion: audit.SchemaVersion, ID: fmt.Sprintf("%016x", n), Time: audit.At(time.Date(2026, 3, 1, 2, 0, 0, n, time.UTC)),
		Action: audit.ActionComponentFailed, Status: audit.StatusFailure, Actor: "clean", User: "etl", Host: "etl-1", PID: 4711,
		Resource: "sql", Pipeline: "orders", RunID: fmt.Sprintf("run-%d", n), TraceID: "4bf92f3577b34da6a3ce929d0e0e4736",
		Server: "sc://spark:15002", Session: "8c3f0a1e-0000-4000-8000-000000000000",
		Config: map[string]any{"name": "orders", "retries": 3.0}, ConfigFingerprint: "sha256:00", Environment: map[string]string{"TZ": "UTC"},
		Error:    &audit.EventError{Class: "TABLE_OR_VIEW_NOT_FOUND", SQLState: "42P01", OperationID: "op", Text: "no table <t> & more"},
		Metadata: map[string]string{"index": "0", "total": "2"}, Samples: []string{"1,ann"},
	}
}

func write(t *testing.T, s audit.Sink, e audit.Event) {
	t.Helper()
	if err := s.Write(t.Context(), e); err != nil {
		t.Fatalf("write event %s: %v", e.ID, err)
	}
}

func closeSink(t *testing.T, s audit.Sink) {
	t.Helper()
	if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// verify wants that many entries in a chain that nobody touched.
func verify(t *testing.T, s Store, entries int64) {
	t.Helper()
	if s.Verify == nil {
		return
	}
	report, err := s.Verify(t)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	if !report.OK() || report.Entries != entries || report.Last.Seq != entries {
		t.Fatalf("want %d entries in order, got %+v", entries, report)
	}
}

func checkStores(t *testing.T, s Store) {
	sink := s.Open(t)
	defer closeSink(t, sink)
	for n := range 10 {
		e := Event(n)
		before, _ := json.Marshal(e)
		metadata := maps.Clone(e.Metadata)
		write(t, sink, e)
		if after, _ := json.Marshal(e); string(before) != string(after) || !maps.Equal(metadata, e.Metadata) {
			t.Fatalf("the sink changed the event: %s is %s", before, after)
		}
	}
	flush(t, sink)
	verify(t, s, 10)
}

func flush(t *testing.T, s audit.Sink) {
	t.Helper()
	if f, ok := s.(audit.Flusher); ok {
		if err := f.Flush(t.Context()); err != nil {
			t.Fatalf("flush: %v", err)
		}
	}
}

func checkTexts(t *testing.T, s Store) {
	sink := s.Open(t)
	defer closeSink(t, sink)
	texts := []string{"", "größte 東京 🎉", "a\nb\r\tc\x00d", "\xff\xfe", `","hash":"sha256:00"}`, "<&>\u2028", strings.Repeat("ü", 1000), "'; DROP TABLE x; --"}
	for _, text := range texts {
		e := Event(0)
		e.Actor, e.Resource, e.RunID, e.Metadata = text, text, text, map[string]string{text: text}
		e.Action, e.Error = audit.Action("x"+text), &audit.EventError{Text: text}
		write(t, sink, e)
	}
	write(t, sink, audit.Event{Action: "empty", Time: audit.At(time.Now())})
	flush(t, sink)
	verify(t, s, int64(len(texts)+1))
}

func checkLong(t *testing.T, s Store) {
	sink := s.Open(t)
	defer closeSink(t, sink)
	e := Event(0)
	e.Config = strings.Repeat("x", 3*audit.MaxEventSize)
	write(t, sink, e)
	e = Event(1)
	e.Metadata = map[string]string{"large": strings.Repeat("y", 2*audit.MaxEventSize)}
	write(t, sink, e)
	write(t, sink, Event(2))
	flush(t, sink)
	verify(t, s, 3)
}

func checkConcurrent(t *testing.T, s Store) {
	const sinks, writers, each = 2, 4, 10
	var group sync.WaitGroup
	for range sinks {
		sink := s.Open(t)
		defer closeSink(t, sink)
		for w := range writers {
			group.Go(func() {
				for n := range each {
					if err := sink.Write(t.Context(), Event(w*each+n)); err != nil {
						t.Errorf("write: %v", err)
					}
				}
			})
		}
	}
	group.Wait()
	verify(t, s, sinks*writers*each)
}

func checkGoesOn(t *testing.T, s Store) {
	for n := range 3 {
		sink := s.Open(t)
		write(t, sink, Event(2*n))
		write(t, sink, Event(2*n+1))
		closeSink(t, sink)
	}
	verify(t, s, 6)
}

func checkClose(t *testing.T, s Store) {
	sink := s.Open(t)
	closeSink(t, sink)
	closeSink(t, sink)
	sink = s.Open(t)
	write(t, sink, Event(0))
	closeSink(t, sink)
	closeSink(t, sink)
	verify(t, s, 1)
}
