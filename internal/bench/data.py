"""Answers how long PySpark takes to get rows out of Spark and into it.

One request a line on the standard input, or one as the arguments; one answer in
seconds a line on the standard output:

    rows WAY COUNT      toArrow, toPandas, collect or toLocalIterator
    upload WAY COUNT    createDataFrame of rows, pandas or arrow, then count()
    query CLIENT COUNT  the median of COUNT times SELECT 1 with its row
"""

import os
import statistics
import sys
import time

import pyarrow
from pyspark.sql.connect.session import SparkSession

FOUR_COLUMNS = "SELECT id, id * 2 AS b, CAST(id AS STRING) AS s, rand(7) AS r FROM range(0, {}, 1, {})"

sources = {}
turn = 0


def rows(spark, way, count):
    df = spark.sql(FOUR_COLUMNS.format(count, max(2, count // 1_000_000)))
    started = time.perf_counter()
    if way == "toArrow":
        got = df.toArrow().num_rows
    elif way == "toPandas":
        got = len(df.toPandas())
    elif way == "collect":
        got = len(df.collect())
    elif way == "toLocalIterator":
        got = sum(1 for _ in df.toLocalIterator())
    else:
        raise ValueError(f"unknown way {way!r}")
    return time.perf_counter() - started, got


def source(way, count):
    """Data that no request has sent yet."""
    global turn
    turn += 1
    if (way, count) not in sources:
        ids = range(count)
        table = pyarrow.table({"id": ids, "b": [2 * i for i in ids], "s": [str(i) for i in ids], "r": [i / 3 for i in ids]})
        sources[way, count] = {
            "arrow": lambda: table,
            "pandas": table.to_pandas,
            "rows": lambda: [tuple(row.values()) for row in table.to_pylist()],
        }[way]()
    data = sources[way, count]
    if way == "rows":
        data[0] = (0, -turn, "0", 0.0)
    elif way == "pandas":
        data.loc[0, "b"] = -turn
    else:
        data = data.set_column(1, "b", pyarrow.array([-turn] + [2 * i for i in range(1, count)]))
    return data


def upload(spark, way, count):
    data = source(way, count)
    keywords = {"schema": "id long, b long, s string, r double"} if way == "rows" else {}
    started = time.perf_counter()
    got = spark.createDataFrame(data, **keywords).count()
    return time.perf_counter() - started, got


def query(spark, _, count):
    took = []
    for _ in range(count):
        started = time.perf_counter()
        if len(spark.sql("SELECT 1").collect()) != 1:
            raise RuntimeError("want one row")
        took.append(time.perf_counter() - started)
    return statistics.median(took), count


def answer(spark, request):
    word, way, count = request.split()
    took, got = {"rows": rows, "upload": upload, "query": query}[word](spark, way, int(count))
    if got != int(count):
        raise RuntimeError(f"want {count} rows, got {got}")
    return took


def main():
    spark = SparkSession.builder.remote(os.environ["SPARK_REMOTE"]).create()
    for line in [" ".join(sys.argv[1:])] if len(sys.argv) > 1 else sys.stdin:
        try:
            print(answer(spark, line), flush=True)
        except Exception as error:  # the other side prints it
            print(f"error: {error!r}".replace("\n", " "), flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
