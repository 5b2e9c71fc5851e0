package checkpoint

import (
	"fmt"
	"strings"
)

// Step is a component of the pipeline as it is now.
type Step struct {
	// Name is the name of the component.
	Name string
	// Fingerprint is that of the component; see [Fingerprint].
	Fingerprint string
	// DependsOn are the names of the components that it needs.
	DependsOn []string
}

// ResumeOptions are the options of [Record.Resume]. The zero value refuses a
// pipeline that has changed.
type ResumeOptions struct {
	// AllowChanges runs components that are new or have another fingerprint,
	// and everything that depends on them, instead of refusing the pipeline.
	AllowChanges bool

	_ struct{}
}

// Action says what a resumed run does with a component.
type Action string

// What a resumed run does with a component.
const (
	// ActionSkip leaves it: it is done.
	ActionSkip Action = "skip"
	// ActionRun runs it.
	ActionRun Action = "run"
	// ActionRebuild runs it again although it is done, because a component that
	// runs needs a view of it, and views are gone with their session. One that
	// also wrote paths or tables writes them again.
	ActionRebuild Action = "rebuild"
)

// Decision is what a resumed run does with one component, and why.
type Decision struct {
	// Name is the component.
	Name string
	// Action is what to do.
	Action Action
	// Unknown means that the component was running when the record was saved
	// last: what it wrote may be there or not, and operations that it sent may
	// still run.
	Unknown bool
	// Reason says why, as words for a log.
	Reason string
}

// Resume compares the record with the pipeline as it is now and decides for each
// step, in their order, what a resumed run does. It changes nothing and knows
// components by their names; the order does not matter.
//
// A component runs unless it succeeded. One that succeeded runs again if it
// depends on one that runs because it has changed, or if a component that runs
// needs one of its views. A pipeline with other components or other
// fingerprints is refused as [ErrChanged] unless the options allow it.
func (r *Record) Resume(steps []Step, opts *ResumeOptions) ([]Decision, error) {
	if opts == nil {
		opts = &ResumeOptions{}
	}
	p, err := r.plan(steps)
	if err != nil {
		return nil, err
	}
	changes := p.changes()
	if changes != nil && !opts.AllowChanges {
		return nil, changes
	}
	p.first()
	p.spread()
	p.rebuild()
	return p.decisions, nil
}

type plan struct {
	record    *Record
	steps     []Step
	index     map[string]int
	known     []*Component // nil for a step that the record does not have
	decisions []Decision
	changed   []bool
}

func (r *Record) plan(steps []Step) (*plan, error) {
	p := &plan{
		record: r, steps: steps, index: make(map[string]int, len(steps)),
		known: make([]*Component, len(steps)), decisions: make([]Decision, len(steps)), changed: make([]bool, len(steps)),
	}
	for i, step := range steps {
		if _, twice := p.index[step.Name]; twice || step.Name == "" {
			return nil, fmt.Errorf("resume run %q: step %d: the name %q is empty or there twice", r.RunID, i+1, step.Name)
		}
		p.index[step.Name] = i
	}
	byName := make(map[string]*Component, len(r.Components))
	for i := range r.Components {
		byName[r.Components[i].Name] = &r.Components[i]
	}
	for i, step := range steps {
		p.known[i] = byName[step.Name]
		p.changed[i] = p.known[i] == nil || p.known[i].Fingerprint != step.Fingerprint
		for _, needs := range step.DependsOn {
			if _, ok := p.index[needs]; !ok {
				return nil, fmt.Errorf("resume run %q: step %q depends on %q, which does not exist", r.RunID, step.Name, needs)
			}
		}
	}
	return p, nil
}

func (p *plan) changes() error {
	e := &ChangedError{RunID: p.record.RunID}
	for i, step := range p.steps {
		switch {
		case p.known[i] == nil:
			e.Added = append(e.Added, step.Name)
		case p.changed[i]:
			e.Changed = append(e.Changed, step.Name)
		}
	}
	for i := range p.record.Components {
		if name := p.record.Components[i].Name; !p.has(name) {
			e.Removed = append(e.Removed, name)
		}
	}
	if len(e.Added)+len(e.Removed)+len(e.Changed) == 0 {
		return nil
	}
	return e
}

func (p *plan) has(name string) bool { _, ok := p.index[name]; return ok }

// first decides by each component alone.
func (p *plan) first() {
	for i, step := range p.steps {
		d := Decision{Name: step.Name, Action: ActionRun}
		c := p.known[i]
		switch {
		case c == nil:
			d.Reason = "it is new"
		case c.State == StateRunning:
			d.Unknown = true
			d.Reason = "it was running when the run ended"
			if len(c.Operations) > 0 {
				d.Reason += "; its operations were " + strings.Join(c.Operations, ", ")
			}
		case p.changed[i]:
			d.Reason = "it has changed"
		case c.State == StateSucceeded:
			d.Action, d.Reason = ActionSkip, "it succeeded"
		case c.State == StateFailed:
			d.Reason = "it failed"
		default:
			d.Reason = "it has not run"
		}
		p.decisions[i] = d
	}
}

// spread runs what is done but depends, over any number of steps, on a component
// that has changed.
func (p *plan) spread() {
	dependents := make([][]int, len(p.steps))
	var queue []int
	for i, step := range p.steps {
		for _, needs := range step.DependsOn {
			dependents[p.index[needs]] = append(dependents[p.index[needs]], i)
		}
		if p.changed[i] {
			queue = append(queue, i)
		}
	}
	for len(queue) > 0 {
		from := queue[0]
		queue = queue[1:]
		for _, i := range dependents[from] {
			if p.changed[i] {
				continue
			}
			p.changed[i] = true
			queue = append(queue, i)
			if d := &p.decisions[i]; d.Action == ActionSkip {
				d.Action, d.Reason = ActionRun, fmt.Sprintf("%q, which it depends on, has changed", p.steps[from].Name)
			}
		}
	}
}

// rebuild runs what is done but made a view that a component needs that runs.
func (p *plan) rebuild() {
	var queue []int
	for i := range p.decisions {
		if p.decisions[i].Action == ActionRun {
			queue = append(queue, i)
		}
	}
	for len(queue) > 0 {
		runs := queue[0]
		queue = queue[1:]
		for _, needs := range p.steps[runs].DependsOn {
			i := p.index[needs]
			view := p.view(i)
			if view == "" || p.decisions[i].Action != ActionSkip {
				continue
			}
			p.decisions[i].Action = ActionRebuild
			p.decisions[i].Reason = fmt.Sprintf("%q needs its view %q, which is gone with its session", p.steps[runs].Name, view)
			queue = append(queue, i)
		}
	}
}

// view returns the first view that the component made.
func (p *plan) view(i int) string {
	if p.known[i] == nil {
		return ""
	}
	for _, out := range p.known[i].Outputs {
		if out.Kind == OutputView {
			return out.Name
		}
	}
	return ""
}
