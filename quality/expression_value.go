package quality

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/dataflow/value"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// family groups types whose values compare.
type family int

const (
	otherTypes family = iota
	numbers
	texts
	dates
	instants
	clocks // TIMESTAMP_NTZ
	truths
)

func familyOf(t schema.DataType) family {
	switch t.Kind {
	case schema.KindByte, schema.KindShort, schema.KindInteger, schema.KindLong, schema.KindFloat, schema.KindDouble, schema.KindDecimal:
		return numbers
	case schema.KindString, schema.KindChar, schema.KindVarChar:
		return texts
	case schema.KindDate:
		return dates
	case schema.KindTimestamp:
		return instants
	case schema.KindTimestampNTZ:
		return clocks
	case schema.KindBoolean:
		return truths
	}
	return otherTypes
}

func isFloat(t schema.DataType) bool {
	return t.Kind == schema.KindFloat || t.Kind == schema.KindDouble
}

// constant is the literal of a value for a column of a type: a text is read as the
// type says, and a value of another family is refused.
func constant(t schema.DataType, v any) (expr, error) {
	switch familyOf(t) {
	case numbers:
		if f, ok := specialFloat(v); ok && isFloat(t) {
			return double(f), nil
		}
		n, err := number(v)
		if err != nil {
			return expr{}, err
		}
		return equal(t, n)
	case texts:
		return textConstant(v)
	case dates:
		return dateConstant(v)
	case instants:
		return instantConstant(v)
	case clocks:
		return clockConstant(v)
	case truths:
		return truthConstant(v)
	}
	return expr{}, fmt.Errorf("values of type %s cannot be written here", t)
}

// specialFloat reads what is no number and yet a float.
func specialFloat(v any) (float64, bool) {
	switch f := v.(type) {
	case float64:
		return f, math.IsNaN(f) || math.IsInf(f, 0)
	case float32:
		return specialFloat(float64(f))
	case string:
		switch strings.ToLower(strings.TrimSpace(f)) {
		case "nan":
			return math.NaN(), true
		case "infinity", "+infinity", "inf":
			return math.Inf(1), true
		case "-infinity", "-inf":
			return math.Inf(-1), true
		}
	}
	return 0, false
}

func textConstant(v any) (expr, error) {
	switch s := v.(type) {
	case string:
		if !utf8.ValidString(s) {
			return expr{}, fmt.Errorf("%q is no UTF-8", s)
		}
		return text(s), nil
	case int, int64, int32:
		return text(fmt.Sprint(s)), nil
	}
	return expr{}, fmt.Errorf("%v is no text; write it in quotes", v)
}

func truthConstant(v any) (expr, error) {
	switch b := v.(type) {
	case bool:
		return boolean(b), nil
	case string:
		switch strings.ToLower(b) {
		case "true", "false":
			return boolean(strings.EqualFold(b, "true")), nil
		}
	}
	return expr{}, fmt.Errorf("%v is neither true nor false", v)
}

func dateConstant(v any) (expr, error) {
	var day dataflow.Date
	switch d := v.(type) {
	case dataflow.Date:
		day = d
	case time.Time:
		day = value.DateOf(d)
	case string:
		got, err := value.ParseDate(d)
		if err != nil {
			return expr{}, err
		}
		day = got
	default:
		return expr{}, fmt.Errorf("%v is no date; write one such as 2024-05-01", v)
	}
	days, err := day.Days()
	if err != nil {
		return expr{}, err
	}
	return literal(&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Date{Date: days}}), nil
}

// layouts of points in time without a zone; a fraction may follow the seconds.
func clockLayouts() []string {
	return []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly}
}

var errNoMoment = errors.New("write a point in time such as 2024-05-01 12:00:00 or 2024-05-01T12:00:00Z")

// instantConstant is a TIMESTAMP. A text without a zone is in the time zone of the
// session, which the server knows.
func instantConstant(v any) (expr, error) {
	switch at := v.(type) {
	case time.Time:
		return instant(at)
	case dataflow.Date:
		return call("timestamp", text(at.String())), nil
	case string:
		at = strings.TrimSpace(at)
		for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00"} {
			if moment, err := time.Parse(layout, at); err == nil {
				return instant(moment)
			}
		}
		if _, ok := clock(at); ok {
			return call("timestamp", text(at)), nil
		}
	}
	return expr{}, fmt.Errorf("%v: %w", v, errNoMoment)
}

// clockConstant is a TIMESTAMP_NTZ.
func clockConstant(v any) (expr, error) {
	var at time.Time
	ok := true
	switch c := v.(type) {
	case time.Time:
		_, offset := c.Zone()
		at = c.UTC().Add(time.Duration(offset) * time.Second)
	case dataflow.Date:
		at = c.Time(time.UTC)
	case string:
		at, ok = clock(strings.TrimSpace(c))
	default:
		ok = false
	}
	if !ok {
		return expr{}, fmt.Errorf("%v: write a date and a time without a zone, such as 2024-05-01 12:00:00", v)
	}
	micros, err := micros(at)
	return literal(&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_TimestampNtz{TimestampNtz: micros}}), err
}

func clock(s string) (time.Time, bool) {
	for _, layout := range clockLayouts() {
		if at, err := time.Parse(layout, s); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

func instant(at time.Time) (expr, error) {
	micros, err := micros(at)
	return literal(&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Timestamp{Timestamp: micros}}), err
}

const lastYear = 9999

func micros(at time.Time) (int64, error) {
	if year := at.UTC().Year(); year < 1 || year > lastYear {
		return 0, fmt.Errorf("the year %d is out of range", year)
	}
	return at.UnixMicro(), nil
}

// interval is a length of time.
func interval(d time.Duration) expr {
	return literal(&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_DayTimeInterval{DayTimeInterval: d.Microseconds()}})
}

// orderedConstant makes a bound for types that compare and are no numbers.
func orderedConstant(t schema.DataType, v any) (expr, error) {
	switch familyOf(t) {
	case texts, dates, instants, clocks:
		return constant(t, v)
	}
	return expr{}, fmt.Errorf("a range wants numbers, texts, dates or points in time, and the column is %s", t)
}
