#!/usr/bin/env python3
"""Compute what flights.conf must find, from the same files but without Spark.

    python3 expected.py data > expected.json

Plain loops over the CSV text, so that an error in the SQL cannot repeat itself
here. Means are rounded to 2 places and shares to 4, half away from zero, as the
function round of Spark does it.
"""

import collections
import csv
import decimal
import gzip
import json
import pathlib
import sys

LATE_MINUTES = 15


def read(folder, name):
    """Yield the rows of one table; a missing value (NA) is None."""
    with gzip.open(folder / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            yield {key: None if value == "NA" else value for key, value in row.items()}


def read_unique(folder, name, *key):
    """Return the rows of one table by key, and insist that the key is unique."""
    rows = {}
    for row in read(folder, name):
        k = tuple(row[column] for column in key)
        if k in rows:
            raise ValueError(f"{name}: the key {k} occurs twice")
        rows[k] = row
    return rows


def rounded(numerator, denominator, places):
    """Return the rounded quotient, or None when there is nothing to divide by."""
    if denominator == 0:
        return None
    exact = decimal.Decimal(repr(numerator / denominator))
    step = decimal.Decimal(1).scaleb(-places)
    return float(exact.quantize(step, decimal.ROUND_HALF_UP))


def weather_class(report):
    """Return the class of an hour; report is None when there is no report."""
    if report is None or report["precip"] is None or report["visib"] is None:
        return "unknown"
    if float(report["precip"]) > 0:
        return "rain"
    return "haze" if float(report["visib"]) < 10 else "clear"


class Delays:
    """Adds up one group of flights."""

    def __init__(self):
        self.flights = self.cancelled = self.late = 0
        self.dep, self.arr = [], []

    def add(self, flight):
        self.flights += 1
        self.cancelled += flight["dep_time"] is None
        if flight["dep_delay"] is not None:
            self.dep.append(int(flight["dep_delay"]))
        if flight["arr_delay"] is not None:
            self.arr.append(int(flight["arr_delay"]))
            self.late += int(flight["arr_delay"]) > LATE_MINUTES

    def summary(self, with_departure=False):
        out = {"flights": self.flights, "cancelled": self.cancelled}
        if with_departure:
            out["mean_dep_delay"] = rounded(sum(self.dep), len(self.dep), 2)
        out["mean_arr_delay"] = rounded(sum(self.arr), len(self.arr), 2)
        out["share_late"] = rounded(self.late, len(self.arr), 4)
        return out


def main():
    folder = pathlib.Path(sys.argv[1])
    weather = read_unique(folder, "weather", "origin", "time_hour")
    planes = read_unique(folder, "planes", "tailnum")
    airlines = read_unique(folder, "airlines", "carrier")

    total = collections.Counter()
    carriers = collections.defaultdict(Delays)
    classes = collections.defaultdict(Delays)
    origins = collections.Counter()
    for flight in read(folder, "flights"):
        report = weather.get((flight["origin"], flight["time_hour"]))
        total["flights"] += 1
        total["cancelled"] += flight["dep_time"] is None
        total["no_arrival"] += flight["dep_time"] is not None and flight["arr_delay"] is None
        total["flights_with_weather"] += report is not None
        total["flights_with_plane"] += (flight["tailnum"],) in planes
        total["flights_with_airline"] += (flight["carrier"],) in airlines
        origins[flight["origin"]] += 1
        carriers[flight["carrier"]].add(flight)
        classes[flight["origin"], weather_class(report)].add(flight)

    by_carrier = [
        {"carrier": code, "airline": airlines[code,]["name"], **carriers[code].summary()}
        for code in sorted(carriers)
    ]
    shown = [row for row in by_carrier if row["flights"] >= 100]
    shown.sort(key=lambda row: (-row["share_late"], row["carrier"]))
    expected = {
        **total,
        "weather_reports": len(weather),
        "planes": len(planes),
        "airlines": len(airlines),
        "parquet_rows_by_origin": dict(sorted(origins.items())),
        "by_carrier": by_carrier,
        "by_origin_and_weather": [
            {"origin": origin, "weather": name, **classes[origin, name].summary(with_departure=True)}
            for origin, name in sorted(classes)
        ],
        "top_carriers": [
            {key: value for key, value in row.items() if key != "carrier"} for row in shown[:5]
        ],
    }
    json.dump(expected, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
