"""Reads an agreement from a file, or all its versions from a folder of files, each of which is one version."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from monitor.core.policy import Policy
from monitor.wire.policy.agreement import BYTES_MAX, Examined, examined, read_policy
from monitor.wire.policy.diff import diff
from monitor.wire.policy.fault import PolicyDoubt, PolicyError, PolicyFault, whole
from monitor.wire.policy.tree import Mapping as MappingNode
from monitor.wire.policy.tree import tree_of

# Five years of quarterly versions. A clock lives for weeks: older versions judge nothing any more.
VERSIONS_MAX: Final = 20
# What is different is told in one message that somebody reads; whoever changes more points to the file.
CHANGES_MAX: Final = 20
CHANGE_LENGTH_MAX: Final = 200
# Said of each version anyway.
_ASIDE: Final = frozenset({("agreement", "version"), ("agreement", "effective_from")})

PolicyFiles = Mapping[str, str]
"""The text of each file, by its path."""


def load_policy(path: Path) -> Policy:
    """The agreement at that path, its newest version first. Raises PolicyError with all faults of all files."""
    return policy_of(read_files(path))


def read_files(path: Path) -> PolicyFiles:
    """The file, or every `*.yaml` in the folder. Raises PolicyError when they cannot be read."""
    if not path.is_dir():
        return {str(path): _read(path)}
    # Hidden files are those of editors, and of Kubernetes.
    try:
        paths = sorted(file for file in path.glob("*.yaml") if not file.name.startswith("."))
    except OSError as error:
        fix = "mind the path and its permissions"
        raise whole(str(path), 1, f"cannot be read: {error.strerror}", fix) from error
    if not 1 <= len(paths) <= VERSIONS_MAX:
        fix = f"keep 1 to {VERSIONS_MAX} versions of the agreement there, each in a file of its own"
        raise whole(str(path), 1, f"has {len(paths)} files *.yaml", fix)
    return {str(file): _read(file) for file in paths}


def policy_of(files: PolicyFiles) -> Policy:
    """The newest version, and with it the others. Raises PolicyError with all faults of all files."""
    return _examined(files).policy


def examine_policy(path: Path, now_at: int = 0) -> Examined:
    """The agreement at that path, and what in it is hardly meant, or out of date by then. Raises PolicyError."""
    files = read_files(path)
    policy, doubts = _examined(files)
    in_force = policy.as_of(now_at).in_force(now_at).version
    for file, text in files.items():
        version = read_policy(text, file)
        if version.version == in_force and version.review_at is not None:
            left_us = version.review_at - now_at
            if left_us <= version.review_notice_us:
                message = "has passed" if left_us <= 0 else "is near"
                place = _line_of(text, "review_by")
                proposal = "agree on the next version, or on a later day, and write it down"
                doubts = (*doubts, PolicyDoubt(file, place, "agreement.review_by", message, proposal))
    return Examined(policy, doubts)


def _examined(files: PolicyFiles) -> Examined:
    faults: list[PolicyFault] = []
    doubts: list[PolicyDoubt] = []
    read: list[tuple[Policy, str]] = []
    for file, text in files.items():
        try:
            policy, of_file = examined(text, file)
        except PolicyError as error:
            faults += error.faults
        else:
            read.append((policy, file))
            doubts += of_file
    read.sort(key=lambda version: version[0].effective_at)
    for n, (policy, file) in enumerate(read):
        faults += [fault for other in read[:n] if (fault := _clash(policy, file, *other, files[file])) is not None]
    if faults:
        raise PolicyError(faults)
    versions: list[Policy] = []
    before = ""
    for policy, file in read:
        versions.append(policy._replace(changes=_changes(before, files[file])) if before else policy)
        before = files[file]
    return Examined(versions[-1]._replace(earlier=tuple(versions[:-1])), tuple(doubts))


def _clash(policy: Policy, file: str, other: Policy, other_file: str, text: str) -> PolicyFault | None:
    """What keeps two files from being two versions of one agreement."""
    if policy.name != other.name:
        fix = "keep the versions of one agreement in a folder, and those of another elsewhere"
        return _fault(file, text, "name", f"is not that of {other_file}, {other.name}", fix)
    if policy.version == other.version:
        return _fault(file, text, "version", f"is also that of {other_file}", "give each version a name of its own")
    if policy.effective_from == other.effective_from:
        return _fault(file, text, "effective_from", f"is also that of {other_file}", "let one follow the other")
    return None


def _fault(file: str, text: str, key: str, message: str, fix: str) -> PolicyFault:
    return PolicyFault(file, _line_of(text, key), f"agreement.{key}", message, fix)


def _line_of(text: str, key: str) -> int:
    top = tree_of(text)
    agreement = top.get("agreement") if isinstance(top, MappingNode) else None
    place = agreement.get(key) if isinstance(agreement, MappingNode) else None
    return 1 if place is None else place.line


def _changes(before: str, after: str) -> tuple[str, ...]:
    told = [str(change)[:CHANGE_LENGTH_MAX] for change in diff(before, after) if change.path not in _ASIDE]
    if len(told) > CHANGES_MAX:
        told[CHANGES_MAX - 1 :] = [f"and {len(told) - CHANGES_MAX + 1} more changes"]
    return tuple(told)


def _read(path: Path) -> str:
    file = str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(BYTES_MAX + 1)
    except OSError as error:
        raise whole(file, 1, f"cannot be read: {error.strerror}", "mind the path and its permissions") from error
    if len(content) > BYTES_MAX:
        raise whole(file, 1, f"is larger than {BYTES_MAX} bytes", "split the agreement")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise whole(file, line, "is not UTF-8", "save the file as UTF-8") from error
