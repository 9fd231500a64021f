"""What the figures were measured on."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

import psutil

from tests.support import kafka

_GIB = 2**30


def describe(*, broker: bool) -> str:
    """Cores, processor, memory, system, Python and the versions that matter, in one line.

    With `broker` that of Apache Kafka, too, which is fetched if it has not been yet.
    """
    parts = [
        f"{os.cpu_count()} cores of {_processor()}",
        f"{psutil.virtual_memory().total / _GIB:.0f} GiB",
        f"{platform.system()} {platform.machine()}",
        f"CPython {platform.python_version()}",
        *(f"{name} {version(name)}" for name in ("faust-streaming", "aiokafka", "msgspec")),
        *([kafka_version()] if broker else []),
    ]
    return ", ".join(parts)


def kafka_version() -> str:
    """Of the server that is used here, or what keeps it from running."""
    missing = kafka.missing()
    if missing is not None:
        return f"no Apache Kafka ({missing})"
    found = re.search(r"kafka-clients-([\d.]+)\.jar", " ".join(path.name for path in kafka.libs().iterdir()))
    return f"Apache Kafka {found[1] if found else '4'}"


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or "an unknown processor"
