package value_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow/value"
)

func TestDecimalDigits(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		decimal          value.Decimal
		precision, scale int
	}{
		"usual":          {"12.50", 4, 2},
		"negative":       {"-12.50", 4, 2},
		"with a plus":    {"+12.5", 3, 1},
		"below one":      {".001", 3, 3},
		"zero":           {"0", 1, 0},
		"zeros in front": {"00120.", 3, 0},
		"zeros behind":   {"0.00", 2, 2},
		"the longest":    {value.Decimal(strings.Repeat("9", 38)), 38, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			precision, scale, err := tt.decimal.Digits()
			require.NoError(t, err)
			require.Equal(t, []int{tt.precision, tt.scale}, []int{precision, scale})
		})
	}
}

func TestDecimalThatIsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "+", "-", ".", "--1", "+-1", "1e5", "1.2.3", " 1", "1,5", "NaN", "0x10", "١"} {
		_, _, err := value.Decimal(text).Digits()
		require.ErrorContains(t, err, "not a decimal number", text)
		_, err = value.Decimal(text).Rat()
		require.Error(t, err, text)
	}
	_, _, err := value.Decimal("1" + strings.Repeat("0", 38)).Digits()
	require.ErrorContains(t, err, "more than 38 digits")
}

func TestDecimalMadeOfNumbers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		unscaled int64
		scale    int
		want     value.Decimal
	}{
		"no scale":       {42, 0, "42"},
		"scale":          {-1250, 2, "-12.50"},
		"small":          {-1, 3, "-0.001"},
		"zero":           {0, 2, "0.00"},
		"negative scale": {12, -3, "12000"},
		"zero, negative": {0, -3, "0"},
		"all decimals":   {5, 1, "0.5"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, value.NewDecimalFromInt(tt.unscaled, tt.scale))
			require.Equal(t, tt.want, value.NewDecimal(big.NewInt(tt.unscaled), tt.scale))
			require.Equal(t, string(tt.want), tt.want.String())
			number, err := tt.want.Rat()
			require.NoError(t, err)
			require.Equal(t, tt.want, value.DecimalOf(number, max(0, tt.scale)))
		})
	}
}

func TestDecimalUnscaled(t *testing.T) {
	t.Parallel()
	unscaled, scale, err := value.Decimal("-00.0120").Unscaled()
	require.NoError(t, err)
	require.Equal(t, "-120", unscaled.String())
	require.Equal(t, 4, scale)
	unscaled, scale, err = value.Decimal("7.").Unscaled()
	require.NoError(t, err)
	require.Equal(t, "7", unscaled.String())
	require.Zero(t, scale)
}

func TestDecimalOfRoundsHalfAwayFromZero(t *testing.T) {
	t.Parallel()
	require.Equal(t, value.Decimal("0.13"), value.DecimalOf(big.NewRat(1, 8), 2))
	require.Equal(t, value.Decimal("-0.13"), value.DecimalOf(big.NewRat(-1, 8), 2))
	require.Equal(t, value.Decimal("0.333"), value.DecimalOf(big.NewRat(1, 3), 3))
}
