package hooks

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Registry is a [Meter] that keeps what it is told in memory, for tests and for
// programs that show it themselves. The zero value is empty and ready. It is safe
// for concurrent use.
type Registry struct {
	mu     sync.Mutex
	series map[string]*Measurement
}

var _ Meter = (*Registry)(nil)

// MeasurementKind says what a [Measurement] is.
type MeasurementKind uint8

// The kinds of measurements.
const (
	KindCounter MeasurementKind = iota
	KindGauge
	KindTimer
)

// Measurement is the state of one name with one set of labels.
type Measurement struct {
	Kind MeasurementKind
	Name string
	// Labels are in the order in which they were given.
	Labels []Label
	// Value is the sum of a counter, the last value of a gauge, or the seconds of a
	// timer in all.
	Value float64
	// Count is how often it was told.
	Count int
	// Longest is the longest duration of a timer.
	Longest time.Duration
}

// Count implements [Meter]. What is not above zero is left out: counters do not
// shrink.
func (r *Registry) Count(name string, delta float64, labels ...Label) {
	if delta > 0 {
		r.with(KindCounter, name, labels, func(m *Measurement) { m.Value += delta })
	}
}

// Gauge implements [Meter].
func (r *Registry) Gauge(name string, value float64, labels ...Label) {
	r.with(KindGauge, name, labels, func(m *Measurement) { m.Value = value })
}

// Time implements [Meter].
func (r *Registry) Time(name string, d time.Duration, labels ...Label) {
	r.with(KindTimer, name, labels, func(m *Measurement) {
		m.Value += d.Seconds()
		m.Longest = max(m.Longest, d)
	})
}

func (r *Registry) with(kind MeasurementKind, name string, labels []Label, change func(*Measurement)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := seriesKey(kind, name, labels)
	m := r.series[key]
	if m == nil {
		if r.series == nil {
			r.series = map[string]*Measurement{}
		}
		m = &Measurement{Kind: kind, Name: name, Labels: slices.Clone(labels)}
		r.series[key] = m
	}
	m.Count++
	change(m)
}

// seriesKey is one for each name and set of labels, whatever is in them: a NUL and
// a 1 end each text, in which a NUL is doubled.
func seriesKey(kind MeasurementKind, name string, labels []Label) string {
	sorted := slices.SortedFunc(slices.Values(labels), func(a, b Label) int { return cmp.Compare(a.Name, b.Name) })
	var b strings.Builder
	b.WriteByte(byte(kind))
	for _, part := range append([]Label{{name, ""}}, sorted...) {
		for _, text := range []string{part.Name, part.Value} {
			b.WriteString(strings.ReplaceAll(text, "\x00", "\x00\x00"))
			b.WriteString("\x00\x01")
		}
	}
	return b.String()
}

// Find returns the measurement of a kind with the name and the labels, in any
// order, and whether there is one.
func (r *Registry) Find(kind MeasurementKind, name string, labels ...Label) (Measurement, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.series[seriesKey(kind, name, labels)]
	if m == nil {
		return Measurement{Kind: kind, Name: name}, false
	}
	return *m, true
}

// Snapshot returns all measurements in the order of their names and labels.
func (r *Registry) Snapshot() []Measurement {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := make([]string, 0, len(r.series))
	for key := range r.series {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Compare(a[1:], b[1:]) }) // without the kind
	out := make([]Measurement, len(keys))
	for i, key := range keys {
		out[i] = *r.series[key]
	}
	return out
}

// Reset forgets everything.
func (r *Registry) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.series = nil
}
