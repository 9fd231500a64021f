"""The reference in the documentation equals the code: what is generated is up to date, what is named exists."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer.main

from monitor.cli.init import EXAMPLES
from monitor.cli.main import app
from monitor.cli.reference import BLOCKS, generate, read_pages
from monitor.core.outcome import Kind, Reason
from monitor.settings.channels import load_channels
from monitor.settings.problems import SettingsError
from monitor.settings.settings import describe
from monitor.telemetry.catalogue import METRICS
from monitor.wire.dead_letter import HEADER_NAMES
from monitor.wire.policy import PolicyError, read_policy

ROOT = Path(__file__).parents[2]
PAGES = read_pages(ROOT)
UPDATE = "run `.venv/bin/python -m monitor.cli.reference`"
CHANNEL_TYPES = ("slack", "teams", "pagerduty", "webhook", "email")
COMMANDS: Mapping[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def fenced(text: str, language: str) -> list[str]:
    """The code blocks of a page in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """What a link may point at within a page, as GitHub names it."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(path: str, text: str) -> Iterator[str]:
    """Relative links of a page that lead nowhere."""
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        found = (ROOT / path).parent / file if file else ROOT / path
        if not found.exists() or (anchor and anchor not in anchors(found.read_text(encoding="utf-8"))):
            yield target


@pytest.mark.parametrize("path", PAGES)
def test_what_is_generated_is_up_to_date(path: str) -> None:
    if generate({path: PAGES[path]})[path] != PAGES[path]:
        pytest.fail(f"{path}: {UPDATE}", pytrace=False)


def test_everything_that_is_generated_is_on_some_page() -> None:
    everything = "".join(PAGES.values())
    assert [name for name in BLOCKS if f"<!-- generated: {name} -->" not in everything] == []


@pytest.mark.parametrize("path", PAGES)
def test_every_relative_link_leads_somewhere(path: str) -> None:
    assert list(broken_links(path, PAGES[path])) == []


def test_a_link_that_leads_nowhere_is_noticed() -> None:
    text = "[a](docs/start.md) [b](docs/nowhere.md) [c](docs/start.md#next) [d](docs/start.md#nowhere) [e](https://x.y)"
    assert list(broken_links("README.md", text)) == ["docs/nowhere.md", "docs/start.md#nowhere"]


def test_every_page_is_linked_from_another() -> None:
    linked = {
        ((ROOT / path).parent / target.partition("#")[0]).resolve()
        for path, text in PAGES.items()
        for target in re.findall(r"\]\(([^)\s]+)\)", text)
    }
    assert [path for path in PAGES if path != "README.md" and (ROOT / path).resolve() not in linked] == []


def test_metrics_and_settings_that_pages_name_exist() -> None:
    known = {setting.env for setting in describe()} | {"LEAD_SLA_KAFKA_BOOTSTRAP_SERVERS"}
    known.add("LEAD_SLA_COMPILE")  # read when the package is built, by setup.py
    for name, spec in METRICS.items():
        known |= {name, *(name + suffix for suffix in ("_bucket", "_sum", "_count") if spec.type == "histogram")}
    named = {word for text in PAGES.values() for word in re.findall(r"\b(?:lead_sla|LEAD_SLA)_\w+", text)}
    assert named - known == set()


@pytest.mark.parametrize("path", ["docs/reference/outcomes.md", "docs/concepts.md"])
def test_every_kind_of_outcome_is_explained(path: str) -> None:
    assert [kind for kind in Kind if f"| `{kind}` |" not in PAGES[path]] == []


def test_every_reason_of_an_outcome_is_explained() -> None:
    assert [reason for reason in Reason if f"| `{reason}` |" not in PAGES["docs/reference/outcomes.md"]] == []


def test_every_header_of_a_dead_letter_is_explained() -> None:
    assert [name for name in HEADER_NAMES if f"`{name}`" not in PAGES["docs/reference/events.md"]] == []


def known_keys(text: str, within: str = "") -> set[str]:
    """The keys that the checker proposes for a policy with unknown ones, in that part of it."""
    with pytest.raises(PolicyError) as told:
        read_policy(text, "p.yaml")
    fixes = [
        fault.fix for fault in told.value.faults if fault.message == "unknown key" and fault.field.startswith(within)
    ]
    return {key for fix in fixes for key in fix.partition("known keys are ")[2].split(", ")}


EVERY_LEVEL = """
nonsense: 1
agreement: {name: A, version: "1", effective_from: 2026-10-01, nonsense: 1}
timezone: UTC
stages: {mql: {team: sales, nonsense: 1}}
calendars: {a: {hours: {mon: 09:00-10:00}, holidays: {country: DE, nonsense: 1}, nonsense: 1}}
definitions: {personas: {p: {nonsense: 1, all: 'score > 1'}}, mql: {nonsense: 1, requires: source}}
money: {currency: EUR, nonsense: 1}
quotas:
  - {duty: q, counts: {stage: mql, nonsense: 1}, every: month, target: 1, nonsense: 1,
     claw_back: {within: 1 hour elapsed, nonsense: 1}, weight: [{points: 1, nonsense: 1}]}
  - {duty: c, counts: mql, every: day, ceiling: 1, nonsense: 1}
notices:
  nonsense: 1
  recipients: {r: {channel: c, nonsense: 1}}
  ladders: {l: [{at: breach, to: r, nonsense: 1}]}
  routes: [{name: a, when: {nonsense: 1}, to: r, fold: {by: duty, within: 1 seconds, nonsense: 1}, nonsense: 1}]
follow_up:
  - {duty: a, starts: {event: lead.created, nonsense: 1}, met_by: lead.accepted, nonsense: 1,
     targets: [{within: 1 hour elapsed, nonsense: 1}]}
  - {duty: b, starts: lead.created, attempts: {at_least: 3, within: 1 hour elapsed, nonsense: 1}}
"""
# What stands around the examples that are duties alone.
AROUND_DUTIES = """\
agreement: {name: Around, version: "1", effective_from: 2026-10-01}
timezone: Europe/Berlin
calendars:
  munich: {hours: {mon-thu: [09:00-12:30, 13:30-18:00], fri: 09:00-15:00}}
  denver: {timezone: America/Denver, hours: {mon-fri: 08:00-17:00}}
follow_up:
"""


def agreements(text: str) -> list[str]:
    """The agreements of a page, whole; those that begin with a dash are duties of one, channels are none."""
    blocks = [block for block in fenced(text, "yaml") if not block.startswith("channels:")]
    return [AROUND_DUTIES + each if each.startswith("- ") else each for each in blocks]


def test_every_key_of_an_agreement_is_explained() -> None:
    known = known_keys(EVERY_LEVEL)
    assert {
        "agreement",
        "review_by",
        "handoff_to",
        "subdivision",
        "short_days",
        "by",
        "warn_at",
        "when",
        "news",
        "ask",
        "page",
        "within",
    } <= known
    assert [key for key in sorted(known) if f"`{key}`" not in PAGES["docs/reference/policy.md"]] == []


@pytest.mark.parametrize("path", [path for path, text in PAGES.items() if "\n```yaml\n" in text])
def test_agreements_on_the_pages_are_in_order(path: str) -> None:
    for text in agreements(PAGES[path]):
        read_policy(text, path)


def test_channels_on_the_page_are_in_order_and_every_key_is_explained(tmp_path: Path) -> None:
    page = PAGES["docs/operating/notices.md"]
    (text,) = fenced(page, "yaml")
    secrets = {"SLACK_SALES_URL": "https://x.example", "CRM_HOOK_URL": "https://x.example"}
    secrets |= {"PAGERDUTY_KEY": "0" * 32, "CRM_HOOK_SECRET": "whsec_" + "a" * 32}
    (tmp_path / "secret").write_text("https://x.example")
    file = tmp_path / "channels.yaml"
    file.write_text(re.sub(r"/run/secrets/[\w-]+", str(tmp_path / "secret"), text))
    assert len(load_channels(file, "", secrets)) == 5
    file.write_text("channels:" + "".join(f"\n  - {{name: a, type: {type_}, nonsense: 1}}" for type_ in CHANNEL_TYPES))
    with pytest.raises(SettingsError) as told:
        load_channels(file, "", {})
    keys = {key for line in told.value.problems for key in line.partition("known keys are ")[2].split(", ") if key}
    assert {"give_up_after", "old_secret_env", "username", "key_file"} <= keys
    assert [
        key for key in sorted(keys) if f"`{re.sub('_(env|file)$', '', key)}`" not in page and f"{key}:" not in page
    ] == []


def test_every_key_of_a_duty_has_an_example() -> None:
    examples = "".join(agreements(PAGES["docs/reference/policy.md"]))
    keys = known_keys(EVERY_LEVEL, "follow_up")
    assert {"paused_while", "on_silence", "spacing", "until", "by", "when"} <= keys
    assert [key for key in sorted(keys) if not re.search(rf"(?:^|[ {{])(?:- )?{key}:\s", examples, re.MULTILINE)] == []


@pytest.mark.parametrize("path", [path for path, text in PAGES.items() if "\n```python\n" in text])
def test_programs_on_the_pages_are_programs(path: str) -> None:
    for text in fenced(PAGES[path], "python"):
        compile(text, path, "exec")


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its full name."""
    for name, command in COMMANDS.items():
        below = getattr(command, "commands", None)
        yield from ((f"{name} {sub}", each) for sub, each in below.items()) if below else [(name, command)]


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_command_and_option_is_explained(name: str, command: Any) -> None:
    page = PAGES["docs/reference/cli.md"]
    (line,) = re.findall(rf"^\| `(lead-sla {name}\b.*?)` \|", page, re.MULTILINE)
    for parameter in command.params:
        option = parameter.opts[0] if parameter.param_type_name == "option" else str(parameter.name).upper()
        assert re.search(rf"{option}\b", line), f"{option} of {name} is missing"
    assert set(re.findall(r"--[a-z-]+", line)) <= {option for parameter in command.params for option in parameter.opts}


def test_commands_that_pages_name_exist() -> None:
    known = {*COMMANDS, *(name for name, _ in commands())}
    named = {word for text in PAGES.values() for word in re.findall(r"(?:^    |`)lead-sla ([a-z]+)\b", text, re.M)}
    assert named - known == set()


def test_targets_of_make_that_pages_name_exist() -> None:
    known = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {word for text in PAGES.values() for word in re.findall(r"(?:^    |`)make ([a-z]+)\b", text, re.MULTILINE)}
    assert named
    assert named - known == set()


def test_the_settings_that_init_writes_point_at_pages_that_exist() -> None:
    for name in EXAMPLES:
        text = (ROOT / "monitor" / "cli" / "examples" / name).read_text()
        assert [page for page in re.findall(r"\bdocs/[\w/.-]+\.md", text) if page not in PAGES] == []
