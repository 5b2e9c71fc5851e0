package quality

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// SuiteConfig is the block "quality" of a component in a configuration file.
type SuiteConfig struct {
	// Checks are the rules as they are written; a program reads each into a [Rule].
	Checks []any `koanf:"checks" required:"true" doc:"the rules, each with its check, what it is applied to and its action"`
	// The others are those of [GateOptions].
	Publish      string                `koanf:"publish" enum:"after_checks,with_checks" doc:"when rows go to the sink: after_checks stages them and publishes what was checked; with_checks checks them on the side of the write; by default after_checks when a rule has the action fail"`
	Stage        bool                  `koanf:"stage" default:"false" doc:"for a component that only makes a view: keep the rows that were checked for the view"`
	Staging      string                `koanf:"staging" doc:"folder on the cluster for staged rows; by default the executors keep them"`
	StorageLevel dataflow.StorageLevel `koanf:"storage_level" doc:"where executors keep staged rows, such as DISK_ONLY; by default MEMORY_AND_DISK"`
	Quarantine   *Quarantine           `koanf:"quarantine" doc:"where rows of the action quarantine go"`
}

// GateOptions gives the options of a gate, without what belongs to the run: who is
// told, and the history.
func (c *SuiteConfig) GateOptions() *GateOptions {
	opts := &GateOptions{Publish: Publish(c.Publish), Stage: c.Stage, Staging: c.Staging, StorageLevel: c.StorageLevel}
	if c.Quarantine != nil {
		opts.Quarantine = *c.Quarantine
	}
	return opts
}

// RootConfig is the block "quality" at the root of a configuration file.
type RootConfig struct {
	// Checks are checks of tables, views and queries around components, as they are
	// written: the keys of a [MomentConfig] beside those of a rule.
	Checks []any `koanf:"checks" doc:"checks of tables, views and queries around the pipeline and its components"`
	// Reports says where reports go.
	Reports ReportsConfig `koanf:"reports" doc:"where reports on all checks go"`
	// History says where the reports of earlier runs are kept.
	History HistoryConfig `koanf:"history" doc:"where reports are kept for checks that compare with earlier runs"`
	// OnFailedRun says whether checks of the moment after_pipeline are made after a
	// run that failed: skip (the default) or run.
	OnFailedRun string `koanf:"on_failed_run" default:"skip" enum:"skip,run" doc:"whether checks after the pipeline are made after a run that failed"`
}

// MomentConfig are the keys that a check at the root has beside those of a rule.
type MomentConfig struct {
	// Moment says when the check is made. Files may also write timing.
	Moment Moment `koanf:"moment" alias:"timing" default:"after_pipeline" enum:"before_pipeline,after_pipeline,before_component,after_component" doc:"when the check is made"`
	// ComponentName is the component that a moment is about.
	ComponentName string `koanf:"component_name" alias:"component" doc:"component before or after which the check is made"`
	// Table, View and Query say which rows are checked; one of them is set.
	Table string `koanf:"table" doc:"table to check"`
	View  string `koanf:"view" doc:"view to check"`
	Query string `koanf:"query" doc:"SQL query whose rows are checked"`
}

// Validate refuses a moment of a component that is not named, a name without such
// a moment, and rows that are not said or said twice.
func (m MomentConfig) Validate() error {
	faults := []error{m.Subject().Validate()}
	of := m.Moment == MomentBeforeComponent || m.Moment == MomentAfterComponent
	switch m.Moment {
	case "", MomentBeforePipeline, MomentAfterPipeline, MomentBeforeComponent, MomentAfterComponent:
	default:
		faults = append(faults, fmt.Errorf("the moment %q is none; write before_pipeline, after_pipeline, before_component or after_component", m.Moment))
	}
	switch {
	case of && strings.TrimSpace(m.ComponentName) == "":
		faults = append(faults, fmt.Errorf("the moment %s wants component_name: which component is meant", m.Moment))
	case !of && m.ComponentName != "":
		faults = append(faults, fmt.Errorf("component_name goes with the moments before_component and after_component, and the moment is %s", m.moment()))
	}
	return errors.Join(faults...)
}

func (m MomentConfig) moment() Moment {
	if m.Moment == "" {
		return MomentAfterPipeline
	}
	return m.Moment
}

// Subject is what is checked.
func (m MomentConfig) Subject() Subject { return Subject{View: m.View, Table: m.Table, Query: m.Query} }

// MomentCheck is a check of a configuration file around components.
type MomentCheck struct {
	Rule      Rule
	Moment    Moment
	Component string
	Subject   Subject
}

// MomentGroup are rules that are evaluated together.
type MomentGroup struct {
	Suite   Suite
	Subject Subject
}

// GroupMoments gives the checks of a moment by what they look at, in their order,
// so that one query serves all of a subject. component is empty for the moments of
// the pipeline.
func GroupMoments(checks []MomentCheck, moment Moment, component string) []MomentGroup {
	var out []MomentGroup
	places := map[Subject]int{}
	for _, c := range checks {
		if c.Moment != moment || c.Component != component {
			continue
		}
		at, known := places[c.Subject]
		if !known {
			at = len(out)
			places[c.Subject] = at
			out = append(out, MomentGroup{Subject: c.Subject})
		}
		out[at].Suite.Rules = append(out[at].Suite.Rules, c.Rule)
	}
	return out
}

// NewMomentCheck puts a check together and reports everything that is wrong with
// it.
func NewMomentCheck(rule Rule, where MomentConfig) (MomentCheck, error) {
	faults := []error{rule.Validate(), where.Validate()}
	if leavesOut(rule.Action) {
		faults = append(faults, fmt.Errorf("the action %s leaves rows out while a component writes them; here they are there already, so write fail or expect, or put the check into the component", rule.Action))
	}
	if err := errors.Join(faults...); err != nil {
		return MomentCheck{}, err
	}
	return MomentCheck{Rule: rule, Moment: where.moment(), Component: where.ComponentName, Subject: where.Subject()}, nil
}
