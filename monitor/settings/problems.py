"""Turns what is wrong with the settings into one line each: the variable, the mistake, the fix; never a secret."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic.fields import FieldInfo

PREFIX: Final = "LEAD_SLA_"
_SECRET_FILE_BYTES_MAX: Final = 4096
# Set without the prefix, as every Kafka tool reads it.
_UNPREFIXED: Final = {"kafka_bootstrap_servers": "KAFKA_BOOTSTRAP_SERVERS"}


class SettingsError(Exception):
    """The settings cannot be used; `problems` holds one line each, fit to be shown."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def env_name(field: str) -> str:
    """The environment variable of a field."""
    return _UNPREFIXED.get(field, PREFIX + field.upper())


def unknown_lines(env_file: Path | None, fields: Sequence[str]) -> list[str]:
    """One line for each variable of the file that no setting has.

    Only the file: Kubernetes puts variables of its own, LEAD_SLA_SERVICE_HOST and the like, into the environment
    of whoever runs beside a service named lead-sla.
    """
    if env_file is None or not env_file.exists():
        return []
    known = [PREFIX + field.upper() for field in fields] + list(_UNPREFIXED.values())
    try:
        names = dotenv_values(env_file, encoding="utf-8")
    except (OSError, ValueError):
        return [f"{env_file}: cannot be read as text; write lines of NAME=value"]
    lines = []
    for name in names:
        if name.upper() in known:
            continue
        near = difflib.get_close_matches(name.upper(), known, n=1)
        fix = f"did you mean {near[0]}?" if near else "remove it; all settings: docs/operating/settings.md"
        lines.append(f"{env_file}: {_shown(name)} is no setting; {fix}")
    return lines


def secret_of(given: Mapping[str, Any], name: str) -> str:
    """The secret in the file that `given` names. Raises ValueError with a whole line, which quotes nothing of it."""
    if given.get(name) is not None:
        raise ValueError(f"{env_name(name)}: is set together with {env_name(f'{name}_file')}; remove one")
    try:
        with Path(given[f"{name}_file"]).open(encoding="ascii") as file:
            return file.read(_SECRET_FILE_BYTES_MAX).strip()
    except (OSError, ValueError):
        raise ValueError(
            f"{env_name(f'{name}_file')}: cannot be read as text; name a file that holds the secret in one line"
        ) from None


def problem_lines(error: ValidationError, fields: Mapping[str, FieldInfo]) -> list[str]:
    """One line for each mistake that pydantic found."""
    lines: list[str] = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        text = problem["msg"].removeprefix("Value error, ")
        if not problem["loc"]:
            # A check over several fields has written whole lines already.
            lines += text.splitlines()
            continue
        place = str(problem["loc"][0])
        names = (name for name in fields if place.upper() in (env_name(name), PREFIX + name.upper(), name.upper()))
        field = next(names, "")
        if not field:
            lines.append(f"{_shown(place)}: {text}")
        elif problem["type"] == "value_error":
            lines.append(f"{env_name(field)}: {text}")
        else:
            mistake = text[:1].lower() + text[1:]
            lines.append(f"{env_name(field)}: {mistake}; it takes: {fields[field].description}")
    return lines


def _shown(name: str) -> str:
    """A name from outside, cut and without control characters."""
    return "".join(character if character.isprintable() else "?" for character in name[:80])
