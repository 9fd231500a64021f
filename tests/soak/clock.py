"""A really wrong clock for one process: libfaketime before the C library, its offset in a file."""

from pathlib import Path

_WHERE = "*/faketime/libfaketimeMT.so.1"


def library() -> Path | None:
    """libfaketime, None where it is not installed (Debian: apt-get install faketime)."""
    found = [*Path("/usr/lib").glob(_WHERE), *Path("/usr/local/lib").glob(_WHERE)]
    return found[0] if found else None


def faked_by(file: Path) -> dict[str, str]:
    """Environment of a process whose wall clock is wrong by the seconds in `file`, as `+3600`; it may be rewritten.

    The monotonic clock stays right, as it does when an operator or NTP sets the time. Raises RuntimeError where
    the library is not installed.
    """
    preloaded = library()
    if preloaded is None:
        raise RuntimeError("libfaketime is not installed (Debian: apt-get install faketime)")
    return {
        "LD_PRELOAD": str(preloaded),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
