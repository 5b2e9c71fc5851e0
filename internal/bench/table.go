package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table is a Markdown table; the first row is the head.
type table struct {
	title string
	rows  [][]string
	notes []string
}

func newTable(title string, head ...string) *table {
	return &table{title: title, rows: [][]string{head}}
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// note adds a line below the table.
func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// target notes whether the median of s is below a bound.
func (t *table) target(what string, s series, bound float64, unit string) {
	verdict := "met"
	if s.median() >= bound {
		verdict = "MISSED"
	}
	t.note("Target %s: %s below %s%s, measured %s%s.", verdict, what, digits(bound), unit, s, unit)
}

// print writes the table with its columns aligned.
func (t *table) print(w io.Writer) {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n", t.title)
	for i, row := range t.rows {
		b.WriteString("|")
		for j, cell := range row {
			fmt.Fprintf(&b, " %s%s |", cell, strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell)))
		}
		b.WriteString("\n")
		if i > 0 {
			continue
		}
		b.WriteString("|")
		for _, width := range widths {
			b.WriteString(strings.Repeat("-", width+2) + "|")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, note := range t.notes {
		fmt.Fprintf(&b, "- %s\n", note)
	}
	if len(t.notes) > 0 {
		b.WriteString("\n")
	}
	_, _ = io.WriteString(w, b.String()) // a broken output shows by itself
}
