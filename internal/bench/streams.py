"""Answers how long PySpark takes from the start of a streaming query to its first batch.

One request a line on the standard input, "stream WAY COUNT"; one answer a line on the
standard output, the median of COUNT queries in seconds. WAY is call, poll, stop,
rate, listener or files, as for the worker in Go.
"""

import os
import queue
import shutil
import statistics
import sys
import tempfile
import time
import uuid
import warnings

from pyspark.sql.connect.session import SparkSession
from pyspark.sql.streaming.listener import StreamingQueryListener

ROWS = 10
POLL_PAUSE = 0.01
PATIENCE = 60

ears = []


class Ear(StreamingQueryListener):
    def __init__(self):
        self.heard = queue.Queue()

    def onQueryStarted(self, event):
        pass

    def onQueryProgress(self, event):
        self.heard.put(event.progress)

    def onQueryIdle(self, event):
        pass

    def onQueryTerminated(self, event):
        pass


def name():
    return "q" + uuid.uuid4().hex[:8]


def rate_stream(spark, source):
    option = "rowsPerSecond" if source == "rate" else "rowsPerBatch"
    frame = spark.readStream.format(source).option(option, ROWS).load()
    return frame.writeStream.format("memory").queryName(name()).trigger(processingTime="0 seconds").start()


def poll(spark, way):
    started = time.perf_counter()
    q = rate_stream(spark, "rate" if way == "rate" else "rate-micro-batch")
    took = time.perf_counter() - started
    while way != "call":
        p = q.lastProgress
        if p is not None and (p.numInputRows > 0 or way == "rate"):
            took = time.perf_counter() - started
            break
        if time.perf_counter() - started > PATIENCE:
            raise TimeoutError("no batch came")
        time.sleep(POLL_PAUSE)
    q.stop()
    return time.perf_counter() - started if way == "stop" else took


def listener(spark, _):
    if not ears:  # it stays: PySpark does not always come back from its removal
        ears.append(Ear())
        spark.streams.addListener(ears[0])
    heard = ears[0].heard
    while not heard.empty():
        heard.get()  # of a query before
    started = time.perf_counter()
    q = rate_stream(spark, "rate-micro-batch")
    while True:
        p = heard.get(timeout=PATIENCE)
        if str(p.runId) == str(q.runId) and p.numInputRows > 0:
            break
    took = time.perf_counter() - started
    q.stop()
    return took


def files(spark, _):
    folder = tempfile.mkdtemp(prefix="bench-stream")
    try:
        with open(os.path.join(folder, "1.json"), "w") as out:
            out.writelines(f'{{"id":{i}}}\n' for i in range(ROWS))
        started = time.perf_counter()
        frame = spark.readStream.schema("id BIGINT").json(folder)
        q = frame.writeStream.format("memory").queryName(name()).trigger(availableNow=True).start()
        q.awaitTermination(PATIENCE)
        took = time.perf_counter() - started
        got = sum(p.numInputRows for p in q.recentProgress)
        if got != ROWS:
            raise RuntimeError(f"want {ROWS} rows, got {got}")
        return took
    finally:
        shutil.rmtree(folder)


def answer(spark, request):
    word, way, count = request.split()
    if word != "stream":
        raise ValueError(f"unknown request {request!r}")
    measure = {"listener": listener, "files": files}.get(way, poll)
    return statistics.median_high([measure(spark, way) for _ in range(int(count))])


def main():
    warnings.filterwarnings("ignore", message="Failed to remove the listener")
    spark = SparkSession.builder.remote(os.environ["SPARK_REMOTE"]).create()
    for line in sys.stdin:
        try:
            print(answer(spark, line), flush=True)
        except Exception as error:  # the other side prints it
            print(f"error: {error!r}".replace("\n", " "), flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
