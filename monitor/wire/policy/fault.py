"""What is wrong with a policy file: where, what, and what to write instead."""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, TypeVar

from monitor.wire.policy.tree import Node

T = TypeVar("T")
U = TypeVar("U")

# Faults that are told at once; whoever sees more mends these first.
FAULTS_MAX: Final = 50
_SHOWN_MAX: Final = 60
_PART_MAX: Final = 400


class PolicyFault(NamedTuple):
    """One mistake; as text one line, `FILE:LINE: FIELD: MESSAGE; fix: FIX`."""

    file: str
    line: int
    field: str
    message: str
    fix: str

    def __str__(self) -> str:
        field, message, fix = (harmless(part) for part in (self.field, self.message, self.fix))
        return f"{self.file}:{self.line}: {field}: {message}; fix: {fix}"


class PolicyDoubt(NamedTuple):
    """What is legal but hardly meant; as text one line, `FILE:LINE: warning: FIELD: MESSAGE; proposal: …`."""

    file: str
    line: int
    field: str
    message: str
    proposal: str

    def __str__(self) -> str:
        field, message, proposal = (harmless(part) for part in (self.field, self.message, self.proposal))
        return f"{self.file}:{self.line}: warning: {field}: {message}; proposal: {proposal}"


class PolicyError(ValueError):
    """Policy files that cannot be used; `faults` by file and line, at least one, at most FAULTS_MAX."""

    def __init__(self, faults: Iterable[PolicyFault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.file, fault.line)))[:FAULTS_MAX]
        super().__init__("\n".join(map(str, self.faults)))


def whole(file: str, line: int, message: str, fix: str, field: str = "policy") -> PolicyError:
    """What is wrong with a file as a whole."""
    return PolicyError([PolicyFault(file, line, field, message, fix)])


class Refused(Exception):
    """A part of the file that cannot be read; `Faults.read` keeps it and lets reading go on."""

    def __init__(self, node: Node, message: str, fix: str) -> None:
        super().__init__(message)
        self.node, self.message, self.fix = node, message, fix


class Faults:
    """The faults and doubts of one file, collected so that one run tells them all."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[PolicyFault] = []
        self.doubts: list[PolicyDoubt] = []

    def add(self, node: Node, message: str, fix: str) -> None:
        """Keep a fault of that part of the file."""
        self.found.append(PolicyFault(self.file, node.line, node.field, message, fix))

    def doubt(self, node: Node, message: str, proposal: str) -> None:
        """Keep a doubt about that part of the file."""
        self.doubts.append(PolicyDoubt(self.file, node.line, node.field, message, proposal))

    def told_doubts(self) -> tuple[PolicyDoubt, ...]:
        """The doubts in the order of their lines, at most FAULTS_MAX."""
        return tuple(sorted(self.doubts, key=lambda doubt: doubt.line))[:FAULTS_MAX]

    def read(self, reader: Callable[[Node], T], node: Node | None, default: U) -> T | U:
        """What `reader` makes of the node; `default` when it is not there, or refused, which is kept as a fault."""
        if node is None:
            return default
        try:
            return reader(node)
        except Refused as refused:
            self.add(refused.node, refused.message, refused.fix)
            return default


def quoted(text: str) -> str:
    """Text of the file for a message: in quotes, and not too long."""
    return f"'{text}'" if len(text) <= _SHOWN_MAX else f"'{text[:_SHOWN_MAX]}…'"


def harmless(text: str) -> str:
    """The file is a stranger's: no control characters reach a terminal, and a line stays a line."""
    clipped = text if len(text) <= _PART_MAX else text[:_PART_MAX] + "…"
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in clipped)
