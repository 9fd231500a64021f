"""The agreement changes under a running worker: it changes over, and keeps what it has when the files are wrong."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

from tests.support.cluster import Reader, WorkerProcess, end_offsets_of, event, produce

DAY_S = 86_400
TEXT = """\
agreement: {{name: changing, version: {version}, effective_from: {day}, applies_to: open}}
timezone: UTC
follow_up:
  - duty: first-touch
    starts: lead.assigned
    met_by: {{activity: call}}
    targets:
      - {{when: 'grade == "A"', within: 2 seconds elapsed}}
      - {{within: {days} days elapsed}}
"""


def put(folder: Path, version: str, days_ago: int, days: int | str) -> None:
    """A version of the agreement in force since so many days, in one step, as the page says."""
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - days_ago * DAY_S))
    (folder / "new").write_text(TEXT.format(version=version, day=day, days=days))
    (folder / "new").rename(folder / f"{version}.yaml")


async def until_shown(worker: WorkerProcess, metric: str, least: float) -> None:
    """Wait until a metric has reached that value."""
    for _ in range(300):
        shown = next((line for line in worker.get("/metrics")[1].splitlines() if line.startswith(metric + " ")), "")
        if shown and float(shown.split()[-1]) >= least:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{metric} never reached {least}\n{worker.tail()}")


async def test_a_new_version_is_picked_up_and_a_wrong_one_leaves_the_old_in_force(
    broker: Any, prefix: str, tmp_path: Path
) -> None:
    agreement = tmp_path / "agreement"
    agreement.mkdir()
    put(agreement, "v1", days_ago=30, days=10)
    topic = prefix + "leads.events"
    settings = {"broker_end_offsets": end_offsets_of(broker)}
    with WorkerProcess(broker.bootstrap, prefix, agreement, tmp_path, **settings) as worker:
        await worker.ready()
        begun = time.time() - 3 * DAY_S
        async with Reader(broker.bootstrap, prefix + "lead-sla.outcomes") as reader:
            await produce(broker.bootstrap, topic, [event("L-old", "lead.assigned", begun, {"owner": "ana"})])
            await reader.until(lambda r: any(o["lead"] == "L-old" for o in r.outcomes), why="the clock")
            assert reader.outcomes[0]["policy_version"] == "v1"
            # The first tick finds the version that is in force, and what comes after it is news.
            await until_shown(worker, 'lead_sla_ticks_total{result="read"}', 1)

            put(agreement, "v2", days_ago=1, days=20)
            await reader.until(lambda r: sum(o["kind"] == "amended" for o in r.outcomes) == 2, why="both amended")
            of_all, of_clock = sorted((o for o in reader.outcomes if o["kind"] == "amended"), key=lambda o: o["duty"])
            assert (of_all["lead"], of_all["policy_version"]) == ("agreement", "v2")
            assert of_all["changes"] == [
                "duty first-touch, target all others, within: 20 days elapsed instead of 10 days elapsed"
            ]
            assert (of_clock["lead"], of_clock["policy_version"]) == ("L-old", "v2")
            assert of_clock["limit"] == "20 days elapsed"

            put(agreement, "v3", days_ago=0, days="some")
            worker.send(signal.SIGHUP)
            await until_shown(worker, 'lead_sla_policy_reloads_total{result="refused"}', 1)
            await until_shown(worker, 'lead_sla_policy_reloads_total{result="adopted"}', 1)
            await until_shown(worker, 'lead_sla_policy_info{version="v2"}', 1)
            assert worker.get("/readyz")[0] == 200
            assert "v3.yaml:9: follow_up[0].targets[1].within" in worker.tail()

            late = event("L-new", "lead.assigned", time.time(), {"owner": "ben", "grade": "A"})
            await produce(broker.bootstrap, topic, [late])
            await reader.until(lambda r: any(o["kind"] == "breached" for o in r.outcomes), why="the breach of L-new")
            breached = next(o for o in reader.outcomes if o["kind"] == "breached")
            assert (breached["lead"], breached["policy_version"]) == ("L-new", "v2")
        assert worker.stop() == 0, worker.tail()
