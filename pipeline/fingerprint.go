package pipeline

import (
	"strings"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// fingerprint stands for the config block of a component, and for what is said of
// its rows, without what could be a secret: values under keys that speak of one,
// and the user and the parameters of URLs. It is empty when a block has faults,
// which the component tells.
func fingerprint(cfg *config.Component) string {
	var settings map[string]any
	if err := cfg.Config.Decode(&settings); err != nil {
		return ""
	}
	all := withoutSecrets(settings)
	for _, block := range []*config.Section{cfg.Quality, cfg.Schema} {
		if block == nil {
			continue
		}
		var more map[string]any
		if err := block.Decode(&more); err != nil {
			return ""
		}
		all = []any{all, withoutSecrets(more)}
	}
	text, err := checkpoint.Fingerprint(all)
	if err != nil {
		return ""
	}
	return text
}

func withoutSecrets(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			_, isText := item.(string)
			if isText && secrets.IsKey(key) || isSecretOptions(key) {
				item = secrets.Redacted
			}
			out[key] = withoutSecrets(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = withoutSecrets(item)
		}
		return out
	case string:
		return withoutCredentials(v)
	default:
		return v
	}
}

// isSecretOptions reports whether a key is the block of which every value is a
// secret, however the key is written.
func isSecretOptions(key string) bool {
	return strings.EqualFold(strings.NewReplacer("_", "", "-", "").Replace(key), "secretoptions")
}

// withoutCredentials cuts the parameters and the user from the URL of a server.
func withoutCredentials(text string) string {
	scheme, rest, isURL := strings.Cut(text, "://")
	if !isURL || strings.ContainsAny(scheme, " \t\n'\"") {
		return text
	}
	if end := strings.IndexAny(rest, "?;"); end >= 0 {
		rest = rest[:end]
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	return scheme + "://" + rest
}

// recordSteps are the steps as the record of a run knows them, and the
// fingerprint of the whole.
func (p *Pipeline) recordSteps(g *graph) ([]checkpoint.Step, string, error) {
	steps := make([]checkpoint.Step, len(p.Steps))
	parts := make([]any, 0, len(p.Steps)+1)
	parts = append(parts, p.Name)
	for i := range p.Steps {
		s := &p.Steps[i]
		names := make([]string, 0, len(g.deps[i]))
		for _, dep := range g.deps[i] {
			names = append(names, p.Steps[dep].Name)
		}
		print, err := checkpoint.Fingerprint(s.Name, s.Type, names, s.enabled(), s.Fingerprint)
		if err != nil {
			return nil, "", err
		}
		steps[i] = checkpoint.Step{Name: s.Name, Fingerprint: print, DependsOn: names}
		parts = append(parts, print)
	}
	whole, err := checkpoint.Fingerprint(parts...)
	return steps, whole, err
}
