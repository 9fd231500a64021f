"""The condition language of the policy: comparisons over a lead's fields, such as `grade == "A" and score >= 60`.

    field == != < <= > >= literal      field in [a, b]      field not in [a, b]      exists field      field exists
    and      or      not      ( )

Literals are quoted strings, numbers, true and false; in a list a string may go without quotes. A field that the lead
does not have, or has with another type than the literal's, satisfies no comparison, not even `!=` or `not in`; ask
with `exists`. `not` merely turns an answer around: `not grade == "A"` holds for a lead without grade.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

from monitor.core.event import DATA_FIELDS, Scalar
from monitor.core.tokens import NUMBER, tokens_of
from monitor.core.tokens import PredicateError as PredicateError

# Parentheses and `not`s within one another; nobody reads ten, and recursion stays shallow.
DEPTH_MAX: Final = 10
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True, slots=True)
class _Comparison:
    field: str
    sign: str
    literal: Scalar


@dataclass(frozen=True, slots=True)
class _Membership:
    field: str
    literals: tuple[Scalar, ...]
    inside: bool


@dataclass(frozen=True, slots=True)
class _Exists:
    field: str


@dataclass(frozen=True, slots=True)
class _Not:
    part: "_Test"


@dataclass(frozen=True, slots=True)
class _Junction:
    parts: "tuple[_Test, ...]"
    all_needed: bool


_Test = _Comparison | _Membership | _Exists | _Not | _Junction


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition, parsed; `text` as it was written."""

    text: str
    test: _Test


def parse(text: str) -> Predicate:
    """Read a condition. Raises PredicateError."""
    return Predicate(text, _Parser(text).whole())


def holds(predicate: Predicate, fields: Mapping[str, Scalar]) -> bool:
    """Whether the condition holds for these fields. Never raises."""
    return _holds(predicate.test, fields)


def _holds(test: _Test, fields: Mapping[str, Scalar]) -> bool:
    match test:
        case _Comparison(name, sign, literal):
            value = fields.get(name)
            return _kind(value) is _kind(literal) and _COMPARE[sign](value, literal)
        case _Membership(name, literals, inside):
            value = fields.get(name)
            alike = [literal for literal in literals if _kind(value) is _kind(literal)]
            return bool(alike) and (value in alike) is inside
        case _Exists(name):
            return fields.get(name) is not None
        case _Not(part):
            return not _holds(part, fields)
        case _Junction(parts, all_needed):
            return (all if all_needed else any)(_holds(part, fields) for part in parts)


def _kind(value: object) -> type:
    """bool, str, or float for every number."""
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)


class _Parser:
    """Recursive descent over the tokens (text, position) of one condition; the last one is empty."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens_of(text)
        self._next = 0
        self._depth = 0

    def whole(self) -> _Test:
        test = self._either()
        if self._peek():
            raise self._error(f"unexpected {self._peek()}", "join conditions with and, or")
        return test

    def _either(self) -> _Test:
        return self._junction("or", lambda: self._junction("and", self._part))

    def _junction(self, word: str, part: Callable[[], _Test]) -> _Test:
        parts = [part()]
        while self._take(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else _Junction(tuple(parts), all_needed=word == "and")

    def _part(self) -> _Test:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise self._error(f"more than {DEPTH_MAX} levels of parentheses and not", "say it more simply")
        if self._take("not"):
            test: _Test = _Not(self._part())
        elif self._take("("):
            test = self._either()
            self._expect(")", "close the parenthesis")
        elif self._take("exists"):
            test = _Exists(self._field())
        else:
            test = self._comparison(self._field())
        self._depth -= 1
        return test

    def _comparison(self, name: str) -> _Test:
        if self._take("exists"):
            return _Exists(name)
        inside = not self._take("not")
        if self._take("in"):
            return _Membership(name, self._list(), inside)
        if not inside or self._peek() not in _COMPARE:
            raise self._error(f"no comparison after {name}", f"write for example {name} == 1, or {name} in [a, b]")
        sign = self._take(self._peek())
        literal = self._literal(bare=False)
        if sign in ("<", "<=", ">", ">=") and _kind(literal) is not float:
            raise self._error(f"{sign} compares numbers only", "compare with a number, or write in [a, b]")
        return _Comparison(name, sign, literal)

    def _list(self) -> tuple[Scalar, ...]:
        self._expect("[", "write a list such as [a, b]")
        literals = [self._literal(bare=True)]
        while self._take(","):
            literals.append(self._literal(bare=True))
        self._expect("]", "separate the values with commas and close the list")
        return tuple(literals)

    def _literal(self, *, bare: bool) -> Scalar:
        token = self._peek()
        if not token or not (token[0] in "\"'-" or token[0].isalnum()):
            raise self._error("a value is missing", "write a quoted string, a number, true or false")
        value: Scalar = token
        if token in ("true", "false"):
            value = token == "true"
        elif NUMBER.fullmatch(token):
            value = float(token) if "." in token else int(token)
        elif token[0] in "\"'":
            value = token[1:-1]
        elif not bare:
            raise self._error(f"{token} stands without quotes", f'write "{token}"')
        self._next += 1
        return value

    def _field(self) -> str:
        name = self._peek()
        if name in DATA_FIELDS:
            return self._take(name)
        if not name[:1].isalnum() or name in ("and", "or", "in"):
            raise self._error("a field is missing", "write for example grade")
        near = get_close_matches(name, DATA_FIELDS, n=1)
        raise self._error(f"unknown field {name}", f"write {near[0]}" if near else f"use {', '.join(DATA_FIELDS)}")

    def _peek(self) -> str:
        return self._tokens[self._next][0]

    def _take(self, text: str) -> str:
        """The token, passed over, if it is `text`; else nothing."""
        if self._peek() != text:
            return ""
        self._next += 1
        return text

    def _expect(self, text: str, fix: str) -> None:
        if not self._take(text):
            raise self._error(f"{text} is missing", fix)

    def _error(self, message: str, fix: str) -> PredicateError:
        return PredicateError(message, self._tokens[self._next][1], fix)
