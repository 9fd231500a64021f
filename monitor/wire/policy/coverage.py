"""What follows from predicates: which of them never hold, and which hold only where others do.

That is not derived from their form but tried out, on leads that differ in everything the predicates can tell apart:
so it is right for every predicate, and where it would take too many leads there is no answer.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from itertools import islice, pairwise, product
from typing import Final

from monitor.core.event import DATA_FIELDS, Scalar
from monitor.core.predicate import Predicate, holds
from monitor.core.tokens import NUMBER, tokens_of

# Leads tried for one question: enough for five fields with a value each, and done within some ten milliseconds.
CASES_MAX: Final = 2000
_OTHER_TEXT: Final = "\x00"  # no policy can write it
_TRUTHS: Final[Mapping[str, Scalar]] = {"true": True, "false": False}

Fields = Mapping[str, tuple[Scalar, ...]]


def literals(predicate: Predicate) -> Fields:
    """Every field that it asks for, with the values it compares it with; numbers as floats."""
    found: dict[str, tuple[Scalar, ...]] = {}
    field, listed = "", False
    for token, _ in tokens_of(predicate.text):
        if token in ("[", "]"):
            listed = token == "["
        elif token in DATA_FIELDS and not listed:
            field = token
            found.setdefault(field, ())
        elif token[:1] in ("'", '"'):
            found[field] += (token[1:-1],)
        elif NUMBER.fullmatch(token):
            found[field] += (float(token),)
        elif token in _TRUTHS:
            found[field] += (_TRUTHS[token],)
        elif listed and token != ",":
            found[field] += (token,)
    return found


def covered(asked: Predicate, others: Collection[Predicate]) -> bool:
    """Whether wherever `asked` holds one of the others does, that is, without others, whether it never holds.

    False also when that is too much to find out.
    """
    fields = dict(literals(asked))
    for other in others:
        for field, values in literals(other).items():
            fields[field] = fields.get(field, ()) + values
    cases = _cases(fields)
    for case in islice(cases, CASES_MAX):
        if holds(asked, case) and not any(map(partial(_holds_in, case), others)):
            return False
    return next(cases, None) is None


def _holds_in(case: Mapping[str, Scalar], predicate: Predicate) -> bool:
    return holds(predicate, case)


def _cases(fields: Fields) -> Iterator[Mapping[str, Scalar]]:
    for values in product(*map(_values, fields.values())):
        yield {field: value for field, value in zip(fields, values, strict=True) if value is not None}


def _values(compared: tuple[Scalar, ...]) -> list[Scalar | None]:
    """The values themselves, those between and beyond them, another text, one of another type, and none at all."""
    texts = list(dict.fromkeys(value for value in compared if isinstance(value, str)))
    numbers = sorted({value for value in compared if isinstance(value, float)})
    truths = any(isinstance(value, bool) for value in compared)
    values: list[Scalar | None] = [*texts, *numbers]
    if texts:
        values.append(_OTHER_TEXT)
    if numbers:
        values += [(low + high) / 2 for low, high in pairwise(numbers)]
        values += [numbers[0] - 1, numbers[-1] + 1]
    if truths:
        values += [True, False]
    if not (texts and numbers and truths):
        values.append(True if not truths else 0.0 if not numbers else _OTHER_TEXT)
    return [*values, None]
