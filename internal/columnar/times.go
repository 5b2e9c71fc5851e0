package columnar

import (
	"fmt"
	"reflect"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sparkpipe/sparkpipe/dataflow/value"
)

var (
	decimalType  = reflect.TypeFor[value.Decimal]()
	durationType = reflect.TypeFor[time.Duration]()
	dayTimeType  = reflect.TypeFor[value.DayTimeInterval]()
	monthsType   = reflect.TypeFor[value.YearMonthInterval]()
	timeType     = reflect.TypeFor[time.Time]()
	dateType     = reflect.TypeFor[value.Date]()
	calendarType = reflect.TypeFor[value.CalendarInterval]()
	variantType  = reflect.TypeFor[value.Variant]()
)

// ownTypes are named numbers and texts that mean more than their kind: a BIGINT
// is no time.Duration.
var ownTypes = map[reflect.Type]bool{decimalType: true, durationType: true, dayTimeType: true, monthsType: true}

// timeWriter makes the writer for a date, time or interval, nil when the Go type
// is none for it.
func timeWriter(c cell) writer {
	switch id := c.arrow.ID(); {
	case id == arrow.DATE32 && c.typ == dateType:
		return newLeaf(c, openDate)
	case id == arrow.DATE32 && c.typ == timeType:
		return newLeaf(c, openMidnight)
	case id == arrow.TIMESTAMP && c.typ == timeType:
		return newLeaf(c, openTime)
	case id == arrow.DURATION && c.typ == durationType:
		return newLeaf(c, openDuration)
	case id == arrow.DURATION && c.typ == dayTimeType:
		return newLeaf(c, openDayTime)
	case id == arrow.INTERVAL_MONTHS && c.typ == monthsType:
		return newLeaf(c, openMonths)
	case id == arrow.INTERVAL_MONTH_DAY_NANO && c.typ == calendarType:
		return newLeaf(c, openCalendar)
	}
	return nil
}

func openDate(column arrow.Array) source[value.Date] {
	a := column.(*array.Date32)
	return source[value.Date]{get: func(i int) (value.Date, error) { return value.DateOfDays(int32(a.Value(i))), nil }}
}

func openMidnight(column arrow.Array) source[time.Time] {
	a := column.(*array.Date32)
	return source[time.Time]{get: func(i int) (time.Time, error) {
		return time.Unix(int64(a.Value(i))*24*60*60, 0).UTC(), nil
	}}
}

// openTime gives the instant of a TIMESTAMP, and of a TIMESTAMP_NTZ the time in
// UTC at which a clock on the wall shows the same.
func openTime(column arrow.Array) source[time.Time] {
	a := column.(*array.Timestamp)
	return source[time.Time]{get: func(i int) (time.Time, error) { return time.UnixMicro(int64(a.Value(i))).UTC(), nil }}
}

func openDuration(column arrow.Array) source[time.Duration] {
	a := column.(*array.Duration)
	return source[time.Duration]{get: func(i int) (time.Duration, error) {
		return value.DayTimeInterval(a.Value(i)).Duration()
	}}
}

func openDayTime(column arrow.Array) source[value.DayTimeInterval] {
	a := column.(*array.Duration)
	return source[value.DayTimeInterval]{get: func(i int) (value.DayTimeInterval, error) {
		return value.DayTimeInterval(a.Value(i)), nil
	}}
}

func openMonths(column arrow.Array) source[value.YearMonthInterval] {
	a := column.(*array.MonthInterval)
	return source[value.YearMonthInterval]{get: func(i int) (value.YearMonthInterval, error) {
		return value.YearMonthInterval(a.Value(i)), nil
	}}
}

func openCalendar(column arrow.Array) source[value.CalendarInterval] {
	a := column.(*array.MonthDayNanoInterval)
	return source[value.CalendarInterval]{get: func(i int) (value.CalendarInterval, error) {
		v := a.Value(i)
		if v.Nanoseconds%1000 != 0 {
			return value.CalendarInterval{}, fmt.Errorf("the interval has %d nanoseconds, and Spark has none", v.Nanoseconds%1000)
		}
		return value.CalendarInterval{Months: v.Months, Days: v.Days, Microseconds: v.Nanoseconds / 1000}, nil
	}}
}

// openVariant gives copies of the two parts.
func openVariant(column arrow.Array) source[value.Variant] {
	a := column.(*array.Struct)
	t := a.DataType().(*arrow.StructType)
	at, _ := t.FieldIdx("value")
	atMeta, _ := t.FieldIdx("metadata")
	data, offset := bytesOf(a.Field(at))
	meta, metaOffset := bytesOf(a.Field(atMeta))
	return source[value.Variant]{get: func(i int) (value.Variant, error) {
		return value.Variant{
			Metadata: append([]byte{}, meta[metaOffset(i):metaOffset(i+1)]...),
			Value:    append([]byte{}, data[offset(i):offset(i+1)]...),
		}, nil
	}}
}
