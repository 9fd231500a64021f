"""The condition language: what holds, what a missing or odd value means, and what is refused with which advice."""

import pickle
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.event import DATA_FIELDS, Scalar
from monitor.core.predicate import DEPTH_MAX, Predicate, PredicateError, holds, parse
from monitor.core.tokens import LENGTH_MAX

LEAD: Mapping[str, Scalar] = {
    "grade": "A", "score": 72, "employees": 250, "industry": "manufacturing", "value": 12.5, "segment": "mid-market",
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        'grade == "A"',
        "grade == 'A'",
        'grade != "B"',
        "score >= 72",
        "score <= 72",
        "score > 71.5",
        "score < 100",
        "score == 72.0",
        "score > -5",
        "value == 12.5",
        "industry in [manufacturing, logistics]",
        'industry in ["manufacturing"]',
        "industry not in [retail]",
        "segment in [mid-market, 500-1000]",
        "score in [71, 72]",
        "exists grade",
        "grade exists",
        "not exists owner",
        "not owner exists",
        'grade == "A" and score >= 60',
        'grade == "B" or score >= 60',
        'grade == "A" or grade == "B" and score > 100',  # and binds closer than or
        'not grade == "B" and score > 60',  # not binds closer than and
        'not (grade == "A" and score > 100)',
        '((grade=="A")and(score>60))',
    ],
)
def test_the_condition_holds_for_the_lead(text: str) -> None:
    assert holds(parse(text), LEAD)


@pytest.mark.parametrize(
    "text",
    [
        'grade == "a"',
        "score > 72",
        "score < 72",
        "industry not in [manufacturing]",
        "exists owner",
        '(grade == "A" or grade == "B") and score > 100',
        'not (grade == "A")',
    ],
)
def test_the_condition_does_not_hold_for_the_lead(text: str) -> None:
    assert not holds(parse(text), LEAD)


@pytest.mark.parametrize("text", ['owner == "x"', 'owner != "x"', "owner in [x]", "owner not in [x]", "owner exists"])
def test_a_missing_field_satisfies_no_comparison(text: str) -> None:
    assert not holds(parse(text), LEAD)
    assert holds(parse(f"not {text}"), LEAD)


@pytest.mark.parametrize(
    "text",
    ['score == "72"', 'score != "72"', "grade > 1", "grade != 1", "score in [a]", "score not in [a]", "score == true"],
)
def test_a_value_of_another_type_satisfies_no_comparison(text: str) -> None:
    assert not holds(parse(text), LEAD)


def test_true_is_not_the_number_one() -> None:
    assert holds(parse("value == true"), {"value": True})
    assert not holds(parse("value == true"), {"value": 1})
    assert not holds(parse("value == 1"), {"value": True})
    assert not holds(parse("value in [1, 2]"), {"value": True})
    assert holds(parse("value in [true]"), {"value": True})


def test_a_list_may_mix_types() -> None:
    mixed = parse("value in [1, one]")
    assert holds(mixed, {"value": 1})
    assert holds(mixed, {"value": "one"})
    assert not holds(mixed, {"value": 2})


@pytest.mark.parametrize(
    ("text", "position", "message", "fix"),
    [
        ("grad == 1", 0, "unknown field grad", "write grade"),
        ("zzz == 1", 0, "unknown field zzz", "use owner, "),
        ('score > 1 and segmnt == "x"', 14, "unknown field segmnt", "write segment"),
        ('grade = "A"', 6, "unexpected =", "write =="),
        ("score > 1 && score < 5", 10, "unexpected &", "write and"),
        ("score > 1 || score < 5", 10, "unexpected |", "write or"),
        ('!grade == "A"', 0, "unexpected !", "write not"),
        ("grade == A", 9, "A stands without quotes", 'write "A"'),
        ('grade == "A', 9, 'unexpected "', "close the quotes"),
        ("grade ==", 8, "a value is missing", "write a quoted string"),
        ('score < "a"', 11, "< compares numbers only", "compare with a number"),
        ("score", 5, "no comparison after score", "write for example score == 1"),
        ("score not 5", 10, "no comparison after score", "write for example"),
        ("(score > 1", 10, ") is missing", "close the parenthesis"),
        ("score > 1)", 9, "unexpected )", "join conditions"),
        ("score in 5", 9, "[ is missing", "write a list"),
        ("score in []", 10, "a value is missing", "write a quoted string"),
        ("score in [1 2]", 12, "] is missing", "separate the values with commas"),
        ("score in [1, 2", 14, "] is missing", "close the list"),
        ("score > 1 score > 2", 10, "unexpected score", "join conditions with and, or"),
        ("", 0, "a field is missing", "write for example grade"),
        ("score > 1 and", 13, "a field is missing", "write for example grade"),
        ("and", 0, "a field is missing", "write for example grade"),
        ("score == #", 9, "unexpected #", "remove it"),
        ("__import__('os')", 0, "unexpected _", "remove it"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_the_fix(text: str, position: int, message: str, fix: str) -> None:
    with pytest.raises(PredicateError) as caught:
        parse(text)
    assert (caught.value.message, caught.value.position) == (message, position)
    assert fix in caught.value.fix
    assert f"at character {position + 1}" in str(caught.value)


def test_length_and_depth_are_bounded() -> None:
    deepest = "(" * DEPTH_MAX
    assert holds(parse("(" * (DEPTH_MAX - 1) + "score > 1" + ")" * (DEPTH_MAX - 1)), LEAD)
    with pytest.raises(PredicateError, match="levels"):
        parse(f"{deepest}score > 1{')' * DEPTH_MAX}")
    with pytest.raises(PredicateError, match="levels"):
        parse("not " * DEPTH_MAX + "score > 1")
    longest = "score > 1 or " * 200
    with pytest.raises(PredicateError, match=f"longer than {LENGTH_MAX}"):
        parse(longest)
    assert holds(parse(longest[: 13 * 76] + "score > 1"), LEAD)


def test_a_condition_can_be_hashed_compared_and_sent_elsewhere() -> None:
    text = 'not (grade in [A, 1] or exists owner) and score >= 60.5 or value == "x"'
    again = pickle.loads(pickle.dumps(parse(text)))  # noqa: S301 - pickled in the line itself
    assert again == parse(text)
    assert hash(again) == hash(parse(text))
    assert again.text == text
    assert parse("exists owner").test != parse("exists grade").test


fields = st.dictionaries(
    st.sampled_from(DATA_FIELDS), st.text(max_size=5) | st.integers() | st.floats() | st.booleans(), max_size=4
)
words = st.sampled_from(
    ["grade", "score", "==", "!=", "<", ">=", "in", "not", "and", "or", "exists", "(", ")", "[", "]", ",", '"A"', "1.5",
     "true", "x"]
)  # fmt: skip


def judged(text: str, lead: Mapping[str, Scalar]) -> bool | PredicateError:
    try:
        return holds(parse(text), lead)
    except PredicateError as error:
        return error


@given(st.lists(words, max_size=12).map(" ".join) | st.text(max_size=30), fields)
def test_any_text_is_judged_or_refused_on_any_lead(text: str, lead: dict[str, Scalar]) -> None:
    answer = judged(text, lead)
    assert isinstance(answer, bool) or (0 <= answer.position <= len(text) and answer.fix)


atoms = st.sampled_from(['grade == "A"', "score > 10", "exists owner", "value in [1, x]", "segment not in [a]"])


@given(atoms, atoms, fields)
def test_and_or_not_are_those_of_logic(left: str, right: str, lead: dict[str, Scalar]) -> None:
    def answer(text: str) -> bool:
        predicate: Predicate = parse(text)
        return holds(predicate, lead)

    assert answer(f"{left} and {right}") == (answer(left) and answer(right))
    assert answer(f"{left} or {right}") == (answer(left) or answer(right))
    assert answer(f"not {left}") == (not answer(left))
    assert answer(f"not ({left} or {right})") == answer(f"not {left} and not {right}")
