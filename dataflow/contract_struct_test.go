package dataflow_test

import (
	"database/sql"
	"math/big"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/dataflow/value"
)

// everyGoType has fields of all kinds.
type everyGoType struct {
	Bool     bool                      `spark:"b"`
	Tiny     int8                      `spark:"i8"`
	Small    int16                     `spark:"i16"`
	Int      int32                     `spark:"i32"`
	Long     int64                     `spark:"i64"`
	Float    float32                   `spark:"f32"`
	Double   float64                   `spark:"f64"`
	Wide     value.Decimal             `spark:"wide"`
	Price    value.Decimal             `spark:"price,decimal(10,2)"`
	Whole    *big.Int                  `spark:"whole"`
	Text     string                    `spark:"s"`
	Maybe    *string                   `spark:"maybe"`
	Null     sql.Null[int32]           `spark:"nullable"`
	Code     string                    `spark:"code,char(3)"`
	Var      *string                   `spark:"var,VARCHAR(9)"`
	Sorted   string                    `spark:"sorted,string collate unicode_ci"`
	Bin      []byte                    `spark:"bin"`
	Fixed    [2]byte                   `spark:"fixed"`
	Addr     netip.Addr                `spark:"addr"`
	Day      value.Date                `spark:"day"`
	DayTime  time.Time                 `spark:"day_time,date"`
	At       time.Time                 `spark:"at"`
	Local    *time.Time                `spark:"local,timestamp_ntz"`
	Took     time.Duration             `spark:"took"`
	Days     time.Duration             `spark:"days,interval day"`
	Months   value.YearMonthInterval   `spark:"months"`
	Years    value.YearMonthInterval   `spark:"years,interval year"`
	Span     value.CalendarInterval    `spark:"span"`
	Any      value.Variant             `spark:"any"`
	List     []int32                   `spark:"list"`
	Must     []*string                 `spark:"must, not  null"`
	Map      map[string]*float64       `spark:"map"`
	Lists    map[string][][]value.Date `spark:"lists"`
	Chars    []string                  `spark:"chars,array<varchar(2)>"`
	Decimals map[string]value.Decimal  `spark:"decimals,map<string, decimal(5,1)>,optional"`
	Nested   *struct{ X, Y *int64 }    `spark:"nested"`
	Items    []struct{ Price big.Rat } `spark:"items"`
	Embedded
	Left chan int `spark:"-"`
}

type Embedded struct {
	Inner string `spark:"inner"`
}

const everyGoColumn = "b BOOLEAN NOT NULL, i8 TINYINT NOT NULL, i16 SMALLINT NOT NULL, i32 INT NOT NULL, i64 BIGINT NOT NULL, " +
	"f32 FLOAT NOT NULL, f64 DOUBLE NOT NULL, wide DECIMAL(38,18) NOT NULL, price DECIMAL(10,2) NOT NULL, whole DECIMAL(38,0), s STRING NOT NULL, " +
	"maybe STRING, nullable INT, code CHAR(3) NOT NULL, var VARCHAR(9), sorted STRING COLLATE UNICODE_CI NOT NULL, bin BINARY, fixed BINARY NOT NULL, " +
	"addr STRING NOT NULL, day DATE NOT NULL, day_time DATE NOT NULL, at TIMESTAMP NOT NULL, local TIMESTAMP_NTZ, took INTERVAL DAY TO SECOND NOT NULL, " +
	"days INTERVAL DAY NOT NULL, months INTERVAL YEAR TO MONTH NOT NULL, years INTERVAL YEAR NOT NULL, span INTERVAL NOT NULL, any VARIANT NOT NULL, " +
	"list ARRAY<INT>, must ARRAY<STRING> NOT NULL, map MAP<STRING, DOUBLE>, lists MAP<STRING, ARRAY<ARRAY<DATE>>>, chars ARRAY<VARCHAR(2)>, " +
	"decimals MAP<STRING, DECIMAL(5,1)>, nested STRUCT<X: BIGINT, Y: BIGINT>, items ARRAY<STRUCT<Price: DECIMAL(38,18) NOT NULL>>, inner STRING NOT NULL"

func TestSchemaForAGoType(t *testing.T) {
	t.Parallel()
	def, err := dataflow.SchemaFor[everyGoType]()
	require.NoError(t, err)
	require.Equal(t, everyGoColumn, def.String())
	for path, nulls := range map[string]bool{"list": false, "must": true, "map": true, "lists": true, "chars": false, "decimals": false, "items": false} {
		f, _ := def.Field(path)
		require.Equal(t, nulls, f.Type.ElemNullable, "nulls within %s", path)
	}
	pointer, err := dataflow.SchemaFor[*everyGoType]()
	require.NoError(t, err)
	require.True(t, def.Equal(pointer))
	one, err := dataflow.SchemaFor[*int64]()
	require.NoError(t, err)
	require.Equal(t, "value BIGINT", one.String())
}

func TestSchemaForRefuses(t *testing.T) {
	t.Parallel()
	type tree struct {
		Children []*tree `spark:"children"`
	}
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"one that contains itself": {schemaError[tree](), "contains itself"},
		"no columns":               {schemaError[struct{ hidden int }](), "has no exported fields"},
		"no Spark type":            {schemaError[struct{ C chan int }](), "field C: the Go type chan int has no Spark type"},
		"any":                      {schemaError[struct{ A any }](), "field A: the Go type interface {} does not tell a Spark type"},
		"a tag that is no type": {schemaError[struct {
			A int `spark:"a,txt"`
		}](), `there is no option "txt"`},
		"a type that the field cannot be": {schemaError[struct {
			A string `spark:"a,binary"`
			B bool   `spark:"b,timestamp"`
		}](), `column "a" (field A): values of the Go type string cannot become BINARY`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, tt.err, "the schema of a Go type: rows of the Go type")
			require.ErrorContains(t, tt.err, tt.want)
		})
	}
}

func schemaError[T any]() error {
	_, err := dataflow.SchemaFor[T]()
	return err
}

func TestContractForAGoType(t *testing.T) {
	t.Parallel()
	type customer struct {
		CustomerID int64
		Note       string `spark:"note,optional"`
		Address    struct {
			Zip string `spark:"zip,optional"`
		}
	}
	c, err := dataflow.ContractFor[customer]()
	require.NoError(t, err)
	got, err := schema.Parse("customer_id INT NOT NULL, address STRUCT<> NOT NULL, more STRING")
	require.NoError(t, err)
	require.Empty(t, c.Compare(got))
	require.Equal(t, []string{"note", "Address.zip"}, c.Rules.Optional)
	got, err = schema.Parse("note STRING, address STRUCT<zip: INT> NOT NULL")
	require.NoError(t, err)
	require.Equal(t, "CustomerID: is missing, wanted BIGINT NOT NULL; note: can be null, and must not be; "+
		"Address.zip: is INT, wanted STRING; Address.zip: can be null, and must not be", schema.Describe(c.Compare(got)))
	tagged, err := dataflow.ContractFor[Embedded]()
	require.NoError(t, err)
	require.Equal(t, schema.NamesExact, tagged.Rules.Names)
	_, err = dataflow.ContractFor[chan int]()
	require.ErrorContains(t, err, "the contract of a Go type")
}
