// Package value has the values of Spark SQL that Go has no type for.
//
//	| Spark                    | here                                          |
//	| DECIMAL                  | [Decimal], exact, as text                     |
//	| DATE                     | [Date]                                        |
//	| INTERVAL YEAR TO MONTH   | [YearMonthInterval], months                   |
//	| INTERVAL DAY TO SECOND   | [time.Duration], or [DayTimeInterval] for all |
//	| INTERVAL                 | [CalendarInterval]                            |
//	| VARIANT                  | [Variant], Spark's binary form                |
//
// They are plain values: arguments of SQL statements, fields of the structs that
// rows are read into and that local data is made of.
//
// # Errors
//
// A Decimal and a Date can be written that are none, such as "1.2.3" and 30
// February. The methods that compute with them return an error then.
//
// # Concurrency
//
// All types are values and safe for concurrent use.
package value
