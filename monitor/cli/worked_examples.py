"""The worked examples of the documentation: an agreement, what happens to a lead, and what is said of it."""

import json
import textwrap
from collections.abc import Callable, Mapping
from typing import Final

from monitor.cli.markdown import WIDTH, code, table
from monitor.cli.story import story
from monitor.core import event
from monitor.core.instant import from_rfc3339, to_rfc3339
from monitor.core.outcome import Kind, Outcome
from monitor.core.replay import Replay
from monitor.notify.channels.standard import webhook_body
from monitor.ports import Notice, alone
from monitor.wire import examples
from monitor.wire.policy import read_policy

_POLICY: Final = """\
agreement: {name: DACH inbound, version: 2026-Q4, effective_from: 2026-10-01}
timezone: Europe/Berlin
calendars:
  munich: {hours: {mon-thu: [09:00-12:30, 13:30-18:00], fri: 09:00-15:00}, holidays: {country: DE, subdivision: BY}}
follow_up:
  - duty: first-touch
    starts: lead.assigned
    met_by: {activity: [call, email, meeting], direction: outbound, by: person}
    cancelled_by: [lead.disqualified, lead.recycled]
    targets:
      - {when: 'grade == "A"', within: 5 minutes elapsed}
      - {within: 4 working_hours, calendar: munich}
    warn_at: [50%, 80%]
    hold: 30 seconds
    final_after: {default: 10 minutes, crm-import: 24 hours}
"""
# Thursday afternoon to Friday noon, local time is two hours ahead.
_STORY: Final = (
    ("lead.created", "2026-10-01T14:20:00Z", {"source": "web-form", "segment": "mid-market"}),
    ("lead.assigned", "2026-10-01T14:30:00Z", {"owner": "ana", "team": "sales"}),
    ("activity.logged", "2026-10-02T10:10:00Z", {"channel": "call", "direction": "outbound", "actor": "person"}),
)
_UNTIL: Final = "2026-10-05T00:00:00Z"


def example_policy() -> str:
    """The agreement of the worked example."""
    return f"```yaml\n{_POLICY}```\n"


def example_notice() -> str:
    """The body of the webhook for the breach of the worked example."""
    (breach,) = (outcome for outcome in _example_outcomes() if outcome.kind is Kind.BREACHED)
    notice = Notice(breach.outcome_id, breach)
    return f"```json\n{json.dumps(json.loads(webhook_body(alone(notice))), indent=2, ensure_ascii=False)}\n```\n"


def example_outcomes() -> str:
    """What is said in the worked example, and when."""
    rows = (
        (
            to_rfc3339(outcome.at).replace(".000000Z", "Z"),
            code(outcome.kind) + (f" {outcome.level}%" if outcome.level else ""),
            outcome.reason,
        )
        for outcome in _example_outcomes()
    )
    return table(("at", "outcome", "reason"), rows)


def explained_policy() -> str:
    """The agreement of the lead that is explained."""
    return f"```yaml\n{examples.EXPLAINED_BY}```\n"


def explained_story() -> str:
    """What `lead-sla explain` says of that lead, its long lines folded."""
    lines = (textwrap.fill(line, WIDTH, subsequent_indent="      ") for line in story(examples.explained_lead()))
    return "```text\n" + "\n".join(lines) + "\n```\n"


def _example_outcomes() -> list[Outcome]:
    events = [
        event.Event("L-1", f"evt-{n}", type_, from_rfc3339(at), "crm", data)
        for n, (type_, at, data) in enumerate(_STORY, 1)
    ]
    return list(Replay(read_policy(_POLICY, "agreement.yaml")).run(events, from_rfc3339(_UNTIL)))


BLOCKS: Final[Mapping[str, Callable[[], str]]] = {
    "example-policy": example_policy,
    "example-notice": example_notice,
    "example-outcomes": example_outcomes,
    "explained-policy": explained_policy,
    "explained-story": explained_story,
}
