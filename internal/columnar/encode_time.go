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
		return appendDayTime(to, int64(time.Microsecond))
	case kind == schema.KindDayTimeInterval && t == dayTimeType:
		return appendDayTime(to, 1)
	case kind == schema.KindYearMonthInterval && t == monthsType:
		return appendMonths(to)
	case kind == schema.KindCalendarInterval && t == calendarType:
		return appendCalendar(to)
	}
	return nil
}

// appendDayTime takes intervals that are whole numbers of the last field of their
// type: Spark would cut off the rest. unit is what the Go value has in a
// microsecond.
func appendDayTime(to target, unit int64) appendFunc {
	out := to.builder.(*array.DurationBuilder)
	smallest := map[schema.IntervalField]int64{
		schema.IntervalDay: 24 * 60 * 60 * 1_000_000, schema.IntervalHour: 60 * 60 * 1_000_000, schema.IntervalMinute: 60 * 1_000_000,
	}[to.typ.End]
	return func(v reflect.Value) error {
		micros := v.Int() / unit
		if smallest > 0 && micros%smallest != 0 {
			return fmt.Errorf("the interval %s has smaller parts than %s", value.DayTimeInterval(micros), to.typ)
		}
		out.Append(arrow.Duration(micros))
		return nil
	}
}

func appendMonths(to target) appendFunc {
	out := to.builder.(*array.MonthIntervalBuilder)
	return func(v reflect.Value) error {
		months := v.Int()
		if to.typ.End == schema.IntervalYear && months%12 != 0 {
			return fmt.Errorf("the interval %s has smaller parts than %s", value.YearMonthInterval(months), to.typ)
		}
		out.Append(arrow.MonthInterval(months))
		return nil
	}
}

// appendCalendar takes intervals whose microseconds Arrow can hold as
// nanoseconds.
func appendCalendar(to target) appendFunc {
	out := to.builder.(*array.MonthDayNanoIntervalBuilder)
	return func(v reflect.Value) error {
		i := goValue[value.CalendarInterval](v)
		nanos := i.Microseconds * 1000
		if nanos/1000 != i.Microseconds {
			return fmt.Errorf("the microseconds of the interval %s are more than 292 years, the most that a client can send", i)
		}
		out.Append(arrow.MonthDayNanoInterval{Months: i.Months, Days: i.Days, Nanoseconds: nanos})
		return nil
	}
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

// The first and the last time in microseconds from 1970, in whole seconds and
// the microseconds after them.
const (
	lastSecond, lastMicro   = math.MaxInt64 / 1_000_000, math.MaxInt64 % 1_000_000
	firstSecond, firstMicro = -lastSecond - 1, 1_000_000 - lastMicro - 1
)

func appendTime(to target, seconds func(time.Time) int64) appendFunc {
	out := to.builder.(*array.TimestampBuilder)
	return func(v reflect.Value) error {
		t := goValue[time.Time](v)
		s, micros := seconds(t), int64(t.Nanosecond()/1000)
		if s > lastSecond || s == lastSecond && micros > lastMicro || s < firstSecond || s == firstSecond && micros < firstMicro {
			return fmt.Errorf("the time of the year %d is out of the range of %s", t.Year(), to.typ)
		}
		out.Append(arrow.Timestamp(s*1_000_000 + micros)) // of the first second the product alone wraps around, and the sum back
		return nil
	}
}

// wallClock gives what the clock of the time's own location shows, counted as if
// it were in UTC.
func wallClock(t time.Time) int64 {
	_, offset := t.Zone()
	return t.Unix() + int64(offset)
}
