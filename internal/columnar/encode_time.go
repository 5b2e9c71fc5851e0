package columnar

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow/value"
)

// bindTime compiles the functions for dates, times and intervals. Fractions of a
// microsecond are cut off, since Spark has none.
func bindTime(t reflect.Type, to target) appendFunc {
	switch kind := to.typ.Kind; {
	case kind == schema.KindDate && t == dateType:
		return appendDate(to, func(v reflect.Value) value.Date { return goValue[value.Date](v) })
	case kind == schema.KindDate && t == timeType:
		return appendDate(to, func(v reflect.Value) value.Date { return value.DateOf(goValue[time.Time](v)) })
	case kind == schema.KindTimestamp && t == timeType:
		return appendTime(to, func(t time.Time) int64 { return t.Unix() })
	case kind == schema.KindTimestampNTZ && t == timeType:
		return appendTime(to, wallClock)
	case kind == schema.KindDayTimeInterval && t == durationType:
		out := to.builder.(*array.DurationBuilder)
		return func(v reflect.Value) error {
			out.Append(arrow.Duration(v.Int() / int64(time.Microsecond)))
			return nil
		}
	case kind == schema.KindDayTimeInterval && t == dayTimeType:
		out := to.builder.(*array.DurationBuilder)
		return func(v reflect.Value) error {
			out.Append(arrow.Duration(v.Int()))
			return nil
		}
	case kind == schema.KindYearMonthInterval && t == monthsType:
		out := to.builder.(*array.MonthIntervalBuilder)
		return func(v reflect.Value) error {
			out.Append(arrow.MonthInterval(v.Int()))
			return nil
		}
	}
	return nil
}

// goValue gives the value without a copy on the heap where it has an address.
func goValue[T any](v reflect.Value) T {
	if v.CanAddr() {
		if p, ok := v.Addr().Interface().(*T); ok {
			return *p
		}
	}
	got, _ := v.Interface().(T)
	return got
}

func appendDate(to target, date func(reflect.Value) value.Date) appendFunc {
	out := to.builder.(*array.Date32Builder)
	return func(v reflect.Value) error {
		days, err := date(v).Days()
		if err != nil {
			return err
		}
		out.Append(arrow.Date32(days))
		return nil
	}
}

// maxSeconds is how far from 1970 a time in microseconds reaches.
const maxSeconds = math.MaxInt64 / 1_000_000

func appendTime(to target, seconds func(time.Time) int64) appendFunc {
	out := to.builder.(*array.TimestampBuilder)
	return func(v reflect.Value) error {
		t := goValue[time.Time](v)
		s := seconds(t)
		if s >= maxSeconds || s <= -maxSeconds {
			return fmt.Errorf("the time of the year %d is out of the range of %s", t.Year(), to.typ)
		}
		out.Append(arrow.Timestamp(s*1_000_000 + int64(t.Nanosecond()/1000)))
		return nil
	}
}

// wallClock gives what the clock of the time's own location shows, counted as if
// it were in UTC.
func wallClock(t time.Time) int64 {
	_, offset := t.Zone()
	return t.Unix() + int64(offset)
}
