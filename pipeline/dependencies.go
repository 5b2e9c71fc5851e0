package pipeline

// Dependencies are the steps that one step waits for, by name.
type Dependencies struct {
	// DependsOn are those whose work it needs: what [Step.DependsOn] says or, when
	// that is nil, what follows from the views, tables and paths that the steps read
	// and make.
	DependsOn []string
	// After are further ones that it only comes behind, because it changes what they
	// read or make.
	After []string
}

// Dependencies tells for every step, in the order of [Pipeline.Steps], what it
// waits for. The error is that of [Pipeline.Validate].
func (p *Pipeline) Dependencies() ([]Dependencies, error) {
	g, err := p.check()
	if err != nil {
		return nil, err
	}
	out := make([]Dependencies, len(p.Steps))
	for i := range p.Steps {
		out[i].DependsOn = stepNames(p, g.deps[i])
		if g.after != nil {
			out[i].After = stepNames(p, g.after[i])
		}
	}
	return out, nil
}
