"""A merged lead is another name of the one that goes on: histories join, and every clock is judged once."""

from collections import deque
from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.advance import Remark, Step, TimeAdvanced, advance
from monitor.core.event import Event
from monitor.core.lead import EVIDENCE_MAX, Lead
from monitor.core.merging import HOPS_MAX, Forward
from monitor.core.outcome import Kind, Outcome
from monitor.core.policy import Policy, Rhythm, Target
from monitor.core.replay import Replay
from monitor.core.tellings import next_instant
from monitor.core.via import Via
from tests.support.agreement import HOUR, MINUTE, duty, elapsed, event_is, policy
from tests.support.history import ONE_DUTY, assigned, at, called, event
from tests.unit.core.test_advance_properties import LAST, POLICY, START, events, standing

Arrival = Event | Forward


def of(lead: str, item: Event) -> Event:
    """The same of that lead, under an id of its own."""
    return item._replace(lead=lead, id=f"{lead}-{item.id}")


def merged(lead: str, into: str, minute: float) -> Event:
    return of(lead, event("lead.merged", minute, into=into))


class Leads:
    """Several leads that pass on to one another what their steps forward, at once or when they are told to."""

    def __init__(self, agreement: Policy = ONE_DUTY) -> None:
        self._agreement = agreement
        self.leads: dict[str, Lead] = {}
        self.on_their_way: deque[Forward] = deque()
        self.steps: list[Step] = []

    def take(self, item: Arrival) -> Step:
        """One event or forward; what it forwards is on its way."""
        step = advance(self.leads.get(item.lead), item, self._agreement)
        self.leads[item.lead] = step.lead
        self.steps.append(step)
        self.on_their_way.extend(step.forwards)
        return step

    def arrive(self) -> None:
        """Everything that is on its way, and what follows from it."""
        while self.on_their_way:
            self.take(self.on_their_way.popleft())

    def run(self, *items: Event | TimeAdvanced) -> "Leads":
        for item in items:
            if isinstance(item, Event):
                self.take(item)
                self.arrive()
            else:
                for name, lead in list(self.leads.items()):
                    self.steps.append(advance(lead, item, self._agreement))
                    self.leads[name] = self.steps[-1].lead
                    self.on_their_way.extend(self.steps[-1].forwards)
                self.arrive()
        return self

    def said(self, lead: str) -> list[Outcome]:
        return [o for step in self.steps for o in step.outcomes if o.lead == lead]

    def verdicts(self, lead: str) -> list[tuple[Kind, int, int]]:
        """What stands of the lead: kind, instant, start of the clock."""
        held = standing(self.said(lead)).values()
        wanted = (Kind.MET, Kind.BREACHED, Kind.FULFILLED_LATE, Kind.CANCELLED)
        return sorted((o.kind, o.at, o.started_at) for o in held if o.kind in wanted)


A_RUNS = [of("A", assigned(0)), merged("A", "B", 20)]


def test_an_open_clock_is_cancelled_and_goes_on_at_the_other_lead_from_its_own_start() -> None:
    leads = Leads().run(*A_RUNS, TimeAdvanced(at(60)))
    assert leads.verdicts("A") == [(Kind.CANCELLED, at(20), at(0))]
    assert leads.verdicts("B") == [(Kind.BREACHED, at(60), at(0))]


def test_the_earlier_start_counts_whichever_lead_it_was_of() -> None:
    leads = Leads().run(of("B", assigned(10)), *A_RUNS, TimeAdvanced(at(60)))
    assert leads.verdicts("B") == [(Kind.BREACHED, at(60), at(0))]
    leads = Leads().run(of("B", assigned(-10)), *A_RUNS, TimeAdvanced(at(50)))
    assert leads.verdicts("B") == [(Kind.BREACHED, at(50), at(-10))]


def test_an_act_of_the_merged_lead_counts_for_the_other_whenever_it_arrives() -> None:
    calls = of("A", called(5)), of("A", called(30))  # before the merge, after it
    for call in calls:
        leads = Leads().run(*A_RUNS, TimeAdvanced(at(60)), call)
        assert leads.verdicts("A") == ([(Kind.MET, at(5), at(0))] if call is calls[0] else leads.verdicts("A"))
    assert leads.verdicts("A") == [(Kind.CANCELLED, at(20), at(0))]
    assert leads.verdicts("B") == [(Kind.MET, at(30), at(0))]


@pytest.mark.parametrize(
    "closing", [[of("A", called(5))], [TimeAdvanced(at(60))], [of("A", event("lead.recycled", 5))]]
)
def test_a_duty_that_was_closed_before_the_merge_is_not_judged_again(closing: list[Event | TimeAdvanced]) -> None:
    leads = Leads().run(of("A", assigned(0)), *closing, merged("A", "B", 70), TimeAdvanced(at(200)))
    assert len(leads.verdicts("A")) == 1
    assert leads.verdicts("B") == []


def test_a_second_start_in_the_round_of_a_closed_clock_starts_nothing_either() -> None:
    leads = Leads().run(of("A", assigned(0)), of("A", called(5)), of("A", assigned(8)), merged("A", "B", 9))
    assert leads.said("B") == []
    assert [*leads.leads["B"].evidence][2].via == Via(("A",), ("first-touch",), (), 1)


def test_an_act_that_closed_a_clock_of_its_own_still_meets_one_of_the_other_lead() -> None:
    leads = Leads().run(of("B", assigned(1)), of("A", assigned(0)), of("A", called(5)), merged("A", "B", 9))
    assert leads.verdicts("B") == [(Kind.MET, at(5), at(1))]


def test_late_evidence_that_closes_a_clock_from_before_the_merge_takes_it_from_the_other_lead() -> None:
    leads = Leads().run(*A_RUNS, TimeAdvanced(at(60)))
    assert leads.verdicts("B") == [(Kind.BREACHED, at(60), at(0))]
    leads.run(of("A", called(5)))
    assert leads.verdicts("A") == [(Kind.MET, at(5), at(0))]
    assert leads.verdicts("B") == []


def test_late_evidence_that_opens_a_clock_from_before_the_merge_gives_it_to_the_other_lead() -> None:
    leads = Leads().run(of("A", assigned(0, grade="A")), merged("A", "B", 20), TimeAdvanced(at(30)))
    assert (leads.verdicts("A"), leads.verdicts("B")) == ([(Kind.BREACHED, at(10), at(0))], [])
    leads.run(of("A", assigned(-1, grade="B")), of("A", event("lead.recycled", -0.5)))
    leads.run(of("A", event("lead.updated", -0.4, grade="B")), TimeAdvanced(at(59)))
    assert leads.verdicts("B") == []
    moved = Leads(policy(duty(warn_at=()))).run(of("A", assigned(0)), of("A", event("lead.updated", -1, grade="A")))
    moved.run(merged("A", "B", 20), TimeAdvanced(at(30)))
    assert moved.verdicts("B") == []
    moved.run(of("A", event("lead.updated", -0.5, grade="B")), TimeAdvanced(at(60)))
    assert moved.verdicts("A") == [(Kind.CANCELLED, at(20), at(0))]
    assert moved.verdicts("B") == [(Kind.BREACHED, at(60), at(0))]


def test_what_came_after_the_merge_but_arrived_before_it_is_the_other_leads() -> None:
    leads = Leads().run(of("A", assigned(30)), of("A", called(40)))
    assert leads.verdicts("A") == [(Kind.MET, at(40), at(30))]
    leads.run(merged("A", "B", 20))
    assert leads.verdicts("A") == []
    assert leads.verdicts("B") == [(Kind.MET, at(40), at(30))]
    assert [piece.type for piece in leads.leads["A"].evidence] == ["lead.merged"]


def test_that_a_record_left_the_funnel_before_it_was_merged_ends_nothing_at_the_other_lead() -> None:
    duplicate = of("A", event("lead.disqualified", 5, reason="duplicate"))
    leads = Leads().run(of("B", assigned(0)), of("A", event("lead.created", 1)), duplicate, merged("A", "B", 6))
    assert leads.leads["B"].fold.stage == "inquiry"
    assert leads.verdicts("B") == []
    leads.run(of("A", event("lead.disqualified", 8, reason="no budget")))
    assert leads.verdicts("B") == [(Kind.CANCELLED, at(8), at(0))]


def test_a_converted_lead_goes_on_under_its_new_id_with_all_that_was_known_of_it() -> None:
    leads = Leads().run(of("A", event("lead.created", 0, segment="enterprise", stage="mql")), of("A", assigned(1)))
    leads.run(merged("A", "contact", 2), of("contact", called(5)))
    fold = leads.leads["contact"].fold
    assert (fold.stage, fold.attributes) == ("mql", {"segment": "enterprise", "owner": "ana"})
    assert leads.verdicts("contact") == [(Kind.MET, at(5), at(1))]


def test_the_same_event_of_both_leads_is_one_and_the_survivors_own_word_counts() -> None:
    own, other = assigned(0)._replace(lead="B"), assigned(0)._replace(lead="A")
    passes_on = [other, called(5)._replace(lead="A"), merged("A", "B", 9)]
    for order in ([own, *passes_on], [*passes_on, own]):
        leads = Leads().run(*order)
        assert [piece.via for piece in leads.leads["B"].evidence] == [None, Via(("A",), ("first-touch",), (), 1)]
        assert leads.verdicts("B") == [(Kind.MET, at(5), at(0))]


def test_an_older_word_that_arrives_behind_a_newer_one_changes_nothing() -> None:
    leads = Leads()
    for item in A_RUNS:
        leads.take(item)
    old = leads.on_their_way[0]
    leads.arrive()
    leads.run(of("A", called(5)))
    before = leads.leads["B"]
    assert leads.take(old).remarks == (Remark.DUPLICATE,)
    assert leads.leads["B"] == before


def test_a_word_that_comes_after_the_verdict_is_final_for_its_source_changes_nothing() -> None:
    waits = policy(duty(warn_at=(), final_after={"default": 3 * HOUR, "crm": HOUR}))
    start = Forward(of("A", assigned(0))._replace(lead="B"), Via(("A",), (), (), 1))
    closed = start._replace(via=Via(("A",), ("first-touch",), (), 2))
    for until, verdicts in ((119, []), (120, [(Kind.BREACHED, at(60), at(0))])):
        leads = Leads(waits)
        leads.take(start)
        leads.run(TimeAdvanced(at(60)), TimeAdvanced(at(until)))
        leads.take(closed)
        assert leads.verdicts("B") == verdicts


def test_a_start_that_came_too_late_for_the_merged_lead_starts_nothing_at_the_other_either() -> None:
    leads = Leads().run(of("A", assigned(0)), TimeAdvanced(at(60)), TimeAdvanced(at(120)), merged("A", "B", 130))
    leads.run(of("A", assigned(-10)), TimeAdvanced(at(300)))
    assert len(leads.leads["B"].evidence) == 2
    assert leads.verdicts("B") == []


def test_a_clock_that_a_touch_had_started_goes_on_too() -> None:
    rhythm = policy(duty(warn_at=(), repeats=True, rhythm=Rhythm.SEQUENTIAL))
    leads = Leads(rhythm).run(of("A", assigned(0)), of("A", called(5)), merged("A", "B", 20), TimeAdvanced(at(65)))
    assert leads.verdicts("A") == [(Kind.CANCELLED, at(20), at(5)), (Kind.MET, at(5), at(0))]
    assert leads.verdicts("B") == [(Kind.BREACHED, at(65), at(5))]


def test_what_the_passing_of_time_brings_after_the_merge_it_does_not_bring_to_the_merged_lead() -> None:
    rhythm = policy(duty(warn_at=(), repeats=True, rhythm=Rhythm.INDEPENDENT))
    for ticks in ([], [TimeAdvanced(at(62))]):
        leads = Leads(rhythm).run(of("A", assigned(0)), *ticks, merged("A", "B", 70), TimeAdvanced(at(300)))
        assert leads.verdicts("A") == [(Kind.BREACHED, at(60), at(0)), (Kind.CANCELLED, at(70), at(60))]
        assert next_instant(leads.leads["A"]) is None
    both = policy(
        duty("verdict", warn_at=(), hold_us=15 * MINUTE, silence_accepts=True, targets=(Target(elapsed(10), None),)),
        duty("acceptance", warn_at=(), met_by=event_is("lead.accepted")),
    )
    leads = Leads(both).run(of("A", assigned(0)), merged("A", "B", 20))
    assert [(o.duty, o.kind) for o in leads.said("B")] == [("acceptance", Kind.ACTIVATED)]
    leads.run(TimeAdvanced(at(25)))  # accepted by silence at 10: the other duty was met before the merge
    assert leads.verdicts("A") == [(Kind.MET, at(10), at(0))] * 2
    assert [(o.duty, o.kind) for o in leads.said("B")][1:] == [("acceptance", Kind.WITHDRAWN)]
    silent = policy(duty(warn_at=(), silence_accepts=True))
    leads = Leads(silent).run(of("A", assigned(0)), merged("A", "B", 70), TimeAdvanced(at(300)))
    assert leads.verdicts("A") == [(Kind.MET, at(60), at(0))]
    assert leads.verdicts("B") == []


def test_a_chain_of_merges_leads_to_its_end() -> None:
    leads = Leads().run(of("A", assigned(0)), merged("A", "B", 10), merged("B", "C", 20), of("A", called(30)))
    assert leads.verdicts("A") == [(Kind.CANCELLED, at(10), at(0))]
    assert leads.verdicts("B") == [(Kind.CANCELLED, at(20), at(0))]
    assert leads.verdicts("C") == [(Kind.MET, at(30), at(0))]
    assert [piece.via and piece.via.path for piece in leads.leads["C"].evidence] == [("A", "B"), ("A", "B")]


def test_what_was_closed_at_the_first_of_a_chain_is_not_judged_again_at_its_end() -> None:
    leads = Leads().run(of("A", assigned(0)), of("A", called(5)), merged("A", "B", 10), merged("B", "C", 20))
    assert len(leads.leads["C"].evidence) == 2
    assert leads.verdicts("C") == []


def test_a_circle_of_merges_ends_and_is_remarked() -> None:
    leads = Leads().run(of("A", assigned(0)), of("B", assigned(1)), merged("A", "B", 10), merged("B", "A", 20))
    leads.run(of("A", called(30)), of("B", called(31)))
    assert Remark.MERGED_IN_CIRCLE in {remark for step in leads.steps for remark in step.remarks}
    assert sum(len(step.forwards) for step in leads.steps) < 10


def test_a_chain_that_is_longer_than_any_in_life_ends() -> None:
    leads = Leads().run(of("L0", assigned(0)))
    leads.run(*(merged(f"L{n}", f"L{n + 1}", 1 + n) for n in range(HOPS_MAX + 1)))
    assert f"L{HOPS_MAX}" in leads.leads
    assert f"L{HOPS_MAX + 1}" not in leads.leads
    assert leads.steps[-1].remarks == (Remark.MERGED_IN_CIRCLE,)


def test_a_lead_merged_into_itself_is_no_other_name_of_anything() -> None:
    leads = Leads().run(of("A", assigned(0)), merged("A", "A", 10))
    assert (leads.leads["A"].merged, leads.steps[-1].forwards) == (None, ())


def test_the_first_of_several_merges_counts_in_whatever_order_they_arrive() -> None:
    leads = Leads().run(of("A", assigned(0)), merged("A", "C", 20), merged("A", "B", 10))
    assert leads.leads["A"].merged is not None
    assert leads.leads["A"].merged[:2] == ("B", (at(10), 10, "A-lead.merged@10", "crm"))
    again = leads.run(merged("A", "D", 30)).steps[-1]
    assert (again.remarks, again.forwards) == ((Remark.TOO_LATE,), ())


def test_what_is_no_longer_kept_cannot_be_passed_on_and_that_is_remarked() -> None:
    updates = [of("A", event("lead.updated", n, score=n)) for n in range(EVIDENCE_MAX + 1)]
    leads = Leads().run(*updates, merged("A", "B", 500))
    assert sum(Remark.MERGED_IN_PART in step.remarks for step in leads.steps) == 1
    assert len(leads.leads["B"].evidence) == len(leads.leads["A"].evidence) - 1 == EVIDENCE_MAX + 1 - EVIDENCE_MAX // 2


def test_an_erased_alias_keeps_nothing_and_passes_nothing_on() -> None:
    leads = Leads().run(*A_RUNS, of("A", event("lead.erased", 25)), of("A", called(30)))
    assert (leads.leads["A"].merged, leads.leads["A"].evidence) == (None, ())
    assert leads.steps[-1].forwards == ()


def test_nothing_is_learnt_of_an_erased_lead_from_those_merged_into_it() -> None:
    leads = Leads().run(of("B", event("lead.erased", 0)), *A_RUNS)
    assert leads.leads["B"].evidence == ()


def test_an_event_read_again_passes_on_nothing_that_changes_the_other_lead() -> None:
    history = [*A_RUNS, of("A", called(5)), of("A", called(30))]
    leads = Leads().run(*history)
    before = dict(leads.leads)
    leads.run(*history)
    assert leads.leads == before


@st.composite
def two_leads(draw: st.DrawFn) -> list[Event]:
    """Made-up histories of two leads, of which the first is merged into the second somewhere in the middle."""
    names = st.sampled_from("AB")
    found = draw(st.lists(events().filter(lambda e: e.type != "lead.merged"), max_size=12, unique_by=lambda e: e.id))
    history = [item._replace(lead=draw(names)) for item in found]
    middle = draw(events())._replace(lead="A", type="lead.merged", id="the merge", data={"into": "B"})
    return [*history, middle]


# A merge is late evidence like any other: what is final it does not revise. Here nothing is, before it is over.
RHYTHMS = (
    duty("next-touch", repeats=True, rhythm=Rhythm.SEQUENTIAL, targets=(Target(elapsed(90), None),)),
    duty("weekly", repeats=True, rhythm=Rhythm.INDEPENDENT, targets=(Target(elapsed(150), None),), warn_at=()),
    duty("verdict", starts=event_is("lead.handed_off"), met_by=event_is("lead.accepted"), silence_accepts=True),
)
REVISABLE = policy(*(duty._replace(final_after={"default": 2 * (LAST - START)}) for duty in (*POLICY.duties, *RHYTHMS)))


def final(items: Iterable[Event], passing: Iterable[bool]) -> dict[tuple[int, str, str], Outcome]:
    """What stands of B once all of it arrived; `passing` says after which events forwards arrive."""
    leads = Leads(REVISABLE)
    for item, arrives in zip(items, passing, strict=True):
        leads.take(item)
        if arrives:
            leads.arrive()
    leads.arrive()
    leads.run(TimeAdvanced(LAST), TimeAdvanced(LAST))
    return standing(leads.said("B"))


@given(two_leads(), st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_order_of_arrival_across_both_leads_ends_in_the_same_verdicts(
    history: list[Event], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(history + history[: len(history) // 2]))
    passing = [data.draw(st.booleans()) for _ in shuffled]
    in_order = sorted(history, key=lambda item: item.at)
    assert final(shuffled, passing) == final(in_order, [True] * len(in_order))


@given(two_leads())
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_replay_joins_them_as_the_judge_does(history: list[Event]) -> None:
    said = [outcome for outcome in Replay(REVISABLE).run(history, LAST) if outcome.lead == "B"]
    assert standing(said) == final(history, [True] * len(history))


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("ABC")), max_size=6), st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_however_leads_are_merged_passing_on_ends(merges: list[tuple[str, str]], data: st.DataObject) -> None:
    history = [of(name, item) for name in "ABC" for item in (assigned(0), called(5), event("lead.updated", 50))]
    history += [of(name, event("lead.merged", 10 + n, into=into)) for n, (name, into) in enumerate(merges)]
    leads = Leads(policy(duty(final_after={"default": 9 * HOUR}))).run(*data.draw(st.permutations(history)))
    assert sum(len(step.forwards) for step in leads.steps) <= len(history) * 20
