package value

import (
	"fmt"
	"math"
	"time"
)

const secondsPerDay = 24 * 60 * 60

// Date is a day without a time, a Spark DATE, in the calendar of [time.Time].
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the day that t has in its own location.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{Year: year, Month: month, Day: day}
}

// DateOfDays returns the day that is so many days after 1 January 1970.
func DateOfDays(days int32) Date {
	return DateOf(time.Unix(int64(days)*secondsPerDay, 0).UTC())
}

// ParseDate reads a date as [Date.String] writes it, such as "2024-02-29".
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, fmt.Errorf(`%q is not a date; write year-month-day, for example "2024-02-29"`, text)
	}
	return DateOf(t), nil
}

// String returns the date as year-month-day.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// MarshalText returns the date as year-month-day, for JSON and the like.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseDate(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

// Time returns the beginning of the day in a location; nil means UTC.
func (d Date) Time(loc *time.Location) time.Time {
	if loc == nil {
		loc = time.UTC
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
}

// Days returns the days from 1 January 1970 to d, which is how Spark keeps a
// date. It is an error when there is no such day, as 30 February, or when Spark
// has no room for it.
func (d Date) Days() (int32, error) {
	midnight := d.Time(time.UTC)
	if DateOf(midnight) != d {
		return 0, fmt.Errorf("there is no date %s", d)
	}
	days := midnight.Unix() / secondsPerDay
	if days < math.MinInt32 || days > math.MaxInt32 {
		return 0, fmt.Errorf("the date of the year %d is out of range", d.Year)
	}
	return int32(days), nil
}
