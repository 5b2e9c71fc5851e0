"""Answers how long the predecessor's checks take, one after another.

One request a line on the standard input, "quality WHAT FORMAT ROWS"; one answer a line on
the standard output, in seconds. WHAT is nine or ten checks of the table that the worker in
Go has made in the folder BENCH_QUALITY.
"""

import logging
import os
import sys
import time

from pyspark.sql.connect.session import SparkSession
from pyspark_pipeline_framework.core.quality import checks as c

SCHEMA = (
    "id BIGINT, customer BIGINT, region INT, amount DOUBLE, age INT, email STRING, day DATE, name STRING, "
    "active BOOLEAN, token STRING"
)


def checks_of(table, key):
    found = [
        c.row_count_check(table, 1),
        c.null_check(table, "id"),
        c.null_check(table, "email"),
        c.null_check(table, "name", max_null_pct=1.0),
        c.range_check(table, "amount", 0, 1000),
        c.range_check(table, "age", 0, 130),
        c.range_check(table, "region", 0, 6),
        c.custom_sql_check("not_negative", f"SELECT count(*) = 0 AS passed FROM {table} WHERE amount < 0"),
        c.custom_sql_check("email_form", f"SELECT count(*) = 0 AS passed FROM {table} WHERE email NOT LIKE '%@%'"),
    ]
    return found + ([c.unique_check(table, "id")] if key else [])


def view_of(spark, form, rows):
    folder = os.path.join(os.environ["BENCH_QUALITY"], f"{form}-{rows}")
    if form == "parquet":
        spark.read.parquet(folder).createOrReplaceTempView("quality_table")
        return
    spark.read.schema(SCHEMA).csv(folder).createOrReplaceTempView("quality_raw")
    spark.sql("SELECT *, sum(amount) OVER (PARTITION BY customer) AS total FROM quality_raw").createOrReplaceTempView(
        "quality_table"
    )


def answer(spark, request):
    word, what, form, rows = request.split()
    if word != "quality" or what not in ("nine", "ten"):
        raise ValueError(f"unknown request {request!r}")
    view_of(spark, form, int(rows))
    started = time.perf_counter()
    for check in checks_of("quality_table", what == "ten"):
        result = check.check_fn(spark)
        if not result.passed:
            raise RuntimeError(f"not passed: {result}")
    return time.perf_counter() - started


def main():
    logging.basicConfig(level=logging.ERROR)
    spark = SparkSession.builder.remote(os.environ["SPARK_REMOTE"]).create()
    for line in sys.stdin:
        try:
            print(answer(spark, line), flush=True)
        except Exception as error:  # the other side prints it
            print(f"error: {error!r}".replace("\n", " "), flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
