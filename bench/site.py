"""Where a run happens: a broker, and the names of its own topics and group on it."""

import argparse
from typing import NamedTuple

PARTITIONS = 4


class Site(NamedTuple):
    """Names that no other run uses."""

    bootstrap: str
    prefix: str
    probe_ends: bool
    """The broker reports end offsets wrongly."""

    @property
    def events(self) -> str:
        """What producers send."""
        return f"{self.prefix}events"

    @property
    def timeline(self) -> str:
        """What intake writes and the judge reads."""
        return f"{self.prefix}timeline"

    @property
    def facts(self) -> str:
        """What counts for quotas."""
        return f"{self.prefix}facts"

    @property
    def outcomes(self) -> str:
        """What the judge says."""
        return f"{self.prefix}outcomes"

    @property
    def dead_letters(self) -> str:
        """What cannot be judged."""
        return f"{self.prefix}dead-letters"

    @property
    def group(self) -> str:
        """The consumer group."""
        return f"{self.prefix}group"

    @property
    def changelog(self) -> str:
        """Where states go; the name is Faust's."""
        return f"{self.group}-leads-changelog"

    @property
    def arguments(self) -> list[str]:
        """For a contestant's command line."""
        return [self.bootstrap, self.prefix, *(["--probe-ends"] if self.probe_ends else [])]


def contestant_arguments() -> argparse.ArgumentParser:
    """What every contestant takes: the site, and how many records are waiting there."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bootstrap")
    parser.add_argument("prefix")
    parser.add_argument("--probe-ends", action="store_true")
    parser.add_argument("--count", type=int, default=0)
    return parser


def site_of(given: argparse.Namespace) -> Site:
    """The site that those arguments name."""
    return Site(given.bootstrap, given.prefix, given.probe_ends)
