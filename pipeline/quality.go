package pipeline

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/internal/nearest"
	"github.com/sparkpipe/sparkpipe/quality"
)

// StepQuality says what the rows of a step are checked for before they go to
// their end.
type StepQuality struct {
	// Suite are the rules.
	Suite quality.Suite
	// Options are those of the gate; nil is the defaults. The runner adds who is
	// told, and the history.
	Options *quality.GateOptions
}

// besideTheWrite reports whether a rule that fails the step is only known when its
// rows are published.
func (q *StepQuality) besideTheWrite() bool {
	if q == nil || q.Options == nil || q.Options.Publish != quality.PublishWithChecks {
		return false
	}
	return slices.ContainsFunc(q.Suite.Rules, func(r quality.Rule) bool { return r.Action == "" || r.Action == quality.ActionFail })
}

// Quality says what tables and views are checked for around a pipeline and its
// steps, and where the reports on all checks go.
type Quality struct {
	// Checks are made at their moments. What they look at is there already.
	Checks []quality.MomentCheck
	// Reports says where reports go.
	Reports quality.ReportsConfig
	// History keeps reports for checks that compare with earlier runs.
	History quality.HistoryConfig
	// AfterFailedRun has the checks after the pipeline made also when the run has
	// failed.
	AfterFailedRun bool
}

// stepQuality reads the block "quality" of a component.
func stepQuality(section *config.Section, c component.PipelineComponent) (*StepQuality, error) {
	if section == nil {
		return nil, nil
	}
	var cfg quality.SuiteConfig
	err := section.Decode(&cfg)
	rules, faults := rulesOf(*section, nil)
	if err := errors.Join(append([]error{err}, faults...)...); err != nil {
		return nil, err
	}
	q := &StepQuality{Suite: quality.Suite{Rules: rules}, Options: cfg.GateOptions()}
	if err := q.validate(c); err != nil {
		return nil, placed(*section, err)
	}
	return q, nil
}

// momentKeys are the keys of a check at the root beside those of its rule.
var momentKeys = []string{"moment", "timing", "component_name", "component", "table", "view", "query"}

// rootQuality reads the block "quality" at the root of a file.
func rootQuality(section *config.Section, steps []Step) (*Quality, error) {
	if section == nil {
		return nil, nil
	}
	var cfg quality.RootConfig
	faults := split(section.Decode(&cfg))
	q := &Quality{Reports: cfg.Reports, History: cfg.History, AfterFailedRun: cfg.OnFailedRun == "run"}
	_, more := rulesOf(*section, func(rule quality.Rule, moment config.Section) error {
		var where quality.MomentConfig
		if err := moment.Decode(&where); err != nil {
			return err
		}
		check, err := quality.NewMomentCheck(rule, where)
		if err != nil {
			return placed(moment, err)
		}
		if check.Component != "" && !slices.ContainsFunc(steps, func(s Step) bool { return s.Name == check.Component }) {
			return placed(moment, unknownComponent(check.Component, steps))
		}
		q.Checks = append(q.Checks, check)
		return nil
	})
	if err := errors.Join(append(faults, more...)...); err != nil {
		return nil, err
	}
	return q, nil
}

func unknownComponent(name string, steps []Step) error {
	names := make([]string, len(steps))
	for i := range steps {
		names[i] = steps[i].Name
	}
	if near := nearest.Word(name, names); near != "" {
		return fmt.Errorf("component_name: there is no component %q; did you mean %q?", name, near)
	}
	return fmt.Errorf("component_name: there is no component %q", name)
}

// rulesOf reads the list "checks" of a block. With more, each rule is handed to it
// with the keys of its moment.
func rulesOf(section config.Section, more func(quality.Rule, config.Section) error) ([]quality.Rule, []error) {
	list, err := section.List("checks")
	faults := split(err)
	var rules []quality.Rule
	for _, block := range list {
		if more == nil {
			rule, err := ruleOf(block)
			rules, faults = append(rules, rule), append(faults, split(err)...)
			continue
		}
		moment, own := block.Split(momentKeys...)
		rule, err := ruleOf(own)
		if err == nil {
			err = more(rule, moment)
		}
		faults = append(faults, split(err)...)
	}
	return rules, faults
}

// ruleOf reads a rule. Its key "check" says which keys it has.
func ruleOf(block config.Section) (quality.Rule, error) {
	name, own := block.Split("check")
	var what struct {
		Check string `koanf:"check" required:"true" doc:"kind of check, such as not_null"`
	}
	if err := name.Decode(&what); err != nil {
		return quality.Rule{}, err
	}
	kind, err := quality.KindOf(what.Check)
	if err != nil {
		where, path := name.Place("check")
		return quality.Rule{}, &blockError{where: where, path: path, err: err}
	}
	rule, err := kind.Decode(own.Decode)
	if err != nil {
		return quality.Rule{}, placed(own, err)
	}
	return rule, nil
}

// placed gives faults that have no place that of the block.
func placed(section config.Section, err error) error {
	var out []error
	for _, fault := range split(err) {
		var own *config.Error
		var located *component.ConfigError
		if !errors.As(fault, &own) && !errors.As(fault, &located) {
			fault = &blockError{where: section.Where(), path: section.Path(), err: fault}
		}
		out = append(out, fault)
	}
	return errors.Join(out...)
}

// blockError is a fault of a block of a file.
type blockError struct {
	where, path string
	err         error
}

func (e *blockError) Error() string {
	text := e.err.Error()
	for _, place := range []string{e.path, e.where} {
		if place != "" {
			text = place + ": " + text
		}
	}
	return text
}

func (e *blockError) Unwrap() error { return e.err }
