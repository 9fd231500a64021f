"""Other stream libraries that can do the judge's step, in an environment of their own, which `make bench` makes.

Only on Apache Kafka: Quix Streams asks for the configuration of topics, which the embedded broker does not tell.
"""

from pathlib import Path

PYTHON = Path(__file__).parents[1] / ".cache" / "rivals" / "bin" / "python"
MODULES = {"Quix Streams": "quix", "Bytewax": "bytewax_flow"}
"""Which module of this package enters each of them."""


def missing() -> str | None:
    """What keeps them from taking part; None when nothing does."""
    return None if PYTHON.exists() else "their environment is not there: make bench ARGS=--rivals makes it"
