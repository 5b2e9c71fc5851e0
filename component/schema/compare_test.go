package schema_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

func contract(t testing.TB, ddl string) schema.Definition {
	t.Helper()
	def, err := schema.ParseContract(ddl)
	require.NoError(t, err)
	return def
}

// told gives the differences as "severity path: message", breaking ones with "!".
func told(differences []schema.Difference) []string {
	out := []string{}
	for _, d := range differences {
		mark := ""
		if d.Breaking {
			mark = "!"
		}
		out = append(out, string(d.Severity)+mark+" "+d.String())
	}
	return out
}

func TestCompare(t *testing.T) {
	t.Parallel()
	widen := &schema.Rules{Types: schema.TypesWiden}
	tests := map[string]struct {
		want, got string
		rules     *schema.Rules
		told      []string
	}{
		"the same": {want: "id BIGINT NOT NULL, tags ARRAY<STRING>", got: "id bigint not null, tags array<string>"},
		"everything at once, in the order of what is wanted": {
			want: "id BIGINT NOT NULL, address STRUCT<zip: STRING NOT NULL, city: STRING>, tags ARRAY<STRING>, prices MAP<STRING, DECIMAL(10,2)>, at DATE",
			got:  "debug STRING, prices MAP<INT, DECIMAL(12,2)>, tags ARRAY<BIGINT>, address STRUCT<city: INT, more: INT>, id BIGINT",
			told: []string{
				"error! id: can be null, and must not be",
				"error! address.zip: is missing, wanted STRING NOT NULL",
				"error address.city: is INT, wanted STRING",
				"error address.more: is not wanted, found INT",
				"error tags[]: is BIGINT, wanted STRING",
				"error prices{key}: is INT, wanted STRING",
				"error! prices{value}: is DECIMAL(12,2), wanted DECIMAL(10,2)",
				"error! at: is missing, wanted DATE",
				"error the columns stand in the order prices, tags, address, id, wanted id, address, tags, prices",
				"error debug: is not wanted, found STRING",
			},
		},
		"compatible": {
			want: "id BIGINT, name STRING, note STRING, must INT NOT NULL", got: "more INT, NAME STRING, id INT", rules: schema.CompatibleRules(),
			told: []string{"warning! note: is missing, wanted STRING", "error! must: is missing, wanted INT NOT NULL", "warning more: is not wanted, found INT"},
		},
		"a type is wider than wanted": {want: "id INT", got: "id BIGINT", rules: widen, told: []string{"error! id: is BIGINT, wanted INT"}},
		"digits would be lost":        {want: "x FLOAT", got: "x BIGINT", rules: widen, told: []string{"error x: is BIGINT, wanted FLOAT"}},
		"Spark's own casts":           {want: "x FLOAT, s STRING", got: "x BIGINT, s DATE", rules: &schema.Rules{Types: schema.TypesUpCast}},
		"names are exact":             {want: "id INT", got: "ID INT", told: []string{"error! id: is missing, wanted INT", "error! ID: has the name of the wanted id, and Spark cannot tell them apart"}},
		"names loosely":               {want: "CustomerID INT", got: "customer_id INT", rules: &schema.Rules{Names: schema.NamesLoose}},
		"a twin in another case": {
			want: "id INT", got: "ID INT, id INT", rules: &schema.Rules{Extra: schema.ExtraAllow, Names: schema.NamesIgnoreCase},
			told: []string{"error! ID: has the name of the wanted id, and Spark cannot tell them apart"},
		},
		"a name twice":        {want: "id INT", got: "id INT, id INT", rules: schema.CompatibleRules(), told: []string{"error! id: has the name of the wanted id, and Spark cannot tell them apart"}},
		"names in backquotes": {want: "`a.b` STRUCT<`c d`: INT>", got: "`a.b` STRUCT<`c d`: STRING>", told: []string{"error! `a.b`.`c d`: is STRING, wanted INT"}},
		"nullability within": {
			want: "a STRUCT<x: INT NOT NULL>", got: "a STRUCT<x: INT>", told: []string{"error! a.x: can be null, and must not be"},
		},
		"nullability, exact":   {want: "a INT", got: "a INT NOT NULL", rules: &schema.Rules{Nullability: schema.NullabilityExact}, told: []string{"error a: cannot be null, wanted nullable"}},
		"nullability, ignored": {want: "a INT NOT NULL", got: "a INT", rules: &schema.Rules{Nullability: schema.NullabilityIgnore}},
		"fields in another order": {
			want: "a STRUCT<x: INT, y: INT>", got: "a STRUCT<y: INT, x: INT>", told: []string{"error a: its fields stand in the order y, x, wanted x, y"},
		},
		"order does not go by what is missing": {want: "a INT, b INT, c INT", got: "a INT, c INT", told: []string{"error! b: is missing, wanted INT"}},
		"ANY":                                  {want: "a ANY, b ARRAY, c MAP, d STRUCT, e ARRAY<ANY>", got: "a INT, b ARRAY<INT>, c MAP<INT, INT>, d STRUCT<x: INT>, e ARRAY<ARRAY<INT>>"},
		"ANY is not everything": {
			want: "a ARRAY, b STRUCT NOT NULL", got: "a MAP<INT, INT>, b STRUCT<x: INT>",
			told: []string{"error! a: is MAP<INT, INT>, wanted ARRAY", "error! b: can be null, and must not be"},
		},
		"a promise of anything":         {want: "a ARRAY<INT>", got: "a ARRAY", rules: widen, told: []string{"warning! a: stands for many types, wanted ARRAY<INT>"}},
		"a promise of anything, strict": {want: "a ARRAY<INT>, b INT", got: "a ARRAY, b ANY", told: []string{"error! a: stands for many types, wanted ARRAY<INT>", "error! b: stands for many types, wanted INT"}},
		"CHAR":                          {want: "a CHAR(3), b VARCHAR(5), c STRING", got: "a CHAR(2), b CHAR(5), c VARCHAR(9)", rules: widen},
		"CHAR, too long":                {want: "a CHAR(3), b VARCHAR(5)", got: "a CHAR(4), b VARCHAR(6)", rules: widen, told: []string{"error! a: is CHAR(4), wanted CHAR(3)", "error! b: is VARCHAR(6), wanted VARCHAR(5)"}},
		"CHAR of STRING":                {want: "a CHAR(3)", got: "a STRING", rules: widen, told: []string{"warning! a: is STRING, wanted CHAR(3); whether the texts fit is seen when they are written"}},
		"CHAR of STRING, strict":        {want: "a CHAR(3)", got: "a STRING", told: []string{"error! a: is STRING, wanted CHAR(3); whether the texts fit is seen when they are written"}},
		"VOID":                          {want: "a INT, b ARRAY", got: "a VOID, b VOID", rules: widen},
		"TIME":                          {want: "a TIME(3), b TIME", got: "a TIME(6), b time(6)", rules: widen, told: []string{"error! a: is TIME(6), wanted TIME(3)"}},
		"collations":                    {want: "a STRING", got: "a STRING COLLATE UNICODE", rules: widen, told: []string{"error a: is STRING COLLATE UNICODE, wanted STRING"}},
		"Python": {
			want: "a INT, b INT NOT NULL, n STRING", got: "b INT NOT NULL, x INT, a BIGINT", rules: schema.PythonRules(),
			told: []string{"error! a: is BIGINT, wanted INT", "warning x: is not wanted, found INT"},
		},
		"Scala":          {want: "n STRING", got: "x INT", rules: schema.ScalaRules(), told: []string{"error! n: is missing, wanted STRING", "warning x: is not wanted, found INT"}},
		"optional":       {want: "a STRUCT<x: INT NOT NULL, y: INT>", got: "a STRUCT<y: INT>", rules: &schema.Rules{Optional: []string{"a.x"}}},
		"nothing at all": {want: "", got: ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := schema.Compare(contract(t, tt.want), contract(t, tt.got), tt.rules)
			if tt.told == nil {
				tt.told = []string{}
			}
			require.Equal(t, tt.told, told(got))
			require.Len(t, append(schema.Errors(got), schema.Warnings(got)...), len(got))
		})
	}
}

func TestCompareOfMetadata(t *testing.T) {
	t.Parallel()
	field := func(meta string) schema.Definition {
		return schema.New(schema.Field{Name: "a", Type: schema.Integer(), Metadata: meta})
	}
	rules := &schema.Rules{Metadata: true}
	require.Empty(t, schema.Compare(field(`{"a": 1, "b": 2}`), field(`{"b":2,"a":1}`), rules))
	require.Empty(t, schema.Compare(field(`{"a": 1}`), field(""), nil))
	require.Equal(t, []string{`error a: has the metadata {}, wanted {"a":1}`}, told(schema.Compare(field(`{"a":1}`), field(""), rules)))
}

func TestCompareSeesTheCharOfTables(t *testing.T) {
	t.Parallel()
	column := func(typ schema.DataType, raw string) schema.Definition {
		return schema.New(schema.Field{Name: "a", Type: typ, Nullable: true, Metadata: `{"__CHAR_VARCHAR_TYPE_STRING":"` + raw + `"}`})
	}
	require.Empty(t, schema.Compare(contract(t, "a VARCHAR(5)"), column(schema.String(), "varchar(5)"), nil))
	require.Equal(t, []string{"error! a: is VARCHAR(6), wanted VARCHAR(5)"}, told(schema.Compare(contract(t, "a VARCHAR(5)"), column(schema.String(), "varchar(6)"), nil)))
	nested := contract(t, "a ARRAY<STRUCT<x: STRING>>").Fields[0].Type
	require.Empty(t, schema.Compare(contract(t, "a ARRAY<STRUCT<x: CHAR(2)>>"), column(nested, "array<struct<x:char(2)>>"), nil))
	require.Empty(t, schema.Compare(contract(t, "a MAP<STRING, INT>"), column(contract(t, "a MAP<STRING, INT>").Fields[0].Type, "nonsense"), nil))
	require.Empty(t, schema.Compare(contract(t, "a STRING"), column(schema.String(), "varchar(6)"), nil))
}

func TestAlign(t *testing.T) {
	t.Parallel()
	want := contract(t, "CustomerID INT, Home STRUCT<ZipCode: STRING, More: INT>, Tags ARRAY<STRUCT<TagName: STRING>>, m MAP<STRING, STRUCT<XY: INT>>, Any ARRAY, Missing INT")
	got := contract(t, "customer_id INT, home STRUCT<zip_code: STRING>, TAGS ARRAY<STRUCT<tag_name: STRING>>, m MAP<STRING, STRUCT<x_y: INT>>, any ARRAY<INT>")
	require.Equal(t, "customer_id INT, home STRUCT<zip_code: STRING, More: INT>, TAGS ARRAY<STRUCT<tag_name: STRING>>, m MAP<STRING, STRUCT<x_y: INT>>, any ARRAY, Missing INT",
		schema.Align(want, got, schema.NamesLoose).String())
	require.True(t, want.Equal(schema.Align(want, got, schema.NamesExact)), "m alone has its very name, and the field in it has not")
	require.True(t, want.Equal(schema.Align(want, want, schema.NamesLoose)))
}
