package main

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSeries(t *testing.T) {
	t.Parallel()
	require.True(t, math.IsNaN(series(nil).median()))
	require.InDelta(t, 2, series{3, 1, 2}.median(), 0)
	require.InDelta(t, 2.5, series{4, 1, 2, 3}.median(), 0)
	require.Equal(t, series{2, 0.5}, series{4, 1}.over(series{2, 2}), "round by round, not of the medians")
	require.Equal(t, "-", series(nil).String())
	require.Equal(t, "0.0500", series{0.05}.String())
	require.Equal(t, "12.3 [4.00..1234]", series{1234, 12.34, 4}.String())
	require.Equal(t, "2.00 [1.00..3.00]", series{1e-6, 2e-6, 3e-6}.times(1e6).String())
}

func TestInTurnsCountsNoWarmUpAndTurnsTheOrder(t *testing.T) {
	t.Parallel()
	order := ""
	value := 0
	say := func(name string) func() (int, error) {
		return func() (int, error) {
			order += name
			value++
			return value, nil
		}
	}
	got, err := inTurns(2, []func() (int, error){say("a"), say("b"), say("c")})
	require.NoError(t, err)
	require.Equal(t, "abc"+"bca"+"cab", order)
	require.Equal(t, [][]int{{6, 8}, {4, 9}, {5, 7}}, got)

	broken := errors.New("broken")
	_, err = inTurns(1, []func() (int, error){func() (int, error) { return 0, broken }})
	require.ErrorIs(t, err, broken)
}
