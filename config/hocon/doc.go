// Package hocon reads HOCON, the configuration format of the Typesafe Config
// library, and gives it to koanf.
//
// HOCON is JSON with fewer rules: comments, keys without quotes, optional
// commas and root braces, dotted keys, strings over several lines, includes,
// and substitutions that refer to other keys or to the environment:
//
//	include "base.conf"
//	name = orders
//	spark { app_name = ${name}-${?STAGE}, spark_conf { "spark.sql.shuffle.partitions" = 10 } }
//	sql = """SELECT * FROM orders"""
//
// [Load] reads a file into a map. [Parser] is a parser for koanf:
//
//	k := koanf.New("/")
//	err := k.Load(file.Provider("pipeline.conf"), hocon.Parser())
//
// Choose a koanf delimiter that keys do not hold: a quoted key with dots, such
// as a Spark property, stays one key.
//
// [ParseFile] and [Parse] stop before substitutions are resolved. Their result
// belongs to this module; other modules have [Load] and [Parser].
//
// # What is understood
//
// The whole format as files use it. Differences from the Typesafe library are
// on the strict side or on the generous side, never a different value: text
// beside an array or an object is an error instead of being dropped, += and
// includes work inside arrays, and a whole number too large for 64 bits stays a
// number. include url(...), include classpath(...) and .properties files are
// refused.
//
// A substitution is looked up in the document first and in the environment when
// the document has no such path. Values of the environment are strings.
//
// # Errors
//
// A fault is an [*Error] with file, line and column, what was found and what to
// do. Syntax errors stop at the first; unresolved substitutions are all reported
// at once, joined as [errors.Join] does.
//
// # Concurrency
//
// All functions and [HOCON] are safe for concurrent use.
package hocon
