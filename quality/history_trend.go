package quality

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Point is what one run found for a rule.
type Point struct {
	// RunID and Started say which run it was.
	RunID   string
	Started time.Time
	Status  Status
	// Rows and Bad are those of the [Result].
	Rows, Bad int64
	// Values are those of the [Result].
	Values map[string]any
}

// Trend returns what reports found for a rule, the oldest first. Reports without
// the rule are left out.
func Trend(reports []*Report, rule string) []Point {
	var out []Point
	for _, r := range reports {
		for i := range r.Results {
			if res := &r.Results[i]; res.Rule == rule {
				out = append(out, Point{RunID: r.RunID, Started: r.Started, Status: res.Status, Rows: res.Rows, Bad: res.Bad, Values: res.Values})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Point) int { return a.Started.Compare(b.Started) })
	return out
}

// TrendMarkdown returns a table for people with a line for each rule of the
// reports, in the order in which the newest has them: how many rows were bad from
// the oldest run to the newest, as a small picture, and in the newest.
func TrendMarkdown(reports []*Report) string {
	sorted := slices.Clone(reports)
	slices.SortStableFunc(sorted, func(a, b *Report) int { return b.Started.Compare(a.Started) })
	var rules []string
	for _, r := range sorted {
		for i := range r.Results {
			if rule := r.Results[i].Rule; !slices.Contains(rules, rule) {
				rules = append(rules, rule)
			}
		}
	}
	var b strings.Builder
	b.WriteString("| rule | runs | bad rows | newest | status |\n|---|---:|---|---:|---|\n")
	for _, rule := range rules {
		points := Trend(reports, rule)
		last := points[len(points)-1]
		bad := make([]int64, len(points))
		for i, p := range points {
			bad[i] = p.Bad
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %d | %s |\n", cell(rule), len(points), sparkline(bad), last.Bad, last.Status)
	}
	return b.String()
}

// longestLine is how many values a sparkline shows, the newest of them.
const longestLine = 40

// sparkline draws values as bars from 0 to the largest.
func sparkline(values []int64) string {
	bars := []rune("▁▂▃▄▅▆▇█")
	if len(values) > longestLine {
		values = values[len(values)-longestLine:]
	}
	most := int64(0)
	for _, v := range values {
		most = max(most, v)
	}
	var b strings.Builder
	for _, v := range values {
		height := 0
		if most > 0 {
			height = int(float64(max(0, v)) / float64(most) * float64(len(bars)-1))
		}
		if v > 0 && height == 0 {
			height = 1 // few is not none
		}
		b.WriteRune(bars[height])
	}
	return b.String()
}
