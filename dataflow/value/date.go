package value

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
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

// datePattern is that of all that [Date.String] writes of Spark's dates, with a
// sign where one may be left out.
var datePattern = regexp.MustCompile(`^([+-]?[0-9]{4,7})-([0-9]{2})-([0-9]{2})$`)

// ParseDate reads a date as [Date.String] writes it, such as "2024-02-29",
// "+10000-01-01" or "-0044-03-15". Years have four to seven digits and may have a
// sign. Each date that Spark can hold is read, from -5877641-06-23 to
// +5881580-07-11, and no other.
func ParseDate(text string) (Date, error) {
	parts := datePattern.FindStringSubmatch(text)
	if parts == nil {
		return Date{}, notDate(text)
	}
	var numbers [3]int
	for i, part := range parts[1:] {
		numbers[i], _ = strconv.Atoi(part) // seven digits at most
	}
	d := Date{Year: numbers[0], Month: time.Month(numbers[1]), Day: numbers[2]}
	if DateOf(d.Time(nil)) != d {
		return Date{}, notDate(text)
	}
	if _, err := d.Days(); err != nil {
		return Date{}, err
	}
	return d, nil
}

func notDate(text string) error {
	return fmt.Errorf(`%q is not a date; write year-month-day, for example "2024-02-29"`, text)
}

// String returns the date as year-month-day, as Spark prints it: the year has at
// least four digits, a sign before year 0, and a plus beyond year 9999.
func (d Date) String() string {
	return fmt.Sprintf("%s-%02d-%02d", yearText(d.Year), int(d.Month), d.Day)
}

func yearText(year int) string {
	switch {
	case year < 0:
		return fmt.Sprintf("%05d", year) // the sign counts
	case year > 9999:
		return fmt.Sprintf("+%d", year)
	}
	return fmt.Sprintf("%04d", year)
}

// timeText is the time with its date as Spark prints it. clock is the layout of
// what follows the date.
func timeText(t time.Time, clock string) string { return DateOf(t).String() + t.Format(clock) }

// MarshalText returns the text of String, for JSON and the like.
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
