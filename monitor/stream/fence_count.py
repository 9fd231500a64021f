"""How often this worker stopped itself, by reason: kept in a file, for the process that counts it is about to end."""

import json
import logging
from collections import Counter
from pathlib import Path

from monitor.telemetry.engine import FenceReason

log = logging.getLogger(__name__)

_BYTES_MAX = 4_096


class FenceCount:
    """A small JSON file in the worker's folder; a folder that cannot be written to only costs the count."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Counter[FenceReason]:
        """What was counted by earlier processes; nothing where the file is missing or damaged."""
        try:
            with self._path.open(encoding="utf-8") as file:
                counted = json.loads(file.read(_BYTES_MAX))
            return Counter({FenceReason(reason): int(count) for reason, count in counted.items()})
        except FileNotFoundError:
            return Counter()
        except (OSError, ValueError, TypeError, AttributeError) as error:
            log.warning("%s cannot be read, counting from zero: %s", self._path, type(error).__name__)
            return Counter()

    def add(self, reason: FenceReason) -> None:
        """Count once more."""
        counted = self.read()
        counted[reason] += 1
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(counted), encoding="utf-8")
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, type(error).__name__)
