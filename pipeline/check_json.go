package pipeline

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// jsonData is the JSON form of data that a component reads or makes.
type jsonData struct {
	Kind   string  `json:"kind"`
	Name   string  `json:"name"`
	Schema *string `json:"schema,omitempty"` // DDL; a schema may be without columns
}

// effectNames are the JSON names of effects.
var effectNames = [...]string{
	dataflow.EffectUnknown: "unknown", dataflow.EffectNone: "none",
	dataflow.EffectIdempotent: "idempotent", dataflow.EffectRepeats: "repeats",
}

// MarshalJSON writes the keys name, type, stage, after, off, reads, makes, effect,
// opaque and analysed. A schema is written as Spark's DDL.
func (c CheckedComponent) MarshalJSON() ([]byte, error) {
	out := struct {
		Name     string     `json:"name"`
		Type     string     `json:"type,omitempty"`
		Stage    int        `json:"stage"`
		After    []string   `json:"after,omitempty"`
		Off      string     `json:"off,omitempty"`
		Reads    []jsonData `json:"reads,omitempty"`
		Makes    []jsonData `json:"makes,omitempty"`
		Effect   string     `json:"effect"`
		Opaque   bool       `json:"opaque,omitempty"`
		Analysed bool       `json:"analysed"`
	}{Name: c.Name, Type: c.Type, Stage: c.Stage, After: c.After, Off: c.Off, Effect: "unknown", Opaque: c.Opaque, Analysed: c.Analysed}
	if int(c.Effect) < len(effectNames) {
		out.Effect = effectNames[c.Effect]
	}
	for _, d := range c.Reads {
		out.Reads = append(out.Reads, jsonData{Kind: string(d.Kind), Name: d.Name})
	}
	for _, d := range c.Makes {
		made := jsonData{Kind: string(d.Dataset.Kind), Name: d.Dataset.Name}
		if d.Schema != nil {
			ddl := d.Schema.String()
			made.Schema = &ddl
		}
		out.Makes = append(out.Makes, made)
	}
	return plainJSON(out)
}

// MarshalJSON writes the keys pipeline, ok, spark, duration_ms, analyses,
// findings, components and warnings. ok says that there are no errors among the
// findings; spark is left out when no server took part.
func (r CheckReport) MarshalJSON() ([]byte, error) {
	out := struct {
		Pipeline   string             `json:"pipeline"`
		OK         bool               `json:"ok"`
		Spark      string             `json:"spark,omitempty"`
		DurationMS float64            `json:"duration_ms"`
		Analyses   int                `json:"analyses"`
		Findings   []Finding          `json:"findings"`
		Components []CheckedComponent `json:"components"`
		Warnings   []string           `json:"warnings,omitempty"`
	}{
		Pipeline: r.Pipeline, OK: r.Err() == nil, Spark: r.Spark, Analyses: r.Analyses,
		DurationMS: float64(r.Duration) / float64(time.Millisecond),
		Findings:   r.Findings, Components: r.Components, Warnings: texts(r.Warnings),
	}
	if out.Findings == nil {
		out.Findings = []Finding{}
	}
	if out.Components == nil {
		out.Components = []CheckedComponent{}
	}
	return plainJSON(out)
}

// plainJSON leaves < and > as they are: types hold them.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
