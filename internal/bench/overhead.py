"""Answers how long the predecessor's runner takes for components that do nothing.

One request a line on the standard input, "runner SHAPE SIZE LOGGING", for example
"runner chain 100 on"; one answer a line on the standard output, in seconds a run.
Spark is not touched: the session is a plain object.
"""

import io
import logging
import sys
import time

from pyspark_pipeline_framework.core.component.base import PipelineComponent
from pyspark_pipeline_framework.core.config import ComponentConfig, ComponentType, PipelineConfig, SparkConfig
from pyspark_pipeline_framework.runner import CompositeHooks, LoggingHooks, SimplePipelineRunner
from pyspark_pipeline_framework.runtime.session.wrapper import SparkSessionWrapper

AT_LEAST = 0.02  # seconds of runs behind one answer


class Nothing(PipelineComponent):
    @property
    def name(self):
        return "nothing"

    @classmethod
    def from_config(cls, config):
        return cls()

    def run(self):
        pass


def configuration(shape, size):
    steps = [
        ComponentConfig(
            name=f"step-{i}",
            component_type=ComponentType.TRANSFORMATION,
            class_path="overhead.Nothing",
            depends_on=[f"step-{i - 1}"] if shape == "chain" and i > 0 else [],
        )
        for i in range(size)
    ]
    return PipelineConfig(name="bench", version="1", spark=SparkConfig(app_name="bench"), components=steps)


def run_once(config, with_logging):
    session = SparkSessionWrapper(config.spark)
    session.set_spark_session(object())
    hooks = CompositeHooks(LoggingHooks()) if with_logging else None
    result = SimplePipelineRunner(config, spark_wrapper=session, hooks=hooks).run()
    if result.status.value != "success":
        raise RuntimeError(f"the run ended as {result.status.value}")


def answer(request):
    word, shape, size, with_logging = request.split()
    if word != "runner":
        raise ValueError(f"unknown request {request!r}")
    config = configuration(shape, int(size))
    runs, started = 0, time.perf_counter()
    while True:
        run_once(config, with_logging == "on")
        runs += 1
        elapsed = time.perf_counter() - started
        if elapsed >= AT_LEAST:
            return elapsed / runs


def main():
    logging.basicConfig(level=logging.INFO, stream=io.StringIO(), format="%(asctime)s [%(levelname)s] %(name)s: %(message)s")
    for line in sys.stdin:
        try:
            print(answer(line), flush=True)
        except Exception as error:  # the other side prints it
            print(f"error: {error!r}", flush=True)


if __name__ == "__main__":
    main()
