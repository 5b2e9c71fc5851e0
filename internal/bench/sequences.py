"""What somebody would write by hand for sequences.yaml: PySpark over Spark Connect.

sequences.py DATA OUT THREADS reads the Parquet files below DATA and writes the
results of eight queries as CSV below OUT, THREADS of them at a time; 1 is a loop.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from pyspark.sql import SparkSession

QUERIES = {
    "by_store": "SELECT store, count(*) AS orders, sum(amount) AS amount FROM orders GROUP BY store",
    "by_day": "SELECT day, count(*) AS orders, sum(amount) AS amount FROM orders GROUP BY day",
    "by_region": """
        SELECT s.region, count(*) AS orders, sum(o.amount) AS amount
        FROM orders o JOIN stores s ON o.store = s.store GROUP BY s.region""",
    "large": "SELECT store, count(*) AS orders FROM orders WHERE amount > 9000 GROUP BY store",
    "customers": "SELECT day, count(DISTINCT customer) AS customers FROM orders GROUP BY day",
    "best": """
        SELECT store, day, amount FROM (SELECT store, day, sum(amount) AS amount,
        row_number() OVER (PARTITION BY store ORDER BY sum(amount) DESC, day) AS place FROM orders GROUP BY store, day)
        WHERE place <= 3""",
    "kinds": "SELECT kind, min(amount) AS least, max(amount) AS most, count(*) AS orders FROM orders GROUP BY kind",
    "frequent": """
        SELECT orders, count(*) AS customers FROM (SELECT customer, count(*) AS orders FROM orders GROUP BY customer)
        GROUP BY orders""",
}


def main(data, out, threads):
    spark = SparkSession.builder.remote(os.environ["SPARK_REMOTE"]).getOrCreate()
    for source in ("orders", "stores"):
        spark.read.parquet(os.path.join(data, source)).createOrReplaceTempView(source)

    def write(name):
        spark.sql(QUERIES[name]).write.mode("overwrite").option("header", True).csv(os.path.join(out, name))

    with ThreadPoolExecutor(max_workers=threads) as pool:
        list(pool.map(write, QUERIES))  # raises what one of them raised
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
