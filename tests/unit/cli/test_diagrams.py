"""The diagrams show the tables, whole, and a page is changed between its markers only."""

import re

import pytest

from monitor.cli.diagrams import BLOCKS, UnknownBlock, clock_states, lead_stages, replace_generated
from monitor.core.policy import DEFAULT_STAGES
from monitor.core.tables import CLOCK_TRANSITIONS, OPEN_STATES, ClockState

EDGE = re.compile(r"^ {4}(\S+) --> (\S+?)(?:: (.+))?$", re.MULTILINE)


def test_the_diagram_of_the_clock_has_each_move_of_the_table_and_no_other() -> None:
    edges = EDGE.findall(clock_states())
    moves = {(before.value, after.value, given.value) for (before, given), after in CLOCK_TRANSITIONS.items()}
    ends = {(state.value, "[*]", "") for state in ClockState if state not in OPEN_STATES}
    assert len(edges) == len(set(edges))
    assert set(edges) == moves | ends | {("[*]", "running", "")}


def test_the_diagram_of_the_stages_has_each_way_through_the_funnel_and_no_other() -> None:
    edges = EDGE.findall(lead_stages())
    ways = {(name, other, "") for name, stage in DEFAULT_STAGES.items() for other in stage.next}
    ends = {(name, "[*]", "") for name, stage in DEFAULT_STAGES.items() if not stage.next}
    assert set(edges) == ways | ends | {("[*]", "inquiry", "")}
    assert "    mql: mql (marketing, hands off to sales)\n" in lead_stages()


def test_the_same_tables_give_the_same_text() -> None:
    assert lead_stages() == lead_stages()
    assert lead_stages().index("mql --> sal\n") < lead_stages().index("mql --> recycled\n")


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_is_replaced_and_everything_around_it_stays(name: str) -> None:
    page = f"above\n<!-- generated: {name} -->\nold\n<!-- end -->\nbelow\n"
    drawn = f"above\n<!-- generated: {name} -->\n{BLOCKS[name]()}<!-- end -->\nbelow\n"
    assert replace_generated(page) == drawn
    assert replace_generated(drawn) == drawn


def test_two_blocks_are_two_blocks() -> None:
    page = "".join(f"<!-- generated: {name} -->\n<!-- end -->\nbetween\n" for name in BLOCKS)
    assert replace_generated(page).count("between") == 2


@pytest.mark.parametrize(
    "page", ["<!-- generated: nothing -->\n<!-- end -->\n", "<!-- generated: clock-states -->\nno end\n"]
)
def test_a_marker_that_cannot_be_followed_is_refused(page: str) -> None:
    with pytest.raises(UnknownBlock):
        replace_generated(page)
