"""The file of channels: every mistake names file, line, field and fix, and no secret is ever shown."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.notify.channel import Channel, Mail, PagerDuty, Slack, StandardHook, Teams, reach_of
from monitor.notify.channels.texts import Language
from monitor.settings.channels import channels_of
from monitor.settings.problems import SettingsError
from monitor.settings.settings import Settings
from tests.support.notices import SECRET

HOOK = "https://hooks.example.com/services/hunter2"
ENVIRONMENT = {
    "HOOK": HOOK,
    "INSIDE": "http://10.0.0.7/hunter2",
    "KEY": "0123456789abcdef0123456789abcdef",
    "SECRET": SECRET,
    "OLD": "whsec_" + "b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQgb2xk",
    "PASSWORD": "hunter2 hunter2",
    "FTP": "ftp://hunter2.example.com/",
    "UMLAUT": "hünter2",
}
FULL = """
channels:
  - {name: sales, type: slack, url_env: HOOK, language: de, timezone: Europe/Berlin, per_minute: 30}
  - {name: marketing, type: teams, url_file: URL_FILE}
  - {name: on-call, type: pagerduty, key_env: KEY, give_up_after: 2 hours}
  - name: crm
    type: webhook
    url_env: INSIDE
    allow_private: true
    secret_env: SECRET
    old_secret_env: OLD
  - name: mail
    type: email
    host: mail.example.com
    from: lead-sla@example.com
    to: [ana@example.com, bo@example.com]
    username: bot
    password_env: PASSWORD
"""


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith(("LEAD_SLA_", "KAFKA_")):
            monkeypatch.delenv(name)


def read(tmp_path: Path, text: str, **settings: object) -> tuple[Channel, ...]:
    (tmp_path / "url").write_text(HOOK + "/teams\n")
    file = tmp_path / "channels.yaml"
    file.write_text(text.replace("URL_FILE", str(tmp_path / "url")))
    return channels_of(Settings.load(None, channels_file=file, **settings), ENVIRONMENT)


def faults(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as told:
        read(tmp_path, text)
    assert all("\n" not in line for line in told.value.problems)
    assert "hunter2" not in str(told.value)
    return [line.removeprefix(f"{tmp_path}/") for line in told.value.problems]


def test_every_kind_of_channel_is_read(tmp_path: Path) -> None:
    sales, marketing, on_call, crm, mail = read(tmp_path, FULL, lead_link="https://crm.example.com/{lead}")
    assert sales.far_end == Slack(HOOK)
    assert sales.style == (Language.GERMAN, ZoneInfo("Europe/Berlin"), "https://crm.example.com/{lead}")
    assert sales.rules.interval_s == 2.0
    assert (marketing.far_end, marketing.style.language) == (Teams(HOOK + "/teams"), Language.ENGLISH)
    assert on_call.far_end == PagerDuty(ENVIRONMENT["KEY"])
    assert on_call.rules.give_up_s == 7200
    assert crm.far_end == StandardHook(ENVIRONMENT["INSIDE"], (SECRET, ENVIRONMENT["OLD"]))
    assert (crm.allow_private, sales.allow_private) == (True, False)
    assert mail.far_end == Mail(
        "mail.example.com", 587, "starttls", "lead-sla@example.com", ("ana@example.com", "bo@example.com"), "bot",
        ENVIRONMENT["PASSWORD"],
    )  # fmt: skip


def test_a_channel_keeps_what_its_vendor_asks_for_unless_told_otherwise(tmp_path: Path) -> None:
    sales, marketing, on_call, *_ = read(tmp_path, FULL.replace(", per_minute: 30", ""))
    assert (sales.rules.interval_s, marketing.rules.interval_s, on_call.rules.interval_s) == (1.0, 0.5, 0.5)
    assert marketing.rules.give_up_s == 24 * 3600


def test_no_channel_shows_a_secret(tmp_path: Path) -> None:
    shown = repr(read(tmp_path, FULL))
    assert "hunter2" not in shown
    assert ENVIRONMENT["KEY"] not in shown
    assert "whsec_" not in shown


def test_the_webhook_of_the_settings_is_a_channel_beside_those_of_the_file(tmp_path: Path) -> None:
    hook = {"webhook_url": "http://127.0.0.1:1/x", "webhook_secret": SECRET, "webhook_retry_s_max": 60}
    webhook, *others = read(tmp_path, FULL, **hook)
    assert (webhook.name, webhook.allow_private, webhook.rules.give_up_s) == ("webhook", True, 60)
    assert len(others) == 5
    with pytest.raises(SettingsError, match="give the channel of the file another"):
        read(tmp_path, "channels: [{name: webhook, type: slack, url_env: HOOK}]", **hook)


def test_without_channels_there_are_none() -> None:
    assert channels_of(Settings.load(None), {}) == ()


def test_a_pager_keeps_incidents_and_nothing_else_does(tmp_path: Path) -> None:
    channels = read(tmp_path, FULL)
    assert reach_of(channels) == (tuple(channel.name for channel in channels), {"on-call"})


A = "channels: [{name: a, type: "
CHANNEL = "channels:\n  - {name: a, type: slack, url_env: HOOK}\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "channels.yaml:1: channels: the file is empty; fix: write channels: a list"),
        ("channels: 3", "channels: is not a list of 1 to 50 channels; fix: begin each with `- name: …`"),
        ("channels: []", "channels.yaml:1: channels: is not a list of 1 to 50 channels"),
        ("chanels: []", "channels.yaml:1: chanels: unknown key; fix: write channels"),
        ("channels: [3]", "channels.yaml:1: channels[0]: is a number, not a mapping"),
        ("channels: [{name: a}]", "channels[0]: type is missing; fix: add type: slack"),
        ("channels: [{type: slack, url_env: HOOK}]", "channels[0]: name is missing; fix: add name: sales"),
        (A + "slak, url_env: HOOK}]", "unknown type 'slak'; fix: write slack"),
        ("channels: [{name: A b, type: slack, url_env: HOOK}]", "channels[0].name: 'A b' is not a name"),
        (A + "slack}]", "url is missing; fix: add url_env: NAME_OF_A_VARIABLE or url_file: /path"),
        (A + "slack, url_env: HOOK, url_file: x}]", "url is given twice"),
        (A + "slack, url_env: NOT_SET}]", "channels[0].url_env: the variable 'NOT_SET' is not set"),
        (A + "slack, url_file: nowhere}]", "url_file: 'nowhere' cannot be read as text"),
        (A + "slack, url_env: FTP}]", "url_env: what it names is not http or https; fix: start it"),
        (A + "slack, url_env: INSIDE}]", "inside this network; fix: add allow_private: true"),
        (CHANNEL + "  - {name: a, type: slack, url_env: HOOK}", "yaml:3: channels[1]: 'a' is in line 2 already"),
        (A + "slack, url_env: HOOK, language: fr}]", "unknown language 'fr'; fix: use one of en, de"),
        (A + "slack, url_env: HOOK, timezone: Berlin}]", "unknown time zone 'Berlin'"),
        (A + "slack, url_env: HOOK, per_minute: 0}]", "write a number from 1 to 6000"),
        (A + "slack, url_env: HOOK, per_minute: fast}]", "write a number from 1 to 6000"),
        (A + "slack, url_env: HOOK, give_up_after: 3 days}]", "is longer than a day; fix: write 24"),
        (A + "slack, url_env: HOOK, allow_private: maybe}]", "is neither true nor false"),
        (A + "slack, url_env: HOOK, secret_env: X}]", "secret_env: unknown key"),
        (A + "pagerduty, key_env: HOOK}]", "what it names is not 32 letters and digits; fix: copy"),
        (A + "pagerduty, key_env: KEY, url: nonsense}]", "url: is not http or https"),
        (A + "webhook, url_env: HOOK}]", "secret is missing; fix: add secret_env"),
        (A + "webhook, url_env: HOOK, secret_env: HOOK}]", "does not start with whsec_; fix: make"),
        (A + "email}]", "host is missing; fix: add host: mail.example.com"),
        (A + "email, host: h, from: Ana, to: b@c.de}]", "from: 'Ana' is no e-mail address"),
        (A + "email, host: h, from: a@b.de, to: 'A <b@c.de>'}]", "'A <b@c.de>' is no e-mail address"),
        (
            A + "email, host: h, from: a@b.de, to: b@c.de, security: none, username: x,"
            " password_env: PASSWORD}]",
            "a password would be sent unencrypted; fix: write security: starttls",
        ),
        (
            A + "email, host: h, from: a@b.de, to: b@c.de, username: x, password_env: UMLAUT}]",
            "password_env: what it names has characters outside printable ASCII",
        ),
        (A + "email, host: localhost, from: a@b.de, to: b@c.de}]", "inside this network"),
        ("channels: &x [1]", "anchors and aliases are not read"),
        ("channels: [", "not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_place_and_its_fix(tmp_path: Path, text: str, line: str) -> None:
    told = faults(tmp_path, text)
    assert any(line in each for each in told), told
    assert all(each.startswith("channels.yaml:") for each in told)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = "channels:\n  - {name: a, type: slack, url_env: NOT_SET}\n  - {name: b, type: teams}\n"
    assert len(faults(tmp_path, text)) == 2
    common = "language: fr, timezone: Nope, allow_private: maybe, per_minute: 0, give_up_after: 1 week"
    for far_end in ("type: slak", "type: slack, url_env: NOT_SET"):
        told = faults(tmp_path, f"channels:\n  - {{name: A, {far_end}, {common}}}\n")
        keys = (
            "name",
            "language",
            "timezone",
            "allow_private",
            "per_minute",
            "give_up_after",
            far_end.split()[-2].rstrip(":"),
        )
        assert [each.split(": ")[1] for each in told] == [f"channels[0].{key}" for key in keys]


@pytest.mark.parametrize(
    ("content", "why"), [(b"\xff", "is not UTF-8"), (b"#" * 65_537, "larger than"), (None, "cannot be read")]
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes | None, why: str) -> None:
    file = tmp_path / "channels.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=why):
        channels_of(Settings.load(None, channels_file=file), {})


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("https://crm.example.com/", "needs {lead}"),
        ("ftp://crm.example.com/{lead}", "https://"),
        ("https://crm.example.com/{lead}?{x}", "no other of"),
        ("https://crm.example.com/{lead}|x", "no other of"),
    ],
)
def test_a_link_to_leads_has_one_place_for_the_id(link: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        Settings.load(None, lead_link=link)
