package main

import (
	"fmt"
	"math"
	"slices"
)

// series are the values of one measure, one a round.
type series []float64

// median returns the middle value, NaN of none.
func (s series) median() float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// times returns the series in another unit.
func (s series) times(factor float64) series {
	out := make(series, len(s))
	for i, v := range s {
		out[i] = v * factor
	}
	return out
}

// over returns the ratio to other, round by round. Both have the same rounds.
func (s series) over(other series) series {
	out := make(series, min(len(s), len(other)))
	for i := range out {
		out[i] = s[i] / other[i]
	}
	return out
}

// String gives the median and the range in three significant digits.
func (s series) String() string {
	switch len(s) {
	case 0:
		return "-"
	case 1:
		return digits(s[0])
	}
	return fmt.Sprintf("%s [%s..%s]", digits(s.median()), digits(slices.Min(s)), digits(slices.Max(s)))
}

// digits prints v with three significant digits and no exponent.
func digits(v float64) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Sprint(v)
	}
	decimals := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	return fmt.Sprintf("%.*f", max(0, decimals), v)
}

// inTurns runs every case once a round and gives their values by case. The
// first round does not count. The order turns, so that none of them always runs
// after the same other.
func inTurns[T any](rounds int, cases []func() (T, error)) ([][]T, error) {
	out := make([][]T, len(cases))
	for round := range rounds + 1 {
		for i := range cases {
			which := (i + round) % len(cases)
			value, err := cases[which]()
			if err != nil {
				return nil, err
			}
			if round > 0 {
				out[which] = append(out[which], value)
			}
		}
	}
	return out, nil
}
