package dataflow

import (
	"slices"
	"strings"
)

// then returns the lineage of two parts of one component. The effect is the
// worse one; what is read and overwritten in one go is not the same after a
// second run.
func (l Lineage) then(other Lineage) Lineage {
	for _, d := range other.Inputs {
		l.Inputs = addDataset(slices.Clip(l.Inputs), d)
	}
	for _, d := range other.Outputs {
		l.Outputs = addDataset(slices.Clip(l.Outputs), d)
	}
	l.Opaque = l.Opaque || other.Opaque
	l.Partial = l.Partial || other.Partial
	l.Effect = worse(l.Effect, other.Effect)
	if l.Effect == EffectIdempotent && l.readsItself() {
		l.Effect = EffectRepeats
	}
	return l
}

// readsItself reports whether something outside of the session is both read and
// written.
func (l Lineage) readsItself() bool {
	return slices.ContainsFunc(l.Outputs, func(out Dataset) bool {
		return out.Kind != DatasetView && slices.ContainsFunc(l.Inputs, out.Same)
	})
}

// makes returns the lineage with one more output.
func (l Lineage) makes(d Dataset) Lineage {
	return l.then(Lineage{Outputs: []Dataset{d}, Effect: EffectNone})
}

// worse returns the effect that says less good of a second run.
func worse(a, b Effect) Effect {
	if a == EffectUnknown || b == EffectUnknown {
		return EffectUnknown
	}
	return max(a, b)
}

// addDataset appends what is not there yet.
func addDataset(list []Dataset, d Dataset) []Dataset {
	if slices.Contains(list, d) {
		return list
	}
	return append(list, d)
}

// reads is the lineage of a source.
func reads(inputs ...Dataset) Lineage {
	l := Lineage{Effect: EffectNone}
	for _, d := range inputs {
		l.Inputs = addDataset(l.Inputs, d)
	}
	return l
}

// writes is the lineage of a sink.
func writes(output Dataset, effect Effect) Lineage {
	return Lineage{Outputs: []Dataset{output}, Effect: effect}
}

// effect says what a second run of a write does. An overwrite replaces the data
// or some of its partitions; what is there already is left alone by ignore and
// refused by errorifexists, so neither doubles anything.
func (m SaveMode) effect() Effect {
	switch m {
	case SaveModeAppend:
		return EffectRepeats
	case SaveModeErrorIfExists, SaveModeOverwrite, SaveModeIgnore, SaveModeUpsert:
		return EffectIdempotent
	}
	return EffectUnknown
}

// writeEffect is the effect of a mode in a format. Delta Lake leaves out an
// append whose transaction it has seen.
func writeEffect(mode SaveMode, format string, options map[string]string) Effect {
	if mode == SaveModeAppend && strings.EqualFold(format, "delta") &&
		option(options, "txnAppId") != "" && option(options, "txnVersion") != "" {
		return EffectIdempotent
	}
	return mode.effect()
}

// option returns the value of a key in any case.
func option(options map[string]string, key string) string {
	if value, ok := options[key]; ok {
		return value
	}
	for have, value := range options {
		if strings.EqualFold(have, key) {
			return value
		}
	}
	return ""
}
