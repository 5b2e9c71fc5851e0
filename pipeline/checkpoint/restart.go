package checkpoint

import "time"

// Restart makes the record that of a run that goes on with the decisions of
// [Record.Resume] for the same steps: its status is running, it has exactly the
// steps as components, with their fingerprints and in their order, and
// everything that is to run is pending. A component whose end is unknown stays
// running, so that this is not forgotten if the run is killed before its turn;
// one that is to be rebuilt stays succeeded. Attempts and operations stay.
//
// Save the record before the first component starts. The fingerprint of the
// configuration is left to the caller.
func (r *Record) Restart(steps []Step, decisions []Decision) {
	by := make(map[string]Decision, len(decisions))
	for _, d := range decisions {
		by[d.Name] = d
	}
	components := make([]Component, 0, len(steps))
	for _, step := range steps {
		c := Component{Name: step.Name, State: StatePending}
		if old := r.Component(step.Name); old != nil {
			c = *old
		}
		c.Fingerprint = step.Fingerprint
		if d := by[step.Name]; d.Action == ActionRun && !d.Unknown {
			c.State, c.Reason, c.Error, c.Ended, c.Outputs = StatePending, "", "", time.Time{}, nil
		}
		components = append(components, c)
	}
	r.Components, r.Status = components, StatusRunning
}
