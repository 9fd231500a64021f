"""What follows from predicates is found out by trying, and never claimed where a lead says otherwise."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.core.event import Scalar
from monitor.core.predicate import holds, parse
from monitor.wire.policy.coverage import CASES_MAX, covered, literals


@pytest.mark.parametrize(
    ("asked", "others"),
    [
        ('grade == "A"', ['grade == "A"']),
        ('grade == "A"', ['grade in [A, "B"]']),
        ('grade == "A" and score > 5', ['grade == "A"']),
        ("score >= 60", ["score > 50"]),
        ("score > 50 and score < 60", ["score >= 50"]),
        ("score == 7", ["score < 7.5"]),
        ('grade == "A"', ["exists grade"]),
        ('grade == "A"', ['not grade == "B"']),
        ('grade in [A, B]', ['grade == "A"', 'grade == "B"']),
        ("score > 3", ["score > 10", "score < 20"]),
        ('segment == "x" or exists owner', ["exists owner", 'segment != "y"']),
    ],
)  # fmt: skip
def test_a_condition_that_others_take_whole_is_covered(asked: str, others: list[str]) -> None:
    assert covered(parse(asked), [parse(other) for other in others])


@pytest.mark.parametrize(
    ("asked", "others"),
    [
        ('grade == "A"', ['grade == "B"']),
        ('grade in [A, B]', ['grade == "A"']),
        ('grade == "A"', ['grade == "A" and score > 5']),
        ("score > 50", ["score >= 60"]),
        ("score >= 60", ["score > 60"]),
        ("score > 59", ["score >= 60"]),  # 59.5
        ('grade != "A"', ['not grade == "A" and score > 0']),
        ('not grade == "A"', ['grade != "A"']),  # a lead without grade
        ("exists grade", ['grade == "A"', 'grade != "A"']),  # a grade that is no text
        ("score > 3", ["score > 10", "score < 9"]),
        ('grade == "A"', ['segment == "A"']),
    ],
)  # fmt: skip
def test_a_condition_that_some_lead_meets_alone_is_not_covered(asked: str, others: list[str]) -> None:
    assert not covered(parse(asked), [parse(other) for other in others])


@pytest.mark.parametrize(
    "asked", ['grade == "A" and grade == "B"', "score > 5 and score < 3", "exists owner and not exists owner"]
)
def test_a_condition_that_nothing_meets_is_covered_by_nothing(asked: str) -> None:
    assert covered(parse(asked), ())
    assert not covered(parse(asked.partition(" and ")[0]), ())


def test_what_takes_too_long_to_find_out_is_not_claimed() -> None:
    fields = ("owner", "team", "segment", "source", "persona", "campaign")
    condition = parse(" and ".join(f'{field} in [a, b, c, "d"]' for field in fields))
    assert 7 ** len(fields) > CASES_MAX
    assert not covered(parse(f"({condition.text}) and score > 5 and score < 3"), ())


def test_the_literals_of_a_condition_are_those_that_it_compares_with() -> None:
    text = "(grade in [A, source, 'not', 7] or not score >= -1.5) and exists owner and value != true and segment == 'x'"
    assert literals(parse(text)) == {
        "grade": ("A", "source", "not", 7.0), "score": (-1.5,), "owner": (), "value": (True,), "segment": ("x",),
    }  # fmt: skip


# Of each literal that a condition may have, what is less, between it and the next, and more.
VALUES: list[Scalar] = ["A", "B", "C", 0, 1, 1.25, 1.5, 1.75, 2, 3, True, False]
fields = st.sampled_from(["grade", "score"])
comparisons = st.one_of(
    st.builds(lambda f, s, v: f'{f} {s} "{v}"', fields, st.sampled_from(["==", "!="]), st.sampled_from(["A", "B"])),
    st.builds(lambda f, s, v: f"{f} {s} {v}", fields, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
              st.sampled_from(["1", "2", "1.5"])),
    st.builds(lambda f, w: f"{f} {w} [A, 1]", fields, st.sampled_from(["in", "not in"])),
    st.builds(lambda f: f"exists {f}", fields),
    st.builds(lambda f: f"{f} == true", fields),
)  # fmt: skip
conditions = st.recursive(
    comparisons,
    lambda part: st.one_of(
        st.builds(lambda a: f"not ({a})", part), st.builds(lambda a, b, c: f"({a} {c} {b})", part, part,
                                                           st.sampled_from(["and", "or"]))
    ),
    max_leaves=3,
)  # fmt: skip
LEADS: list[dict[str, Scalar]] = [
    {name: value for name, value in (("grade", grade), ("score", score)) if value is not None}
    for grade in [None, *VALUES]
    for score in [None, *VALUES]
]


@settings(max_examples=300, deadline=None)
@given(conditions, st.lists(conditions, max_size=2))
def test_covered_is_what_every_lead_bears_out(asked: str, others: list[str]) -> None:
    read, rest = parse(asked), [parse(other) for other in others]
    alone = [lead for lead in LEADS if holds(read, lead) and not any(holds(other, lead) for other in rest)]
    assume(len(asked) < 900)
    assert covered(read, rest) is (not alone)
