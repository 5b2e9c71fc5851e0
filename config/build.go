package config

import (
	"cmp"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// builder turns the resolved root of a file into a [Pipeline].
type builder struct {
	*decoder
	warn func(string)
	// name is what the file is called, for files relative to it.
	name    string
	root    Section
	shape   fileShape
	entries []entry
	// incomplete is true when the name of a component is not known, so that
	// references to it cannot be judged.
	incomplete bool
}

func (b *builder) build(value *tree.Value) *Pipeline {
	if value.Kind != tree.Object && value.Kind != tree.Null {
		b.add(value.Pos, "", "want keys and values at the root, found "+describe(value), "")
		return nil
	}
	b.root = Section{value: withoutFree(value)}
	if len(b.root.object().Fields) == 0 {
		b.add(tree.Pos{File: cmp.Or(value.Pos.File, b.name)}, "", "the file is empty",
			"a pipeline wants a name and components")
		return nil
	}
	b.references()
	b.section(b.root, &b.shape)
	p := &Pipeline{
		Name:        b.pipelineName(),
		Version:     b.shape.Version,
		Environment: b.shape.Environment,
		Mode:        b.shape.Mode,
		Tags:        b.shape.Tags,
		Runner:      b.runner(),
		Hooks:       Hooks{Logging: b.logging(), Metrics: b.metrics(), Audit: b.shape.Hooks.Audit},
		Checkpoint:  b.checkpoint(),
		Secrets:     b.shape.Secrets,
		Quality:     b.shape.Quality,
		Root:        b.root,
	}
	p.SchemaValidation = b.schemas()
	p.Spark = b.spark(p.Name)
	b.collect()
	if p.Mode == "streaming" && !b.writes("runner", "max_parallel") {
		p.Runner.MaxParallel = max(1, len(b.entries))
	}
	for i := range b.entries {
		c := b.entries[i].Component
		pos, path := b.entries[i].at.at("type", "class_path", "instance_type", "target")
		c.Where, c.Path = pos.String(), path
		p.Components = append(p.Components, c)
	}
	return p
}

// schemas is the block "schema_validation" in whichever form the file has it.
func (b *builder) schemas() *Section {
	block := b.shape.Pipeline
	if block == nil || block.Schemas == nil {
		return b.shape.Schemas
	}
	if f := b.given("schema_validation"); f != nil {
		b.add(f.KeyPos, f.Key, "given beside pipeline.schema-validation", "keep one of them")
	}
	return block.Schemas
}

// withoutFree leaves out the root keys that are there for substitutions and
// anchors only.
func withoutFree(root *tree.Value) *tree.Value {
	out := *root
	out.Fields = nil
	for _, f := range root.Fields {
		if f.Key != varsKey && !strings.HasPrefix(f.Key, "x-") {
			out.Fields = append(out.Fields, f)
		}
	}
	return &out
}

// pipelineName is the name in whichever form the file has it.
func (b *builder) pipelineName() string {
	name, app := b.given("name"), b.given("app_name")
	block := b.given("pipeline")
	if name != nil && block != nil {
		b.add(name.KeyPos, name.Key, "given beside pipeline.pipeline-name", "keep one of them")
	}
	switch {
	case name != nil:
		b.notBlank(name)
		return b.shape.Name
	case block != nil:
		if b.shape.Pipeline == nil {
			return ""
		}
		return b.shape.Pipeline.Name
	case app != nil:
		b.notBlank(app)
		return b.shape.AppName
	}
	b.add(b.root.value.Pos, "name", "required key is missing", "name the pipeline")
	return ""
}

// given finds a root key that has a value.
func (b *builder) given(key string) *tree.Field {
	f := b.root.field(key)
	if f == nil || f.Value.Kind == tree.Null {
		return nil
	}
	return f
}

// writes reports whether a block at the root has a key.
func (b *builder) writes(block, key string) bool {
	f := b.given(block)
	return f != nil && Section{value: f.Value}.field(key) != nil
}

func (b *builder) notBlank(f *tree.Field) {
	if f.Value.Kind == tree.String && isEmpty(f.Value) {
		b.add(f.Value.Pos, f.Key, "must not be empty", "")
	}
}

func (b *builder) runner() Runner {
	s := &b.shape.Runner
	r := Runner{FailFast: s.FailFast, OnDisabled: s.OnDisabled, MaxParallel: s.MaxParallel, Timeout: s.Timeout, WrittenOnly: !s.Infer}
	block := b.shape.Pipeline
	if block == nil || block.FailFast == nil {
		return r
	}
	f := b.root.field("runner")
	if f != nil && (Section{value: f.Value}).field("fail_fast") != nil {
		pos, path := Section{path: f.Key, value: f.Value}.at("fail_fast")
		b.add(pos, path, "given beside pipeline.fail-fast", "keep one of them")
	}
	r.FailFast = *block.FailFast
	return r
}

// metrics is the block "hooks.metrics".
func (b *builder) metrics() MetricsHook {
	s := b.shape.Hooks.Metrics
	if s == nil || !s.Enabled {
		return MetricsHook{}
	}
	hooks := b.root.field("hooks")
	block := Section{path: hooks.Key, value: hooks.Value}.field("metrics")
	at := Section{path: join(hooks.Key, block.Key), value: block.Value}
	if s.Backend != "prometheus" {
		pos, path := at.at("backend")
		b.add(pos, path, s.Backend+" is not supported yet", "write prometheus, or set "+join(at.path, "enabled")+" to false")
	}
	if url := s.PushGateway.Reveal(); url != "" && !refers(url) && !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		pos, path := at.at("push_gateway_url")
		b.add(pos, path, "want an address such as http://host:9091", "")
	}
	return MetricsHook{Enabled: true, PushGateway: s.PushGateway, Every: s.ExportInterval}
}

func (b *builder) logging() LoggingHook {
	s := b.shape.Hooks.Logging
	if s.Structured != nil {
		format := "text"
		if *s.Structured {
			format = "json"
		}
		if s.Format != "" && s.Format != format {
			hooks := b.root.field("hooks")
			logging := Section{path: hooks.Key, value: hooks.Value}.field("logging")
			pos, path := Section{path: join(hooks.Key, logging.Key), value: logging.Value}.at("structured")
			b.add(pos, path, "contradicts the format "+s.Format, "remove structured")
		}
		s.Format = format
	}
	hooks := b.root.field("hooks")
	written := hooks != nil && Section{value: hooks.Value}.field("logging") != nil
	return LoggingHook{Written: written, Enabled: s.Enabled, Level: s.Level, Format: s.Format, Output: s.Output}
}
