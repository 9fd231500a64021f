"""The commands on a recorded history: judge it, and explain one lead of it."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from pathlib import Path

from monitor.cli import summary
from monitor.cli.explain import tell
from monitor.cli.failure import BAD_INPUT, Failure
from monitor.cli.files import beyond, complain, instant_of, read_events, spare, within_reach
from monitor.cli.marketing import Answer, asks_of_marketing, marketing, marketing_text
from monitor.cli.offline import policy_of, say
from monitor.core.attainment import Verdicts
from monitor.core.calendar import CalendarExhausted
from monitor.core.event import LEAD_MERGED, Event
from monitor.core.explanation import explained
from monitor.core.policy import Policy
from monitor.core.replay import Replay
from monitor.core.waits import took
from monitor.stream.garbage import collect_less_often
from monitor.wire.explanation import lead_answer
from monitor.wire.outcome import encode_outcome


def replay(events_file: Path, policy_file: Path, out: Path, *, until: str | None, as_json: bool) -> None:
    """Write the outcomes of a recorded history and say what they add up to; exit 1 if there was a bad line."""
    collect_less_often()
    spare(out, events_file, policy_file)
    policy, until_at = policy_of(policy_file), instant_of("--until", until)
    events, bad = read_events(events_file)
    within_reach("--until", until_at, events)
    told, verdicts, judged = Counter[str](), Verdicts(), Replay(policy)
    with out.open("wb") as file:
        try:
            for outcome in judged.run(events, until_at):
                told[outcome.kind] += 1
                verdicts.hear(outcome)
                file.write(encode_outcome(outcome) + b"\n")
            waited = took(judged.leads.values(), policy)
            owed = _owed(judged, events, policy, until_at)
        except CalendarExhausted as error:
            raise beyond(events_file, error) from None
    kinds = dict(sorted(told.items()))
    said = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    head = f"{len(events)} events, {len(bad)} bad lines; {said or 'nothing to say'}; wrote {out}"
    figures = {**summary.as_json(verdicts, waited, policy), **({} if owed is None else {"marketing": owed})}
    told_by = [head, summary.as_text(verdicts, waited, policy), *([] if owed is None else [marketing_text(owed)])]
    say(
        {"events": len(events), "bad_lines": len(bad), "outcomes": kinds, **figures},
        as_json=as_json,
        text="\n\n".join(told_by),
    )
    complain(bad)


def _owed(judged: Replay, events: Sequence[Event], policy: Policy, until_at: int | None) -> Answer | None:
    """Marketing's half, where the agreement has one and something happened."""
    end_at = _end(events, until_at)
    return None if end_at is None or not asks_of_marketing(policy) else marketing(judged, events, policy, end_at)


def explain(lead: str, events_file: Path, policy_file: Path, *, at: str | None, as_json: bool) -> None:
    """Tell one lead's story as it was at an instant; exit 1 if there was a bad line, or no such lead."""
    policy, until_at = policy_of(policy_file), instant_of("--at", at)
    events, bad = read_events(events_file)
    within_reach("--at", until_at, events)
    judged = Replay(policy)
    try:
        end_at = _end(events, until_at)
        deque(judged.run(concerning(lead, events), end_at), maxlen=0)
        found = judged.leads.get(lead)
        if found is None:
            missing = f"{lead}: no such lead in {events_file}{'' if at is None else f' by {at}'}"
            raise Failure("\n".join([*bad, missing]), BAD_INPUT)
        tell(lead_answer(explained(found, policy, end_at or 0)), as_json=as_json)
    except CalendarExhausted as error:
        raise beyond(events_file, error) from None
    complain(bad)


def concerning(lead: str, events: Iterable[Event]) -> list[Event]:
    """The events of the lead, and of all that were merged with it."""
    links = [{event.lead, str(event.data.get("into"))} for event in events if event.type == LEAD_MERGED]
    known, before = {lead}, set[str]()
    while known != before:
        before = known
        known = known.union(*(link for link in links if link & known))
    return [event for event in events if event.lead in known]


def _end(events: Iterable[Event], until_at: int | None) -> int | None:
    """Time ends for one lead when it does for all of them."""
    return max((event.at for event in events), default=None) if until_at is None else until_at
