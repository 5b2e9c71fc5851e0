package component_test

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
)

type waitConfig struct{ Seconds int }

func newWait(name string, _ waitConfig) (component.PipelineComponent, error) {
	return component.Func(name, nil), nil
}

func factory(typ string, aliases ...string) component.Factory {
	return component.NewFactory(component.Info{Type: typ, Aliases: aliases}, newWait)
}

func TestRegistryLookup(t *testing.T) {
	t.Parallel()
	registry, err := component.NewRegistry(
		factory("sql", "SqlTransform"), factory("read_csv", "ReadCsv"), factory("org.acme.Wait"),
	)
	require.NoError(t, err)
	tests := []struct{ name, ask, want string }{
		{"type", "sql", "sql"},
		{"alias", "SqlTransform", "sql"},
		{"class path that ends in an alias", "pyspark_pipeline_framework.examples.batch.SqlTransform", "sql"},
		{"class path that ends in a type", "examples.read_csv", "read_csv"},
		{"type with dots", "org.acme.Wait", "org.acme.Wait"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f, err := registry.Lookup(test.ask)
			require.NoError(t, err)
			require.Equal(t, test.want, f.Info().Type)
		})
	}
}

func TestRegistryLookupOfUnknownType(t *testing.T) {
	t.Parallel()
	registry, err := component.NewRegistry(factory("sql", "SqlTransform"), factory("read_csv", "ReadCsv"))
	require.NoError(t, err)
	tests := []struct{ ask, want string }{
		{"sqll", `unknown component type "sqll"; did you mean "sql"? known types: read_csv, sql`},
		{"read-csv", `unknown component type "read-csv"; did you mean "read_csv"? known types: read_csv, sql`},
		{"a.b.SqlTransfrom", `unknown component type "a.b.SqlTransfrom"; did you mean "SqlTransform"? known types: read_csv, sql`},
		{"kafka", `unknown component type "kafka"; known types: read_csv, sql`},
		{"sql.", `unknown component type "sql."; known types: read_csv, sql`},
		{".", `unknown component type "."; known types: read_csv, sql`},
		{"", `the component type is empty; known types: read_csv, sql`},
	}
	for _, test := range tests {
		t.Run(test.ask, func(t *testing.T) {
			t.Parallel()
			_, err := registry.Lookup(test.ask)
			require.EqualError(t, err, test.want)
			require.ErrorIs(t, err, component.ErrUnknownType)
			var unknown *component.UnknownTypeError
			require.ErrorAs(t, err, &unknown)
			require.Equal(t, test.ask, unknown.Type)
		})
	}
}

func TestEmptyRegistry(t *testing.T) {
	t.Parallel()
	var registry component.Registry
	require.Empty(t, registry.Factories())
	_, err := registry.Lookup("sql")
	require.EqualError(t, err, `unknown component type "sql"; known types: none`)
	require.NoError(t, registry.Register(factory("sql")))
}

func TestRegisterRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		factory component.Factory
		want    string
		is      error
	}{
		{"nil", nil, "register a component type: the factory is nil", nil},
		{"no type", factory(""), "register a component type: the type is empty", nil},
		{"no build function", component.NewFactory[waitConfig](component.Info{Type: "a"}, nil), `register component type "a": the factory has no build function`, nil},
		{"a kind that does not exist", component.NewFactory(component.Info{Type: "a", Kind: "both"}, newWait), `register component type "a": kind "both" is not one of source, transformation and sink`, nil},
		{"an empty alias", factory("a", ""), `register component type "a": an alias is empty`, nil},
		{"an alias twice", factory("a", "A", "A"), `register component type "a": "A" stands twice among its names: component type is already registered`, component.ErrDuplicateType},
		{"a taken type", factory("sql"), `register component type "sql": "sql" belongs to type "sql": component type is already registered`, component.ErrDuplicateType},
		{"a taken alias", factory("other", "Sql"), `register component type "other": "Sql" belongs to type "sql": component type is already registered`, component.ErrDuplicateType},
		{"a type that is an alias", factory("Sql"), `register component type "Sql": "Sql" belongs to type "sql": component type is already registered`, component.ErrDuplicateType},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			registry, err := component.NewRegistry(factory("sql", "Sql"))
			require.NoError(t, err)
			err = registry.Register(test.factory)
			require.EqualError(t, err, test.want)
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
			require.Len(t, registry.Factories(), 1, "a refused factory leaves nothing behind")
		})
	}
}

func TestNewRegistryJoinsFaults(t *testing.T) {
	t.Parallel()
	registry, err := component.NewRegistry(factory("a"), nil, factory("a"))
	require.Nil(t, registry)
	require.EqualError(t, err, "register a component type: the factory is nil\n"+
		`register component type "a": "a" belongs to type "a": component type is already registered`)
}

func TestFactoriesAreSorted(t *testing.T) {
	t.Parallel()
	registry, err := component.NewRegistry(factory("c", "A1"), factory("a"), factory("b"))
	require.NoError(t, err)
	var types []string
	for _, f := range registry.Factories() {
		types = append(types, f.Info().Type)
	}
	require.Equal(t, []string{"a", "b", "c"}, types)
}

func TestRegistryIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	var registry component.Registry
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			name := fmt.Sprintf("type_%02d", i)
			require.NoError(t, registry.Register(factory(name)))
			_, err := registry.Lookup(name)
			require.NoError(t, err)
			_ = registry.Factories()
		})
	}
	group.Wait()
	require.Len(t, registry.Factories(), 50)
}

func TestFactoryNew(t *testing.T) {
	t.Parallel()
	cause := errors.New("seconds is negative")
	var got waitConfig
	f := component.NewFactory(component.Info{Type: "wait"},
		func(name string, cfg waitConfig) (component.PipelineComponent, error) {
			got = cfg
			switch cfg.Seconds {
			case -1:
				return nil, cause
			case -2:
				return nil, nil
			case -3:
				panic("boom")
			}
			return component.Func(name, nil), nil
		})
	require.Equal(t, reflect.TypeFor[waitConfig](), f.ConfigType())
	decode := func(seconds int) func(any) error {
		return func(into any) error {
			into.(*waitConfig).Seconds = seconds
			return nil
		}
	}

	c, err := f.New("pause", decode(5))
	require.NoError(t, err)
	require.Equal(t, "pause", c.Name())
	require.Equal(t, waitConfig{Seconds: 5}, got)

	_, err = f.New("pause", nil)
	require.NoError(t, err)
	require.Equal(t, waitConfig{}, got, "a nil decode leaves the config zero")

	_, err = f.New("pause", func(any) error { return cause })
	require.EqualError(t, err, `component "pause" (wait): seconds is negative`)

	_, err = f.New("pause", decode(-1))
	require.ErrorIs(t, err, cause)
	var fault *component.ConfigError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "pause", fault.Component)

	_, err = f.New("pause", decode(-2))
	require.ErrorIs(t, err, component.ErrNoComponent)

	_, err = f.New("pause", decode(-3))
	var panicked *component.PanicError
	require.ErrorAs(t, err, &panicked)
	require.Equal(t, "boom", panicked.Value)
	require.Contains(t, string(panicked.Stack), "registry_test.go")

	_, err = component.NewFactory[waitConfig](component.Info{Type: "wait"}, nil).New("pause", nil)
	require.EqualError(t, err, `component "pause" (wait): the factory has no build function`)
}
