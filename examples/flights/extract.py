#!/usr/bin/env python3
"""Cut one month out of the year of the R package nycflights13.

    python3 extract.py --month 7 --out data \\
        flights.csv.gz weather.csv.gz planes.csv.gz airlines.csv.gz

The inputs are the tables of the package as gzipped CSV with a header, a missing
value written NA. Flights and weather keep the rows whose column "month" (local
time of New York) is the month asked for; planes and airlines are kept whole. No
row is changed, none is sorted, and the same input gives the same bytes.
"""

import argparse
import csv
import gzip
import io
import pathlib


def read(path):
    """Return the header and the rows of one gzipped CSV file."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
        rows = csv.reader(text)
        return next(rows), list(rows)


def write(path, header, rows):
    """Write one gzipped CSV file without a name or a time stamp inside."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(header)
    out.writerows(rows)
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(text.getvalue().encode("utf-8"))


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--month", type=int, default=7, help="1 to 12; default 7")
    args.add_argument("--out", type=pathlib.Path, required=True, help="folder for the extract")
    for name in ("flights", "weather", "planes", "airlines"):
        args.add_argument(name, help=f"the table {name} as .csv.gz")
    args = args.parse_args()

    args.out.mkdir(parents=True, exist_ok=True)
    for name in ("flights", "weather", "planes", "airlines"):
        header, rows = read(getattr(args, name))
        if "month" in header:
            month = header.index("month")
            rows = [row for row in rows if int(row[month]) == args.month]
        write(args.out / f"{name}.csv.gz", header, rows)
        print(f"{name}: {len(rows)} rows")


if __name__ == "__main__":
    main()
