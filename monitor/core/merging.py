"""What becomes of a lead that was merged into another: its history goes there, and so does whatever comes later.

A clock that the merge found open goes on at the other lead. What was closed before stays judged where it was: evidence
that is passed on names the duties that it may not start again. When something late changes which clocks were closed,
the evidence is passed on once more, and the newest word counts.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from monitor.core import event as ev
from monitor.core.claim import Status
from monitor.core.event import Event
from monitor.core.evidence import Evidence
from monitor.core.fold import stage_after
from monitor.core.lead import Clock, Lead, Merge
from monitor.core.policy import Policy
from monitor.core.remark import Remark
from monitor.core.tables import RESTING_STAGES, ClockState
from monitor.core.via import Forward as Forward
from monitor.core.via import Via

# Leads that one piece of evidence may pass through. A person is found again under two or three ids; eight are an error.
HOPS_MAX: Final = 8


_Word = tuple[tuple[str, ...], tuple[str, ...]]
"""What is said of evidence that is passed on: see `judged` and `opened` of Via."""
_LATER: Final[_Word] = ((), ())
"""Of what came after the merge."""


def merge_by(lead: Lead, new: Evidence) -> Merge | None:
    """The merge that this event of the lead brings about. The first of several counts."""
    into = new.data.get("into")
    if new.type != ev.LEAD_MERGED or new.via is not None or not isinstance(into, str) or into in ("", lead.id):
        return None
    return Merge(into, new.key(), lead.merged.revision if lead.merged else 0)


def is_newer_word(new: Via | None, known: Via | None) -> bool:
    """Whether a piece of evidence that is known already is to be taken as it came now.

    What was said of the lead itself goes before what came from others, and of several ways one counts.
    """
    path, known_path = new.path if new else (), known.path if known else ()
    if path != known_path or new is None or known is None:
        return path < known_path
    return new.revision > known.revision


def reworded(known: Evidence, new: Evidence, settled: tuple[str, ...]) -> Evidence:
    """The new word on known evidence, save for duties whose verdict is final for its source (`settled`)."""
    via = new.via
    if via is not None:
        judged, opened = (known.via.judged, known.via.opened) if known.via else ((), ())
        via = via._replace(judged=_but(settled, via.judged, judged), opened=_but(settled, via.opened, opened))
    return new.but(known.barred, via)


def _but(settled: tuple[str, ...], new: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """The new ones, but of these that are settled the known ones."""
    return tuple(sorted({name for name in new if name not in settled} | {name for name in known if name in settled}))


def passed_on(lead_id: str, merge: Merge, new: Evidence) -> tuple[tuple[Remark, ...], tuple[Forward, ...]]:
    """What is to be done with an event from after the merge: it is the other lead's. A second merge is too late."""
    if new.type == ev.LEAD_MERGED:
        return (Remark.TOO_LATE,), ()
    forward = _forward(lead_id, merge, new, _LATER)
    return ((Remark.MERGED_IN_CIRCLE,), ()) if forward is None else ((), (forward,))


def handed_over(before: Lead, after: Lead, policy: Policy) -> tuple[Lead, tuple[Forward, ...], tuple[Remark, ...]]:
    """What the other lead has to be told once `before` has become `after`, and the lead that has told it."""
    merge, merged_before = after.merged, before.merged
    if merge is None:
        return after, (), ()
    known: Mapping[tuple[str, str], _Word] = {}
    if merged_before is not None and merged_before.into == merge.into:
        known = {(piece.id, piece.source): word for piece, word in _history(before, merged_before, policy)}
    words = [said for said in _history(after, merge, policy) if known.get((said[0].id, said[0].source)) != said[1]]
    if merge != merged_before:
        later = (piece for piece in before.evidence if piece.key() > merge.key and piece.type != ev.LEAD_MERGED)
        words += [(piece, _LATER) for piece in later]
    if not words:
        return after, (), ()
    merge = merge._replace(revision=merge.revision + 1)
    forwards = [_forward(after.id, merge, piece, word) for piece, word in words]
    remarks = (Remark.MERGED_IN_CIRCLE,) if None in forwards else ()
    if merged_before is None and after.base is not None:
        remarks = (*remarks, Remark.MERGED_IN_PART)
    return after.but(merged=merge), tuple(forward for forward in forwards if forward is not None), remarks


def stays(piece: Evidence, policy: Policy) -> bool:
    """Whether a merged lead keeps it to itself.

    That this record left the funnel, as a duplicate for one, is nothing that happened to the other.
    """
    return piece.type == ev.LEAD_MERGED or stage_after(piece, policy) in RESTING_STAGES


def _history(lead: Lead, merge: Merge, policy: Policy) -> Iterator[tuple[Evidence, _Word]]:
    """The evidence from before the merge that goes to the other lead, each piece with what is to be said of it."""
    clocks = sorted(lead.fold.clocks, key=lambda clock: (clock.started_at, clock.cycle))
    for piece in lead.evidence:
        if stays(piece, policy):
            continue
        newest = {clock.duty: clock for clock in clocks if clock.started_at <= piece.at}
        judged = {duty for duty, clock in newest.items() if not _was_open(clock, merge)}
        judged.update(piece.barred, piece.via.judged if piece.via else ())
        entered = {claim.quota: claim for claim in lead.fold.claims if claim.at <= piece.at}
        judged.update(quota for quota, claim in entered.items() if claim.status is Status.CLAWED_BACK)
        opened = [duty for duty, clock in newest.items() if clock.started_by == piece.id and duty not in judged]
        yield piece, (tuple(sorted(judged)), tuple(sorted(opened)))


def _was_open(clock: Clock, merge: Merge) -> bool:
    at, _, id_, _ = merge.key
    return clock.state is ClockState.CANCELLED and (clock.ended_at, clock.ended_by) == (at, id_)


def _forward(lead_id: str, merge: Merge, piece: Evidence, word: _Word) -> Forward | None:
    """None: it was there already, or comes from too far."""
    path = (*(piece.via.path if piece.via else ()), lead_id)
    if merge.into in path or len(path) > HOPS_MAX:
        return None
    event = Event(merge.into, piece.id, piece.type, piece.at, piece.source, piece.data)
    return Forward(event, Via(path, *word, merge.revision))
