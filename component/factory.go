package component

import (
	"errors"
	"fmt"
	"reflect"
)

// The kinds of a component. They describe and have no effect on a run.
const (
	KindSource         = "source"
	KindTransformation = "transformation"
	KindSink           = "sink"
)

// Info describes a component type.
type Info struct {
	// Type is the name that configuration files use, for example "read_csv".
	// Required.
	Type string
	// Aliases are further names, for example the class name "ReadCsv" that files
	// with class paths use.
	Aliases []string
	// Summary is one sentence for lists of types.
	Summary string
	// Kind is [KindSource], [KindTransformation], [KindSink] or empty.
	Kind string
}

// Factory builds the components of one type. Make one with [NewFactory]. It
// must be safe for concurrent use.
type Factory interface {
	// Info describes the type.
	Info() Info
	// ConfigType is the type of the config struct, for documentation and schemas.
	ConfigType() reflect.Type
	// New builds the component with the name. decode fills the config struct from
	// the config block; it gets a pointer to the struct. A nil decode leaves the
	// struct zero. Faults are returned as [*ConfigError].
	New(name string, decode func(into any) error) (PipelineComponent, error)
}

// NewFactory returns the factory that fills a C from the config block of a
// component and hands it to build. build gets the name of the component and must
// neither keep state between calls nor touch anything outside.
func NewFactory[C any](info Info, build func(name string, cfg C) (PipelineComponent, error)) Factory {
	return &factory[C]{info: info, build: build}
}

type factory[C any] struct {
	info  Info
	build func(name string, cfg C) (PipelineComponent, error)
}

func (f *factory[C]) Info() Info { return f.info }

func (f *factory[C]) ConfigType() reflect.Type { return reflect.TypeFor[C]() }

func (f *factory[C]) New(name string, decode func(into any) error) (PipelineComponent, error) {
	c, err := f.construct(name, decode)
	if err != nil {
		return nil, &ConfigError{Component: name, Type: f.info.Type, Err: err}
	}
	return c, nil
}

// construct turns a panic of build, which is code of the user, into an error.
func (f *factory[C]) construct(name string, decode func(into any) error) (c PipelineComponent, err error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	defer func() {
		if value := recover(); value != nil {
			c, err = nil, NewPanicError(value)
		}
	}()
	var cfg C
	if decode != nil {
		if err := decode(&cfg); err != nil {
			return nil, err
		}
	}
	c, err = f.build(name, cfg)
	if err == nil && c == nil {
		return nil, ErrNoComponent
	}
	return c, err
}

func (f *factory[C]) check() error {
	if f.build == nil {
		return errors.New("the factory has no build function")
	}
	return nil
}

// checkFactory finds what would fail at the first use of a factory.
func checkFactory(f Factory) error {
	if f == nil {
		return errors.New("register a component type: the factory is nil")
	}
	info := f.Info()
	if info.Type == "" {
		return errors.New("register a component type: the type is empty")
	}
	switch info.Kind {
	case "", KindSource, KindTransformation, KindSink:
	default:
		return fmt.Errorf("register component type %q: kind %q is not one of %s, %s and %s",
			info.Type, info.Kind, KindSource, KindTransformation, KindSink)
	}
	if c, ok := f.(interface{ check() error }); ok {
		if err := c.check(); err != nil {
			return fmt.Errorf("register component type %q: %w", info.Type, err)
		}
	}
	return nil
}
