package schema_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// leaves are types without parts.
func leaves(t testing.TB) []schema.DataType {
	t.Helper()
	var out []schema.DataType
	for _, name := range []string{
		"void", "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal(3,0)", "decimal(9,0)", "decimal(10,2)", "decimal(12,2)",
		"decimal(20,0)", "decimal(38,18)", "string", "string collate unicode", "char(3)", "char(5)", "varchar(3)", "varchar(8)", "binary", "date", "timestamp",
		"timestamp_ntz", "interval", "interval year", "interval month", "interval year to month", "interval day", "interval hour to second",
		"interval day to second", "variant", "time(6)", "time(0)",
	} {
		typ, err := schema.ParseType(name)
		require.NoError(t, err)
		out = append(out, typ)
	}
	return out
}

func TestWideningIsAnOrder(t *testing.T) {
	t.Parallel()
	types := leaves(t)
	for _, elem := range leaves(t) {
		types = append(types, schema.ArrayOf(elem, false), schema.MapOf(schema.String(), elem, true), schema.StructOf(schema.Required("x", elem)))
	}
	for _, a := range types {
		require.True(t, a.WidensTo(a), "%s widens to itself", a)
		require.True(t, a.UpCastsTo(a), "%s casts to itself", a)
		require.True(t, a.WidensTo(schema.Any()))
		for _, b := range types {
			if !a.WidensTo(b) {
				continue
			}
			require.True(t, a.UpCastsTo(b), "%s widens to %s, so Spark casts it", a, b)
			require.True(t, a.Equal(b) || !b.WidensTo(a), "%s and %s widen to each other", a, b)
			for _, c := range types {
				require.True(t, !b.WidensTo(c) || a.WidensTo(c), "%s widens to %s and that to %s", a, b, c)
			}
		}
	}
}

// randomType makes a type of at most that depth.
func randomType(r *rand.Rand, leaves []schema.DataType, depth int) schema.DataType {
	pick := r.IntN(len(leaves) + 3)
	if depth == 0 || pick < len(leaves) {
		return leaves[r.IntN(len(leaves))]
	}
	switch pick - len(leaves) {
	case 0:
		return schema.ArrayOf(randomType(r, leaves, depth-1), r.IntN(2) == 0)
	case 1:
		return schema.MapOf(randomType(r, leaves, depth-1), randomType(r, leaves, depth-1), r.IntN(2) == 0)
	}
	return schema.StructOf(randomFields(r, leaves, depth-1)...)
}

func randomFields(r *rand.Rand, leaves []schema.DataType, depth int) []schema.Field {
	names := []string{"a", "B", "c_d", "e.f", "g"}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var fields []schema.Field
	for _, name := range names[:1+r.IntN(len(names))] {
		fields = append(fields, schema.Field{Name: name, Type: randomType(r, leaves, depth), Nullable: r.IntN(2) == 0})
	}
	return fields
}

func TestCompareOfRandomSchemas(t *testing.T) {
	t.Parallel()
	all := leaves(t)
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		a, b := schema.New(randomFields(r, all, 3)...), schema.New(randomFields(r, all, 3)...)
		lawful(t, a, b)
		lawful(t, a, schema.New(slices.Concat(a.Fields, b.Fields)...))
	}
}

// lawful checks what holds for every two schemas.
func lawful(t testing.TB, a, b schema.Definition) {
	t.Helper()
	for _, rules := range []*schema.Rules{nil, schema.CompatibleRules(), schema.PythonRules(), schema.ScalaRules(), {Metadata: true, Nullability: schema.NullabilityExact}} {
		require.Empty(t, schema.Compare(a, a, rules), "%s against itself", a)
		require.Equal(t, schema.Compare(a, b, rules), schema.Compare(a, b, rules), "the same every time")
	}
	exact := &schema.Rules{Nullability: schema.NullabilityExact}
	there, back := kinds(schema.Compare(a, b, exact)), kinds(schema.Compare(b, a, exact))
	for kind, mirror := range map[schema.DifferenceKind]schema.DifferenceKind{
		schema.DifferenceMissing: schema.DifferenceExtra, schema.DifferenceExtra: schema.DifferenceMissing, schema.DifferenceType: schema.DifferenceType,
		schema.DifferenceNullability: schema.DifferenceNullability, schema.DifferenceOrder: schema.DifferenceOrder,
	} {
		require.Equal(t, there[kind], back[mirror], "%s from %s to %s and back", kind, a, b)
	}
	same := len(schema.Compare(a, b, exact)) == 0
	require.Equal(t, plain(a).Equal(plain(b)), same, "%s and %s", a, b)
	strict := schema.Compare(a, b, nil)
	lenient := schema.Compare(a, b, schema.CompatibleRules())
	require.LessOrEqual(t, len(schema.Errors(lenient)), len(strict), "compatible is more lenient than strict")
	for _, d := range append(strict, lenient...) {
		require.NotEmpty(t, d.Message)
		require.NotEmpty(t, d.Kind)
	}
}

func kinds(differences []schema.Difference) map[schema.DifferenceKind]int {
	out := map[schema.DifferenceKind]int{}
	for _, d := range differences {
		out[d.Kind]++
	}
	return out
}

// plain leaves the metadata out, which is not compared by default.
func plain(def schema.Definition) schema.Definition {
	return schema.Definition{Fields: plainFields(def.Fields)}
}

func plainFields(fields []schema.Field) []schema.Field {
	out := slices.Clone(fields)
	for i := range out {
		out[i].Metadata, out[i].Type = "", plainType(out[i].Type)
	}
	return out
}

func plainType(t schema.DataType) schema.DataType {
	for _, part := range []**schema.DataType{&t.Elem, &t.Key} {
		if *part != nil {
			p := plainType(**part)
			*part = &p
		}
	}
	t.Fields = plainFields(t.Fields)
	return t
}

func FuzzCompare(f *testing.F) {
	f.Add("id BIGINT NOT NULL, a ARRAY<STRING>", "a ARRAY<INT>, ID INT")
	f.Add("s STRUCT<x: INT, y: MAP<STRING, ANY>>, t STRUCT", "s STRUCT<y: MAP<STRING, INT>, X: INT>")
	f.Add("a CHAR(3), a VARCHAR(9) COMMENT 'x'", "a STRING, A TIME(3)")
	f.Fuzz(func(t *testing.T, one, two string) {
		a, err := schema.ParseContract(one)
		if err != nil {
			t.Skip()
		}
		again, err := schema.ParseContract(a.String())
		require.NoError(t, err, "%s is printed as %s", one, a)
		require.True(t, a.Equal(again), "%s is printed as %s", one, a)
		b, err := schema.ParseContract(two)
		if err != nil {
			t.Skip()
		}
		require.Empty(t, schema.Compare(a, a, nil))
		require.Empty(t, schema.Compare(a, a, schema.CompatibleRules()))
		for _, d := range schema.Compare(a, b, schema.CompatibleRules()) {
			require.NotEmpty(t, d.String())
		}
		schema.Compare(b, a, nil)
	})
}
