"""What the metrics ask for at every scrape, added up over the partitions that a worker owns then."""

from collections import Counter
from collections.abc import Iterator

from monitor.core.counting import LiveCounts, added_up
from monitor.core.ledger import Booked
from monitor.core.standing import Standing
from monitor.ports import TimeSource
from monitor.stream.book_judge import BookJudge
from monitor.stream.judge import Judge
from monitor.stream.partition_judge import OpenClocks, PartitionJudge
from monitor.telemetry.metrics import Metrics


def answer_scrapes(metrics: Metrics, judge: Judge[PartitionJudge], books: Judge[BookJudge], time: TimeSource) -> None:
    """Let the metrics ask these two."""

    def open_clocks() -> OpenClocks:
        total: OpenClocks = Counter()
        for partition in judge.partitions.values():
            total.update(partition.open_clocks)
        return total

    def live_counts() -> LiveCounts:
        return added_up((partition.counting for partition in judge.partitions.values()), time.now_at())

    def standings() -> Iterator[Standing]:
        for partition in books.partitions.values():
            yield from partition.standings()

    def booked() -> Iterator[Booked]:
        for partition in books.partitions.values():
            yield from partition.booked(time.now_at())

    metrics.watch_clocks(open_clocks)
    metrics.watch_quotas(standings)
    metrics.figures.live_counts = live_counts
    metrics.figures.booked = booked
