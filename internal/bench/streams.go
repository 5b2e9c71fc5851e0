package main

import (
	"context"
	_ "embed"
	"path/filepath"
)

//go:embed streams.py
var streamsPy string

// streams compares how long it takes from the start of a streaming query to the
// first batch of which the client knows.
func (b *bench) streams(ctx context.Context) error {
	if b.remote == "" {
		return nil
	}
	count := 5
	if b.quick {
		count = 1
	}
	script := filepath.Join(b.work, "streams.py")
	if err := write(script, streamsPy); err != nil {
		return err
	}
	measures := []struct{ what, way string }{
		{"the call that starts it", "call"},
		{"first batch, asked every 10 ms", "poll"},
		{"the same, and stopped", "stop"},
		{"first batch, told by the listener", "listener"},
		{"first batch of the source rate, which is empty; asked every 10 ms", "rate"},
		{"available now: one file of 10 rows, to the end", "files"},
	}
	var ways []way
	for _, m := range measures {
		ways = append(ways, way{ours, m.what, "stream " + m.way, false}, way{pyspark, m.what, "stream " + m.way, true})
	}
	ways = b.known(ways)
	got, err := b.askWaysOf(ctx, script, ways, count)
	if err != nil {
		return err
	}
	t := newTable("A streaming query on an open session, from the start of it", "to", "client", "ms", "sparkpipe's over PySpark's")
	for i, w := range ways {
		ratio := "-"
		if w.client == ours && b.venv != "" {
			over := got[i].over(got[i+1])
			ratio = over.String()
			if i > 0 { // the call alone is the server's
				b.target(t, w.name+": sparkpipe over PySpark", over, 1)
			}
		}
		t.row(w.name, w.client, got[i].times(1e3).String(), ratio)
	}
	t.note("Ten rows a batch of rate-micro-batch into memory, unless said otherwise. One round is the median of %d each.", count)
	t.print(b.out)
	return nil
}
