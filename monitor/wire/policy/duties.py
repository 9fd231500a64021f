"""The `follow_up` part of a policy file: every duty, from its keys."""

from functools import partial
from itertools import combinations
from typing import Final, NamedTuple

from monitor.core.lead import CLOCKS_MAX
from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import Attempts, Condition, Duty, Rhythm
from monitor.wire.policy.announcing import final_after, hold, objective, warn_at
from monitor.wire.policy.cadence import attempts
from monitor.wire.policy.conditions import ACCEPTANCE, agreed, condition, entering, fulfilment
from monitor.wire.policy.context import Context
from monitor.wire.policy.fault import Faults, Refused
from monitor.wire.policy.moves import pausing, reassignment
from monitor.wire.policy.targets import Limited, check_calendar, check_length, targets
from monitor.wire.policy.tree import Mapping, Node, Sequence
from monitor.wire.policy.values import mapping, name, one_of, truth

# A lead keeps CLOCKS_MAX clocks: two rounds of every duty.
DUTIES_MAX: Final = CLOCKS_MAX // 2
_OPTIONAL: Final = (
    "team", "starts", "met_by", "cancelled_by", "reset_by", "attempts", "stage", "every", "rhythm", "repeats",
    "reasons", "on_silence", "targets", "within", "calendar", "paused_by", "resumed_by", "paused_while",
    "pause_at_most", "on_reassign", "reassigned_at_most", "warn_at", "hold", "final_after", "objective",
)  # fmt: skip
# What one key says already, and so takes away from others: the keys, and what to do.
_EXCLUDED: Final = (
    (
        "stage",
        ("starts", "met_by", "attempts", "every", "rhythm", "repeats", "reasons", "on_silence"),
        "remove it: the clock starts when a lead enters the stage, and is met when it leaves, as often as that happens",
    ),
    ("attempts", ("met_by", "reasons", "on_silence"), "remove it: of and until say what meets attempts"),
    ("attempts", ("every", "rhythm"), "remove it, or write repeats: true for attempts that come back"),
    ("every", ("repeats", "on_silence"), "remove it: a duty with every comes back by itself"),
    ("rhythm", ("repeats", "on_silence"), "remove it: a duty with a rhythm comes back by itself"),
    ("rhythm", ("within",), "write every instead"),
    ("paused_while", ("paused_by", "resumed_by"), "keep one of the two ways to say when a pause lasts"),
)
# The order of what one event does to one clock; what comes first goes before the rest.
_PRECEDENCE: Final = ("met_by", "cancelled_by", "reset_by", "paused_by")


class _Course(NamedTuple):
    """What starts a duty and what meets it."""

    starts: Condition
    met_by: Condition
    attempts: Attempts | None = None
    repeats: bool = False
    rhythm: Rhythm | None = None


def duties(context: Context, node: Node) -> tuple[Duty, ...]:
    """The duties, in the order of the file. Raises Refused."""
    if not isinstance(node, Sequence):
        raise Refused(node, f"is {node.kind}, not a list", "begin every duty with a dash: - duty: first-touch")
    if not 1 <= len(node.items) <= DUTIES_MAX:
        raise Refused(node, f"has {len(node.items)} duties", f"write 1 to {DUTIES_MAX} of them")
    read: list[Duty] = []
    lines: dict[str, int] = {}
    for item in node.items:
        duty = context.faults.read(partial(_duty, context), item, None)
        if duty is not None:
            place = item.get("duty") if isinstance(item, Mapping) else None
            if duty.name in lines and place is not None:
                message = f"a second duty {duty.name}, the first is in line {lines[duty.name]}"
                context.faults.add(place, message, "give every duty a name of its own")
            elif place is not None:
                lines[duty.name] = place.line
            read.append(duty)
    return tuple(read)


def _duty(context: Context, node: Node) -> Duty:
    faults = context.faults
    keys = mapping(faults, node, {"duty": "first-touch"}, _OPTIONAL)
    _check_keys(faults, keys)
    pauses, moved = pausing(context, keys), reassignment(faults, keys)
    limited = targets(context, keys)
    if pauses is not None and pauses.longest is not None:
        check_calendar(context, limited, pauses.longest, keys.entries["pause_at_most"])
    if moved.at_least is not None and moved.at_least.unit is not LimitUnit.ELAPSED:
        _check_least(context, limited, moved.at_least, keys.entries["on_reassign"])
    course = _course(context, keys, limited)
    hold_us = faults.read(partial(hold, faults, limited), keys.get("hold"), 0)
    silence = faults.read(one_of(("breach", "accept"), "answer to silence"), keys.get("on_silence"), "breach")
    duty = Duty(
        name=faults.read(name, keys.get("duty"), ""),
        team=faults.read(name, keys.get("team"), "sales"),
        starts=course.starts,
        met_by=course.met_by,
        cancelled_by=faults.read(partial(condition, context), keys.get("cancelled_by"), ()),
        targets=tuple(target for target, _ in limited),
        warn_at=faults.read(partial(warn_at, context, limited), keys.get("warn_at"), ()),
        hold_us=hold_us,
        final_after=final_after(faults, keys, hold_us),
        reset_by=faults.read(partial(condition, context), keys.get("reset_by"), ()),
        pausing=pauses,
        on_reassign=moved,
        attempts=course.attempts,
        repeats=course.repeats,
        rhythm=course.rhythm,
        silence_accepts=silence == "accept",
        objective=faults.read(objective, keys.get("objective"), None),
    )
    _doubt_conditions(faults, keys, duty)
    return duty


def _check_keys(faults: Faults, keys: Mapping) -> None:
    """Keys that others make needless or need."""
    for key, excluded, fix in _EXCLUDED:
        for other in excluded if key in keys.entries else ():
            if other in keys.entries:
                faults.add(keys.keys[other], f"stands beside {key}", fix)
    needs = {"starts": "lead.assigned", "met_by": "{activity: [call, email]}"}
    by_itself = {"starts": ("stage",), "met_by": ("stage", "attempts", "reasons", "on_silence")}
    for key, example in needs.items():
        if key not in keys.entries and not any(other in keys.entries for other in by_itself[key]):
            faults.add(keys, f"{key} is missing", f"add {key}: {example}")


def _check_least(context: Context, limited: tuple[Limited, ...], at_least: Limit, place: Node) -> None:
    """What a new owner has at the least is counted on the calendar of the limit; an elapsed limit has none."""
    elapsed = [each for each in limited if each.target.limit.unit is LimitUnit.ELAPSED]
    if elapsed and len(elapsed) == len(limited):
        message = f"{at_least.text} need a calendar, and the duty counts elapsed time"
        context.faults.add(place, message, "write elapsed time here too")
    elif elapsed:
        target, where = elapsed[0]
        message = f"{at_least.text} are not given where the limit is {target.limit.text}, in line {where.line}"
        context.faults.doubt(place, message, "write elapsed time to have it everywhere")
    all(check_length(context, target, at_least, place) for target, _ in limited)


def _course(context: Context, keys: Mapping, limited: tuple[Limited, ...]) -> _Course:
    faults = context.faults
    stage = keys.get("stage")
    if stage is not None:
        entered = faults.read(one_of(context.stages, "stage"), stage, "")
        others = frozenset(context.stages) - {entered}
        return _Course(entering(frozenset({entered})), entering(others), repeats=True)
    starts = faults.read(partial(condition, context), keys.get("starts"), ())
    repeats = faults.read(truth, keys.get("repeats"), False)
    if keys.get("attempts") is not None:
        counted = faults.read(partial(attempts, context, limited), keys.get("attempts"), None)
        return _Course(starts, (), attempts=counted, repeats=repeats)
    met_by = faults.read(partial(fulfilment, context), keys.get("met_by"), ACCEPTANCE)
    met_by = faults.read(partial(agreed, faults, met_by), keys.get("reasons"), met_by)
    if keys.get("every") is None and keys.get("rhythm") is None:
        return _Course(starts, met_by, repeats=repeats)
    rhythm = Rhythm(faults.read(one_of(Rhythm, "rhythm"), keys.get("rhythm"), Rhythm.SEQUENTIAL))
    return _Course(starts, met_by, repeats=True, rhythm=rhythm)


def _doubt_conditions(faults: Faults, keys: Mapping, duty: Duty) -> None:
    """Tell conditions that can never do what they are there for."""
    begins = duty.pausing.begins if duty.pausing else ()
    conditions = dict(zip(_PRECEDENCE, (duty.met_by, duty.cancelled_by, duty.reset_by, begins), strict=True))
    for first, then in combinations(_PRECEDENCE, 2):
        if set(conditions[first]) & set(conditions[then]):
            message = f"names what {first} names too, and {first} goes first"
            faults.doubt(keys.entries[then], message, "remove that from one of the two")
    if "met_by" in keys.entries and set(duty.starts) == set(duty.met_by) and not duty.repeats:
        message = "is the same as starts: what started the clock meets it when it happens again"
        faults.doubt(keys.entries["met_by"], message, "write repeats: true if that is meant, else another act")
