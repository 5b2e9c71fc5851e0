package value

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// YearMonthInterval is a Spark INTERVAL YEAR TO MONTH, in months.
type YearMonthInterval int32

// String returns the interval as Spark prints it between its quotes: years and
// months, such as "1-2" or "-0-11".
func (i YearMonthInterval) String() string {
	months, sign := int64(i), ""
	if months < 0 {
		months, sign = -months, "-"
	}
	return fmt.Sprintf("%s%d-%d", sign, months/12, months%12)
}

// DayTimeInterval is a Spark INTERVAL DAY TO SECOND, in microseconds. A
// [time.Duration] reaches 292 years and a Spark interval 292 thousand; this type
// holds all of them.
type DayTimeInterval int64

// Duration returns the interval as a duration. It is an error when that does
// not reach so far.
func (i DayTimeInterval) Duration() (time.Duration, error) {
	const most = math.MaxInt64 / int64(time.Microsecond)
	if int64(i) > most || int64(i) < -most {
		return 0, fmt.Errorf("the interval %s is longer than a time.Duration can be, which is 292 years; take a value.DayTimeInterval", i)
	}
	return time.Duration(i) * time.Microsecond, nil
}

// String returns the interval as Spark prints it between its quotes: days,
// hours, minutes and seconds, such as "1 02:03:04.5".
func (i DayTimeInterval) String() string {
	sign, micros := "", uint64(i)
	if i < 0 {
		sign, micros = "-", -micros
	}
	seconds, fraction := micros/1e6, ""
	if micros %= 1e6; micros > 0 {
		fraction = "." + strings.TrimRight(fmt.Sprintf("%06d", micros), "0")
	}
	return fmt.Sprintf("%s%d %02d:%02d:%02d%s", sign, seconds/secondsPerDay, seconds/3600%24, seconds/60%60, seconds%60, fraction)
}

// CalendarInterval is a Spark INTERVAL of the elder kind, whose parts stand
// beside each other: how long a month or a day is depends on where it is added.
type CalendarInterval struct {
	Months, Days int32
	Microseconds int64
}

// String returns the parts that are not zero, such as "1 months 2 days 3 microseconds".
func (i CalendarInterval) String() string {
	var parts []string
	if i.Months != 0 {
		parts = append(parts, fmt.Sprintf("%d months", i.Months))
	}
	if i.Days != 0 {
		parts = append(parts, fmt.Sprintf("%d days", i.Days))
	}
	if i.Microseconds != 0 || len(parts) == 0 {
		parts = append(parts, fmt.Sprintf("%d microseconds", i.Microseconds))
	}
	return strings.Join(parts, " ")
}
