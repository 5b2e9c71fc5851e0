package dataflow_test

import (
	stdsql "database/sql"
	"math"
	"math/big"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/dataflow/value"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

var strategies = map[string]dataflow.LocalDataStrategy{
	"auto":   dataflow.LocalDataStrategyAuto,
	"inline": dataflow.LocalDataStrategyInline,
	"cached": dataflow.LocalDataStrategyCached,
	"staged": dataflow.LocalDataStrategyStaged,
}

type localPart struct {
	X int8
	Y []string
}

type localBase struct{ Base *int32 }

type localRow struct {
	localBase
	Flag   bool
	I8     int8
	I16    int16
	I32    int32
	I64    int64
	U8     uint8
	U16    uint16
	U32    uint32
	F32    float32
	F64    float64
	Dec    dataflow.Decimal `spark:"Dec,decimal(10,2)"`
	Wide   dataflow.Decimal
	Big    *big.Int
	Text   string
	Data   []byte
	Day    dataflow.Date
	At     time.Time
	For    time.Duration
	Long   value.DayTimeInterval
	Months value.YearMonthInterval
	Ptr    *string
	Opt    stdsql.Null[int64]
	OptS   stdsql.NullString
	List   []int32
	Lists  [][]*int64
	Map    map[string]int64
	Nest   localPart
	NestP  *localPart
	Nests  []localPart
	Deep   map[string][]localPart
	Addr   netip.Addr
	ID     [4]byte
}

func localRows() []localRow {
	s, n, b := "ptr", int64(-7), int32(5)
	full := localRow{
		localBase: localBase{Base: &b}, Flag: true, I8: math.MinInt8, I16: math.MinInt16, I32: math.MinInt32, I64: math.MinInt64,
		U8: math.MaxUint8, U16: math.MaxUint16, U32: math.MaxUint32, F32: math.MaxFloat32, F64: math.SmallestNonzeroFloat64,
		Dec: "-12345678.90", Wide: "99999999999999999999.999999999999999999", Big: new(big.Int).Exp(big.NewInt(10), big.NewInt(37), nil),
		Text: "grüß \x00 Gott 🙂", Data: []byte{0, 1, 255}, Day: dataflow.Date{Year: 9999, Month: 12, Day: 31},
		At: time.Date(1582, 10, 4, 1, 2, 3, 456_000, time.UTC), For: -time.Hour - time.Microsecond, Long: math.MaxInt64, Months: -13,
		Ptr: &s, Opt: stdsql.Null[int64]{V: math.MaxInt64, Valid: true}, OptS: stdsql.NullString{String: "", Valid: true},
		List: []int32{1, 2}, Lists: [][]*int64{{&n, nil}, nil, {}}, Map: map[string]int64{"b": 2, "a": 1},
		Nest: localPart{X: 1, Y: []string{"p", ""}}, NestP: &localPart{X: -1}, Nests: []localPart{{X: 3}, {Y: []string{"z"}}},
		Deep: map[string][]localPart{"k": {{X: 9, Y: []string{}}}, "n": nil}, Addr: netip.MustParseAddr("2001:db8::1"), ID: [4]byte{1, 2, 3, 4},
	}
	early := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	null := localRow{
		Dec: "0.00", Wide: "0.000000000000000000", Day: dataflow.Date{Year: 1, Month: 1, Day: 1}, At: early,
		F32: float32(math.Inf(-1)), F64: math.Inf(1), Addr: netip.MustParseAddr("10.0.0.1"),
	}
	return []localRow{full, null, full}
}

func TestLocalDataOfEveryTypeComesBack(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := connectTo(t, remote, nil)
		want := localRows()
		var first schema.Definition
		for name, strategy := range strategies {
			df, err := dataflow.CreateDataFrame(t.Context(), spark, want, &dataflow.LocalDataOptions{Strategy: strategy})
			require.NoError(t, err, name)
			def, err := dataflow.SchemaOf(t.Context(), df)
			require.NoError(t, err, name)
			if first.Fields == nil {
				first = def
			}
			require.Equal(t, first.String(), def.String(), name)
			got, err := dataflow.Collect[localRow](t.Context(), df)
			require.NoError(t, err, name)
			require.Equal(t, want, got, name)
		}
	})
}
