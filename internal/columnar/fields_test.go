package columnar_test

import (
	"database/sql"
	"net/netip"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow/value"
	"github.com/sparkpipe/sparkpipe/internal/columnar"
)

// into makes the decoder of a result of BIGINT columns.
func into[T any](columns ...string) error {
	fields := make([]arrow.Field, len(columns))
	for i, name := range columns {
		fields[i] = column(name, int64s)
	}
	_, err := columnar.NewDecoder[T](arrow.NewSchema(fields, nil))
	return err
}

func TestFieldsFindTheirColumns(t *testing.T) {
	t.Parallel()
	type customer struct {
		CustomerID int64
		Exact      int64
		Tagged     int64 `spark:"t"`
		Skipped    int64 `spark:"-"`
		unexported int64 //nolint:unused // it is not to be written
		Optional   int64 `spark:"o,optional"`
	}
	rec := record(t, `{"EXACT": 1, "customer_id": 2, "t": 3, "Exact": 4, "Skipped": 5, "unexported": 6}`,
		column("EXACT", int64s), column("customer_id", int64s), column("t", int64s), column("Exact", int64s),
		column("Skipped", int64s), column("unexported", int64s))
	got, err := decode[customer](t, rec)
	require.NoError(t, err)
	require.Equal(t, []customer{{CustomerID: 2, Exact: 4, Tagged: 3}}, got)
}

func TestFieldsAndColumnsThatDoNotAgree(t *testing.T) {
	t.Parallel()
	type single struct{ CustomerID int64 }
	type tagged struct {
		A int64 `spark:"a"`
	}
	type twins struct {
		CustomerID  int64
		Customer_Id int64
	}
	tests := map[string]struct {
		err  error
		want string
	}{
		"no column": {into[single]("id", "name"), "there is no column for the field CustomerID of columnar_test.single (CustomerID); " +
			`the columns are id, name; select it, or tag the field spark:"-" or spark:"CustomerID,optional"`},
		"no columns at all": {into[single](), "the columns are none"},
		"two columns":       {into[single]("customer_id", "customerid"), `fits the columns "customer_id" and "customerid"`},
		"a column twice":    {into[tagged]("a", "a"), `the field A of columnar_test.tagged fits the columns "a" and "a"`},
		"two fields":        {into[twins]("customerid"), `the column "customerid" fits the fields CustomerID and Customer_Id`},
		"a tag is exact":    {into[tagged]("A"), "there is no column for the field A"},
		"only one column":   {into[int64]("a", "b"), "int64 takes one column and the result has 2 (a, b); select one, or read into a struct"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, tt.err, tt.want)
		})
	}
	require.NoError(t, into[single]("CustomerID", "customer_id"), "the exact name wins")
	require.NoError(t, into[twins]("CustomerID", "Customer_Id"))
	require.NoError(t, into[single]("customer_id", "a", "a"), "columns without a field are left out")
}

func TestTagsThatAreWrong(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, into[struct {
		A int64 `spark:"a,omitempty"`
	}]("a"), `there is no option "omitempty"; there are optional and decimal(precision,scale)`)
	require.ErrorContains(t, into[struct {
		A int64 `spark:"a,decimal(39,2)"`
	}]("a"), `"decimal(39,2)" is no type`)
	require.ErrorContains(t, into[struct {
		A int64 `spark:"a,decimal(2,3)"`
	}]("a"), "a scale up to it")
	require.ErrorContains(t, into[struct {
		A int64 `spark:"a,"`
	}]("a"), `there is no option ""`)
	require.ErrorContains(t, into[struct {
		A int64 `spark:"x"`
		B int64 `spark:"x"`
	}]("x"), `the fields A and B of`)
	require.NoError(t, into[struct {
		A int64 `spark:"a, decimal(10, 2), optional"`
	}]("a"))
	require.NoError(t, into[struct {
		A int64 `spark:",optional"`
	}]())
}

type (
	Base    struct{ ID, Shadowed int64 }
	Deeper  struct{ Base }
	hidden  struct{ Secret int64 }
	Cycle   struct{ *Cycle }
	Pointed struct{ P int64 }
)

func TestEmbeddedStructs(t *testing.T) {
	t.Parallel()
	type row struct {
		Deeper
		*Pointed
		hidden
		Shadowed int64
		Named    Base `spark:"named,optional"`
		netip.Addr
		time.Time
		sql.NullInt64
	}
	rec := record(t, `{"id": 1, "p": 2, "secret": 3, "shadowed": 4, "addr": "10.0.0.1", "time": "1970-01-01 00:00:00", "nullint64": 5},
		{"id": 6, "p": 7, "secret": 8, "shadowed": 9, "addr": "10.0.0.1", "time": "1970-01-01 00:00:00", "nullint64": null}`,
		column("id", int64s), column("p", int64s), column("secret", int64s), column("shadowed", int64s),
		column("addr", utf8), column("time", timestamp), column("nullint64", int64s))
	got, err := decode[row](t, rec)
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, int64(1), got[0].ID)
	require.Equal(t, int64(2), got[0].P, "a pointer of its own for each row")
	require.Equal(t, int64(7), got[1].P)
	require.Equal(t, int64(3), got[0].Secret)
	require.Equal(t, int64(4), got[0].Shadowed)
	require.Zero(t, got[0].Base.Shadowed)
	require.Equal(t, "10.0.0.1", got[0].Addr.String())
	require.Equal(t, sql.NullInt64{Int64: 5, Valid: true}, got[0].NullInt64)
	require.False(t, got[1].Valid)
}

func TestEmbeddedStructsThatDoNotWork(t *testing.T) {
	t.Parallel()
	type other struct{ ID int64 }
	require.ErrorContains(t, into[struct {
		Base
		other
	}]("id"), "the fields Base.ID and other.ID of")
	require.NoError(t, into[struct {
		Base
		other
		ID int64
	}]("id", "Shadowed"), "the outer field hides both")
	require.ErrorContains(t, into[struct{ *hidden }]("secret"), "embed the struct itself")
	require.NoError(t, into[Cycle]("a"), "a type that embeds itself ends")
}

func TestPointersToEmbeddedStructsWithoutColumnsStayNil(t *testing.T) {
	t.Parallel()
	type Extra struct {
		X int64 `spark:"x,optional"`
	}
	type row struct {
		*Extra
		ID int64
	}
	got, err := decode[row](t, record(t, `{"id": 1}`, column("id", int64s)))
	require.NoError(t, err)
	require.Equal(t, []row{{ID: 1}}, got)
}

func TestRowsOfOtherKinds(t *testing.T) {
	t.Parallel()
	type row struct{ A int64 }
	rec := record(t, `{"a": 1, "b": "x"}, {"a": 2, "b": null}`, column("a", int64s), column("b", utf8))
	pointers, err := decode[*row](t, rec)
	require.NoError(t, err)
	require.Equal(t, []*row{{1}, {2}}, pointers)
	maps, err := decode[map[string]any](t, rec)
	require.NoError(t, err)
	require.Equal(t, []map[string]any{{"a": int64(1), "b": "x"}, {"a": int64(2), "b": nil}}, maps)
	rows, err := decode[value.Row](t, rec)
	require.NoError(t, err)
	require.Equal(t, []string{"{a: 1, b: x}", "{a: 2, b: <nil>}"}, []string{rows[0].String(), rows[1].String()})
	none, err := decode[struct{}](t, rec)
	require.NoError(t, err)
	require.Len(t, none, 2)

	twice := record(t, `{"a": 1}`, column("a", int64s))
	twice = withNames(twice, "a", "a")
	_, err = decode[map[string]any](t, twice)
	require.ErrorContains(t, err, `two columns have the name "a"`)
	rows, err = decode[value.Row](t, twice)
	require.NoError(t, err)
	require.Equal(t, "{a: 1, a: 1}", rows[0].String())
}

func TestMismatchesInStructsNameTheField(t *testing.T) {
	t.Parallel()
	type item struct{ Price float64 }
	type order struct{ Items []item }
	items := arrow.ListOf(arrow.StructOf(column("price", decimal)))
	_, err := columnar.NewDecoder[order](arrow.NewSchema([]arrow.Field{column("items", items)}, nil))
	require.ErrorContains(t, err, "the field Items of columnar_test.order: ")
	require.ErrorContains(t, err, `column "items[].price": DECIMAL(10,2) cannot be read into float64`)
	_, err = columnar.NewDecoder[order](arrow.NewSchema([]arrow.Field{column("items", arrow.ListOf(arrow.StructOf(column("cost", decimal))))}, nil))
	require.ErrorContains(t, err, `column "items[]": there is no column for the field Price`)
	_, err = decode[struct{ P struct{ X int64 } }](t, record(t, `{"p": null}`, column("p", arrow.StructOf(column("x", int64s)))))
	require.ErrorContains(t, err, `column "p", row 1: a NULL cannot be read into struct`)
}
