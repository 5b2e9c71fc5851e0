"""Writes types.json: what PySpark reads for values of every type of Spark SQL.

    SPARK_REMOTE=sc://localhost:15002 python types.py

Needs PySpark 4.0 with the Connect extras. Each case is one query; the test
TestRealTypes runs the same queries through this library and compares.

The form of the values: BIGINT, DECIMAL, FLOAT and DOUBLE are texts;
timestamps are microseconds since 1970 as texts, those without a zone as if
they were UTC; day-time intervals are microseconds and year-month intervals
months; dates are texts; BINARY is hexadecimal; a VARIANT is its JSON; arrays
are lists, structs are lists of their fields' values, maps are lists of pairs.
"""

import sys

del sys.path[0]  # this folder: the standard library has a module types of its own

import calendar  # noqa: E402
import datetime  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import pathlib  # noqa: E402
import time  # noqa: E402

os.environ["TZ"] = "UTC"  # PySpark gives timestamps in the zone of the process
time.tzset()

from pyspark.sql import SparkSession, types as t  # noqa: E402

NEW_YORK = {"spark.sql.session.timeZone": "America/New_York"}


def values(columns, *rows):
    return f"SELECT * FROM VALUES {', '.join(rows)} AS t({columns})"


# name, query[, settings of the session beside the time zone UTC]
CASES = [
    ("void", "SELECT NULL AS v"),
    ("void nested", "SELECT array(NULL, NULL) AS a, map('k', NULL) AS m, named_struct('n', NULL) AS s"),
    ("boolean", values("v", "(true)", "(false)", "(NULL)")),
    ("boolean not null", values("v", "(true)", "(false)")),
    ("tinyint", values("v", "(-128Y)", "(127Y)", "(0Y)", "(NULL)")),
    ("smallint", values("v", "(-32768S)", "(32767S)", "(NULL)")),
    ("int", values("v", "(-2147483648)", "(2147483647)", "(NULL)")),
    ("bigint", values("v", "(-9223372036854775808L)", "(9223372036854775807L)", "(9007199254740993L)", "(NULL)")),
    ("float", values("v", "(float('NaN'))", "(float('Infinity'))", "(float('-Infinity'))", "(float('-0.0'))", "(float('3.4028235e38'))",
                     "(float('1.4e-45'))", "(float('0.1'))", "(NULL)")),
    ("double", values("v", "(double('NaN'))", "(double('Infinity'))", "(double('-Infinity'))", "(double('-0.0'))",
                      "(double('1.7976931348623157e308'))", "(double('4.9e-324'))", "(0.1D)", "(NULL)")),
    ("decimal(1,0)", values("v", "(9BD)", "(-9BD)", "(NULL)")),
    ("decimal(9,2)", "SELECT CAST(c AS DECIMAL(9,2)) AS v FROM VALUES ('9999999.99'), ('-9999999.99'), ('0.05'), ('1'), (NULL) AS t(c)"),
    ("decimal(18,18)", "SELECT CAST(c AS DECIMAL(18,18)) AS v FROM VALUES ('0.999999999999999999'), ('-0.000000000000000001'), ('0') AS t(c)"),
    ("decimal(38,0)", "SELECT CAST(c AS DECIMAL(38,0)) AS v FROM VALUES ('" + "9" * 38 + "'), ('-" + "9" * 38 + "'), ('0'), (NULL) AS t(c)"),
    ("decimal(38,18)", "SELECT CAST(c AS DECIMAL(38,18)) AS v FROM VALUES ('" + "9" * 20 + "." + "9" * 18 + "'), ('-" + "9" * 20 + "." + "9" * 18
     + "'), ('0.000000000000000001'), ('12.5') AS t(c)"),
    ("decimal(38,38)", "SELECT CAST(c AS DECIMAL(38,38)) AS v FROM VALUES ('0." + "9" * 38 + "'), ('-0." + "0" * 37 + "1') AS t(c)"),
    ("string", values("v", "('')", "('plain')", "('zwölf 日本 😀 e\u0301')", r"('nul \0 in it')", r"('quote \" \' back\\\\slash \n\r\t')",
                      "(' blanks  ')", "(repeat('x', 70))", "(NULL)")),
    ("string collated", "SELECT c COLLATE UNICODE_CI AS u, c COLLATE UTF8_LCASE AS l, c COLLATE de AS g, c AS b FROM VALUES ('Äpfel'), (''), (NULL) AS t(c)"),
    ("string collated nested", "SELECT array(c COLLATE UNICODE) AS a, map('k' COLLATE de, array(c COLLATE UTF8_LCASE)) AS m, "
                               "named_struct('f', c COLLATE fr_CAN_AI) AS s FROM VALUES ('x'), (NULL) AS t(c)"),
    ("char and varchar read as string", "SELECT CAST('ab' AS CHAR(5)) AS c, CAST('ab' AS VARCHAR(5)) AS v"),
    ("char and varchar", "SELECT CAST('ab' AS CHAR(5)) AS c, CAST('ab' AS VARCHAR(5)) AS v, array(CAST('x' AS CHAR(2))) AS a",
     {"spark.sql.preserveCharVarcharTypeInfo": "true"}),
    ("binary", values("v", "(X'')", "(X'00ff80')", "(CAST('text' AS BINARY))", "(NULL)")),
    ("date", values("v", "(DATE'0001-01-01')", "(DATE'9999-12-31')", "(DATE'1582-10-04')", "(DATE'1582-10-15')", "(DATE'1969-12-31')",
                    "(DATE'1970-01-01')", "(DATE'2024-02-29')", "(NULL)")),
    ("date out of Python's range", values("v", "(DATE'-0044-03-15')", "(DATE'+12345-06-07')")),
    ("timestamp UTC", values("v", "(TIMESTAMP'0001-01-01 00:00:00')", "(TIMESTAMP'9999-12-31 23:59:59.999999')",
                             "(TIMESTAMP'1582-10-04 23:59:59')", "(TIMESTAMP'1969-12-31 23:59:59.999999')", "(TIMESTAMP'1970-01-01 00:00:00')",
                             "(TIMESTAMP'1900-01-01 12:34:56.789')", "(TIMESTAMP'2024-03-10 02:30:00')", "(NULL)")),
    ("timestamp New York", values("v", "(TIMESTAMP'0001-01-02 00:00:00')", "(TIMESTAMP'9999-12-31 12:00:00')", "(TIMESTAMP'1582-10-10 00:00:00')",
                                  "(TIMESTAMP'1883-11-18 12:00:00')", "(TIMESTAMP'1969-12-31 19:00:00')", "(TIMESTAMP'2024-03-10 02:30:00')",
                                  "(TIMESTAMP'2024-11-03 01:30:00')", "(TIMESTAMP'2024-11-03 01:30:00-05:00')", "(TIMESTAMP'2024-07-01 00:00:00.000001')",
                                  "(NULL)"), NEW_YORK),
    ("timestamp out of Python's range", values("v", "(TIMESTAMP'-0044-03-15 12:00:00')", "(TIMESTAMP'+294247-01-10 04:00:54.775807')",
                                               "(TIMESTAMP'-290308-12-21 19:59:05.224192')")),
    ("timestamp_ntz UTC", values("v", "(TIMESTAMP_NTZ'0001-01-01 00:00:00')", "(TIMESTAMP_NTZ'9999-12-31 23:59:59.999999')",
                                 "(TIMESTAMP_NTZ'1969-12-31 23:59:59.999999')", "(TIMESTAMP_NTZ'2024-03-10 02:30:00')", "(NULL)")),
    ("timestamp_ntz New York", values("v", "(TIMESTAMP_NTZ'0001-01-01 00:00:00')", "(TIMESTAMP_NTZ'2024-03-10 02:30:00')",
                                      "(TIMESTAMP_NTZ'2024-11-03 01:30:00')", "(NULL)"), NEW_YORK),
    ("interval year to month", values("v", "(INTERVAL '1-2' YEAR TO MONTH)", "(INTERVAL '-178956970-8' YEAR TO MONTH)",
                                      "(INTERVAL '178956970-7' YEAR TO MONTH)", "(NULL)")),
    ("interval year, interval month", "SELECT INTERVAL '3' YEAR AS y, INTERVAL '-5' MONTH AS m"),
    ("interval day to second", values("v", "(INTERVAL '1 02:03:04.000005' DAY TO SECOND)", "(INTERVAL '-106751991 04:00:54.775808' DAY TO SECOND)",
                                      "(INTERVAL '106751991 04:00:54.775807' DAY TO SECOND)", "(INTERVAL '0 00:00:00' DAY TO SECOND)",
                                      "(INTERVAL '-0 00:00:00.000001' DAY TO SECOND)", "(NULL)")),
    ("intervals of other fields", "SELECT INTERVAL '1' DAY AS d, INTERVAL '1 2' DAY TO HOUR AS dh, INTERVAL '1 02:03' DAY TO MINUTE AS dm, INTERVAL '4' HOUR AS h, "
                                  "INTERVAL '4:05' HOUR TO MINUTE AS hm, INTERVAL '4:05:06' HOUR TO SECOND AS hs, INTERVAL '7' MINUTE AS m, "
                                  "INTERVAL '7:08' MINUTE TO SECOND AS ms, INTERVAL '9.5' SECOND AS s"),
    ("interval", values("v", "(make_interval(1, 2, 0, 3, 4, 5, 6.789))", "(make_interval(-1, -2, 0, -3, -4, -5, -6.789))", "(make_interval())", "(NULL)")),
    ("variant", "SELECT parse_json(c) AS v FROM VALUES ('null'), ('true'), ('1'), ('-9223372036854775808'), ('12.50'), ('1e300'), "
                "('\"zwölf \\\\u0000 😀\"'), ('[]'), ('{}'), ('{\"b\":[1,{\"a\":null}],\"a\":\"x\"}'), (NULL) AS t(c)"),
    ("variant of casts", "SELECT CAST(X'00ff' AS VARIANT) AS bin, CAST(DATE'2024-02-29' AS VARIANT) AS d, CAST(1.5F AS VARIANT) AS f, "
                         "CAST(CAST('1.25' AS DECIMAL(38,18)) AS VARIANT) AS dec, CAST(array(1, NULL) AS VARIANT) AS a, "
                         "to_variant_object(named_struct('x', 1)) AS s"),
    ("array", "SELECT array() AS empty, array(1, 2) AS strict, array(1, NULL) AS nulls, CAST(NULL AS ARRAY<INT>) AS no, array(array(), array(1L)) AS nested"),
    ("array of every type", "SELECT array(true, NULL) AS bool, array(1Y) AS byte, array(1S) AS short, array(1L) AS long, array(float('1.5')) AS f, array(0.1D) AS d, "
                            "array(1.25BD, NULL) AS dec, array('a', '') AS s, array(X'01') AS bin, array(DATE'2024-02-29') AS day, "
                            "array(TIMESTAMP'2024-02-29 01:02:03') AS ts, array(TIMESTAMP_NTZ'2024-02-29 01:02:03') AS ntz, "
                            "array(INTERVAL '1 00:00:00' DAY TO SECOND) AS dt, array(parse_json('{\"a\":1}'), NULL) AS var"),
    ("map", "SELECT map() AS empty, map('a', 1, 'b', NULL) AS nulls, map(1, 'x', 2, 'y') AS strict, CAST(NULL AS MAP<STRING, INT>) AS no, "
            "map('k', map(1L, array(DATE'2024-02-29', NULL))) AS nested"),
    ("map keys of other types", "SELECT map(true, 1) AS bool, map(CAST(1 AS DECIMAL(5,2)), 1) AS dec, map(DATE'2024-02-29', 1) AS day, map(0.5D, 1) AS d"),
    ("map with struct keys", "SELECT map(named_struct('a', 1, 'b', 'x'), 1) AS m"),
    ("map with binary keys", "SELECT map(X'00ff', 1) AS m"),
    ("map with array keys", "SELECT map(array(1, 2), 1) AS m"),
    ("struct", "SELECT named_struct('a', 1, 'b', NULL, 'c', 'x') AS s, CAST(NULL AS STRUCT<a: INT, b: STRING>) AS no, "
               "named_struct('a', named_struct('b', named_struct('c', 1L))) AS deep, named_struct('odd name', 1, 'with`tick', 2, 'ü', 3) AS names"),
    ("struct rows", "SELECT CASE WHEN id = 1 THEN NULL ELSE named_struct('id', id, 'tags', array(CAST(id AS STRING))) END AS s FROM range(0, 3, 1, 1)"),
    ("nesting", "SELECT array(named_struct('m', map('k', array(named_struct('v', CAST('1.10' AS DECIMAL(10,2)), 'n', CAST(NULL AS ARRAY<INT>))))), NULL) AS a, "
                "map(5L, array(map('y', named_struct('z', X'ff')))) AS m"),
    ("nesting of 20 arrays", "SELECT " + "array(" * 20 + "1" + ")" * 20 + " AS a"),
    ("names", "SELECT 1 AS `a b`, 2 AS `tick``s`, 3 AS `zwölf`, 4 AS `select`, 5 AS `a.b`, 6 AS `1a`, 7 AS A, 8 AS a"),
    ("no rows", "SELECT id, CAST(id AS STRING) AS s, array(id) AS a FROM range(3) WHERE id > 5"),
    ("limit 0", "SELECT 1 AS a, 2 AS b LIMIT 0"),
    ("nullability", "SELECT id, IF(id > 0, id, NULL) AS n, array(id) AS a, map('k', id) AS m, named_struct('f', id) AS s FROM range(0, 2, 1, 1)"),
]


def plain(value, typ):
    """Gives the value in the form of the file."""
    if value is None:
        return None
    if isinstance(typ, t.ArrayType):
        return [plain(v, typ.elementType) for v in value]
    if isinstance(typ, t.MapType):
        return [[plain(k, typ.keyType), plain(v, typ.valueType)] for k, v in value.items()]
    if isinstance(typ, t.StructType):
        return [plain(v, f.dataType) for v, f in zip(value, typ.fields)]
    if isinstance(typ, t.LongType):
        return str(value)
    if isinstance(typ, (t.FloatType, t.DoubleType)):
        return repr(value)
    if isinstance(typ, t.DecimalType):
        return f"{value:f}"
    if isinstance(typ, t.BinaryType):
        return bytes(value).hex()
    if isinstance(typ, t.DateType):
        return f"{value.year:04}-{value.month:02}-{value.day:02}"
    if isinstance(typ, (t.TimestampType, t.TimestampNTZType)):
        return str(calendar.timegm(value.timetuple()) * 1_000_000 + value.microsecond)
    if isinstance(typ, t.DayTimeIntervalType):
        return str(value // datetime.timedelta(microseconds=1))
    if isinstance(typ, t.VariantType):
        return value.toJson()
    return value


def read(spark, name, sql, conf=None):
    conf = {"spark.sql.session.timeZone": "UTC"} | (conf or {})
    for key, setting in ({"spark.sql.preserveCharVarcharTypeInfo": "false"} | conf).items():
        spark.conf.set(key, setting)
    df = spark.sql(sql)
    case = {"name": name, "sql": sql, "conf": conf, "ddl": df.schema.toDDL(), "schema": json.loads(df.schema.json())}
    try:
        case["rows"] = [plain(row, df.schema) for row in df.collect()]
    except Exception as err:  # whatever it is, the file says so
        case["unread"] = f"{type(err).__name__}: {str(err).splitlines()[0][:120]}"
    return case


def write(cases, path):
    """Writes a line for each row, so that differences can be read."""
    one = lambda value: json.dumps(value, ensure_ascii=False)  # noqa: E731
    with open(path, "w", encoding="utf-8") as out:
        out.write("[")
        for i, case in enumerate(cases):
            out.write("," if i else "")
            rows = case.pop("rows", None)
            out.write("\n  {\n" + ",\n".join(f"    {one(k)}: {one(v)}" for k, v in case.items()))
            if rows is not None:
                out.write(',\n    "rows": [' + ",".join("\n      " + one(row) for row in rows) + ("\n    " if rows else "") + "]")
            out.write("\n  }")
        out.write("\n]\n")


if __name__ == "__main__":
    session = SparkSession.builder.getOrCreate()
    write([read(session, *case) for case in CASES], pathlib.Path(__file__).with_name("types.json"))
