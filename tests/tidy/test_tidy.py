"""The rules of form that no linter knows: sizes, docstrings, names, one home for every metric name."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = {str(path.relative_to(ROOT)): path.read_text() for path in sorted((ROOT / "monitor").rglob("*.py"))}
TREES = {path: ast.parse(source) for path, source in SOURCES.items()}

CORE_LINES_MAX, MODULE_LINES_MAX, FUNCTION_LINES_MAX = 200, 300, 50
BANNED_WORDS = {"manager", "handler", "processor", "helper", "util", "utils"}

# What may be longer, "path" or "path::function", and why. An entry that is not needed any more fails.
LONGER: dict[str, str] = {}


def _each(rule: Callable[[str], Iterator[object]]) -> dict[str, list[object]]:
    """What breaks the rule, by file."""
    return {path: broken for path in SOURCES if (broken := list(rule(path)))}


def _in_core(path: str) -> bool:
    return path.startswith("monitor/core/")


def _too_long() -> dict[str, int]:
    found: dict[str, int] = {}
    for path, source in SOURCES.items():
        lines = len(source.splitlines())
        if lines > (CORE_LINES_MAX if _in_core(path) else MODULE_LINES_MAX):
            found[path] = lines
        for node in ast.walk(TREES[path]):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    found[f"{path}::{node.name}"] = lines
    return found


def test_no_file_and_no_function_is_too_long() -> None:
    assert {name: lines for name, lines in _too_long().items() if name not in LONGER} == {}


def test_every_exception_from_the_sizes_is_still_needed() -> None:
    assert set(LONGER) - set(_too_long()) == set()


def test_a_module_says_in_one_sentence_what_it_is_for() -> None:
    def rule(path: str) -> Iterator[str]:
        first = (ast.get_docstring(TREES[path]) or "").split("\n\n")[0]
        if not first.endswith((".", ":", "?")):
            yield first or "no docstring"

    assert _each(rule) == {}


def _words(identifier: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)}


def _given_names(path: str) -> Iterator[str]:
    """Names that this module chooses: its own, its functions', classes', parameters' and variables'."""
    yield from Path(path).with_suffix("").parts
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def test_names_say_what_a_thing_is() -> None:
    assert _each(lambda path: (name for name in _given_names(path) if _words(name) & BANNED_WORDS)) == {}


def test_nothing_is_left_for_later() -> None:
    assert _each(lambda path: re.finditer(r"\b(?:TODO|FIXME|XXX|HACK)\b.*", SOURCES[path])) == {}


def test_metric_names_live_in_telemetry_alone() -> None:
    def rule(path: str) -> Iterator[str]:
        for node in ast.walk(TREES[path]):
            if isinstance(node, ast.Constant) and str(node.value).startswith("lead_sla_"):
                yield str(node.value)

    assert {path for path in _each(rule) if not path.startswith("monitor/telemetry/")} == set()


def test_the_core_imports_the_standard_library_and_itself() -> None:
    def rule(path: str) -> Iterator[str]:
        for node in ast.walk(TREES[path]) if _in_core(path) else ():
            if isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                imported = [node.module or ""]
            else:
                continue
            for name in imported:
                if name.split(".")[0] not in sys.stdlib_module_names and not f"{name}.".startswith("monitor.core."):
                    yield name

    assert _each(rule) == {}
