package quality

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// MarkdownReporter writes a page for people: a heading and a table for each report.
// The file holds the reports of this process and is written anew, in one step, with
// each. It is safe for concurrent use.
type MarkdownReporter struct{ file document }

// NewMarkdownReporter returns a reporter for the file, which is made, with its
// folder, for the first report.
func NewMarkdownReporter(path string) (*MarkdownReporter, error) {
	if err := filePath("reports in Markdown", path); err != nil {
		return nil, err
	}
	return &MarkdownReporter{document{path: path, write: markdown}}, nil
}

// Report implements [Reporter].
func (m *MarkdownReporter) Report(_ context.Context, r *Report) error {
	if err := m.file.add(r); err != nil {
		return fmt.Errorf("report the checks in Markdown: %w", err)
	}
	return nil
}

func markdown(reports []*Report) ([]byte, error) {
	var b strings.Builder
	b.WriteString("# Data quality\n")
	for _, r := range reports {
		markdownReport(&b, r)
	}
	return []byte(b.String()), nil
}

func markdownReport(b *strings.Builder, r *Report) {
	fmt.Fprintf(b, "\n## %s: %s\n\n", cell(titleOf(r)), r.Status())
	fmt.Fprintf(b, "Pipeline %s, run %s, %s, %s; %s.\n", cell(r.Pipeline), cell(r.RunID),
		r.Started.UTC().Format(time.RFC3339), countText(int64(r.Passes), "pass", "passes")+" for the checks alone", fateText(r))
	for _, note := range r.Notes {
		fmt.Fprintf(b, "\n> %s\n", cell(note))
	}
	if len(r.Results) == 0 {
		b.WriteString("\nThere are no rules.\n")
		return
	}
	b.WriteString("\n| rule | check | action | status | rows | bad | message |\n|---|---|---|---|---:|---:|---|\n")
	for i := range r.Results {
		res := &r.Results[i]
		fmt.Fprintf(b, "| %s | %s | %s | %s | %d | %d | %s |\n", cell(res.Rule), cell(res.Check), actionOf(res.Action),
			statusText(res), res.Rows, res.Bad, cell(res.Message))
	}
}

func statusText(res *Result) string {
	if res.Status == StatusPassed {
		return string(res.Status)
	}
	return "**" + string(res.Status) + "**"
}

// fateText says where the rows are.
func fateText(r *Report) string {
	text := "the rows are not published"
	if r.Published {
		text = "the rows are published"
	}
	if r.Dropped > 0 {
		text += fmt.Sprintf(", %d dropped", r.Dropped)
	}
	if r.Quarantined > 0 {
		text += fmt.Sprintf(", %d quarantined", r.Quarantined)
	}
	return text
}

func countText(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// cell writes a text so that Markdown shows it as it is, on one line and within
// the cell of a table.
func cell(text string) string {
	var b strings.Builder
	for _, c := range text {
		switch {
		case strings.ContainsRune("\\`*_{}[]<>#+!|~&$", c):
			b.WriteByte('\\')
			b.WriteRune(c)
		case unicode.IsControl(c) || c == '\u2028' || c == '\u2029':
			b.WriteByte(' ')
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
