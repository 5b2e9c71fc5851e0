package quality

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ProfileVersion is the version of the JSON form of a [Profile], and ProfileKind its
// key kind.
const (
	ProfileVersion = 1
	ProfileKind    = "profile"
)

type profileDocument struct {
	SchemaVersion int              `json:"schema_version"`
	Kind          string           `json:"kind"`
	Subject       string           `json:"subject,omitempty"`
	Rows          int64            `json:"rows"`
	Passes        int              `json:"passes"`
	Columns       []columnDocument `json:"columns"`
}

type columnDocument struct {
	Name      string             `json:"name"`
	Type      string             `json:"type"`
	Nulls     *int64             `json:"nulls,omitempty"`
	NaNs      *int64             `json:"nan,omitempty"`
	Distinct  *int64             `json:"distinct_approximately,omitempty"`
	Min       any                `json:"min,omitempty"`
	Max       any                `json:"max,omitempty"`
	Mean      any                `json:"mean,omitempty"`
	StdDev    any                `json:"stddev,omitempty"`
	Quantiles []quantileDocument `json:"quantiles,omitempty"`
	Length    *lengthDocument    `json:"length,omitempty"`
	Top       []topDocument      `json:"top,omitempty"`
	Note      string             `json:"note,omitempty"`
}

type quantileDocument struct {
	Share float64 `json:"share"`
	Value any     `json:"value"`
}

type lengthDocument struct {
	Min   int64   `json:"min"`
	Max   int64   `json:"max"`
	Mean  float64 `json:"mean"`
	Empty int64   `json:"empty"`
}

type topDocument struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// MarshalJSON implements [json.Marshaler]. Values that JSON does not know are texts,
// as in the JSON form of a [Report].
func (p *Profile) MarshalJSON() ([]byte, error) {
	out := profileDocument{
		SchemaVersion: ProfileVersion, Kind: ProfileKind, Subject: p.Subject, Rows: p.Rows, Passes: p.Passes,
		Columns: make([]columnDocument, len(p.Columns)),
	}
	for i := range p.Columns {
		out.Columns[i] = p.Columns[i].document()
	}
	return jsonText(out)
}

func (c *ColumnProfile) document() columnDocument {
	out := columnDocument{
		Name: c.Name, Type: c.Type, NaNs: c.NaNs, Distinct: c.Distinct, Min: profileValue(c.Min), Max: profileValue(c.Max), Note: c.Note,
	}
	if !c.skipped() {
		out.Nulls = &c.Nulls
	}
	if c.Mean != nil {
		out.Mean = plainFloat(*c.Mean)
	}
	if c.StdDev != nil {
		out.StdDev = plainFloat(*c.StdDev)
	}
	for _, q := range c.Quantiles {
		out.Quantiles = append(out.Quantiles, quantileDocument{q.Share, profileValue(q.Value)})
	}
	if c.Length != nil {
		out.Length = &lengthDocument{c.Length.Min, c.Length.Max, c.Length.Mean, c.Length.Empty}
	}
	for _, top := range c.Top {
		out.Top = append(out.Top, topDocument(top))
	}
	return out
}

// skipped reports whether the column was not looked at.
func (c *ColumnProfile) skipped() bool { return strings.HasPrefix(c.Note, notLookedAt) }

const notLookedAt = "not looked at"

// profileValue is a value of a row in JSON.
func profileValue(v any) any {
	if s, ok := v.(fmt.Stringer); ok && v != nil {
		if at, ok := v.(time.Time); ok {
			return at.UTC().Format(time.RFC3339Nano)
		}
		return s.String()
	}
	return plainValue(v)
}

// valueText is a value of a row for people.
func valueText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return strconv.Quote(v)
	case float64:
		return strconv.FormatFloat(v, 'g', 6, 64)
	case float32:
		return strconv.FormatFloat(float64(v), 'g', 6, 32)
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.999999")
	}
	return fmt.Sprint(v)
}
