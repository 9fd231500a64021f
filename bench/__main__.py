"""`python -m bench`: measures, and prints one line for each figure as soon as it is known."""

import argparse
import logging
import sys
from collections.abc import Iterable, Iterator
from itertools import chain

from bench import inprocess, onbroker
from bench.measure import Row

_LINE = "{:<50} {:>12} {:<10} {:>7} x {:<28} {:>12}  {}"


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 40 seconds: smaller, and nothing on a broker")
    parser.add_argument("--full", action="store_true", help="a million deadlines too")
    given = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)  # a topic just made has no leader yet; the clients try again
    _print(_LINE.format("what", "figure", "", "ratio", "baseline of the same run", "its figure", "goal").rstrip())
    for row in chain.from_iterable(_groups(quick=given.quick, full=given.full)):
        _print(_line(row))


def _groups(*, quick: bool, full: bool) -> Iterable[Iterator[Row]]:
    yield from inprocess.rows(quick=quick, full=full)
    if not quick:
        yield onbroker.rows()


def _line(row: Row) -> str:
    figures = (_figure(row.value), row.unit, f"{row.ratio:.3g}", row.baseline, _figure(row.baseline_value), row.goal)
    return _LINE.format(row.what, *figures).rstrip()


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


main()
