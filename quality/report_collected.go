package quality

import (
	"fmt"
	"slices"
	"sync"
)

// document is a file that tells of all reports of a process and is written anew
// with each.
type document struct {
	path  string
	write func(reports []*Report) ([]byte, error)

	mu      sync.Mutex
	reports []*Report
}

// add puts a report into the file. Of the attempts of a component the last counts, and
// of a stream, which has batches without end, the report on all of them.
func (d *document) add(r *Report) error {
	if r.Batch != nil && r.Batch.Sum == 0 {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	own := *r
	own.Results, own.Notes = slices.Clone(r.Results), slices.Clone(r.Notes)
	if i := slices.IndexFunc(d.reports, func(have *Report) bool { return sameRows(have, r) }); i >= 0 {
		d.reports[i] = &own
	} else {
		d.reports = append(d.reports, &own)
	}
	text, err := d.write(d.reports)
	if err != nil {
		return err
	}
	return replaceFile(d.path, text)
}

func sameRows(a, b *Report) bool {
	return a.Pipeline == b.Pipeline && a.RunID == b.RunID && a.Component == b.Component && a.Moment == b.Moment && a.Subject == b.Subject
}

// titleOf names the rows of a report.
func titleOf(r *Report) string {
	switch {
	case r.Component == "":
		return fmt.Sprintf("%s, %s", r.Subject, momentText(r.Moment))
	case r.Subject == "" || r.Subject == r.Component:
		return r.Component
	}
	return fmt.Sprintf("%s (%s)", r.Component, r.Subject)
}

func momentText(m Moment) string {
	switch m {
	case MomentBeforePipeline:
		return "before the pipeline"
	case MomentAfterPipeline:
		return "after the pipeline"
	case MomentBeforeComponent:
		return "before the component"
	case MomentAfterComponent:
		return "after the component"
	}
	return string(m)
}
