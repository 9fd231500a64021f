"""Reads the file of channels: where notices go, in which language, and which variable or file holds each secret."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from monitor.notify.channel import Channel, Mail, PagerDuty, Slack, StandardHook, Teams
from monitor.notify.channels.pagerduty import EVENTS_URL, ROUTING_KEY_CHARS
from monitor.notify.channels.texts import Style
from monitor.notify.channels.words import Language
from monitor.notify.endpoint import check_secret, check_url, host_of, is_private
from monitor.notify.gate import DAY_S, Rules
from monitor.settings.problems import SettingsError
from monitor.settings.settings import Settings
from monitor.wire.policy.calendars import zone
from monitor.wire.policy.fault import Faults, PolicyFault, Refused, quoted
from monitor.wire.policy.tree import Mapping as MappingNode
from monitor.wire.policy.tree import Node, Scalar, Sequence, Unreadable, tree_of
from monitor.wire.policy.values import duration_us, mapping, name, one_of, several, text

BYTES_MAX: Final = 65_536
CHANNELS_MAX: Final = 50
RECIPIENTS_MAX: Final = 50
SECRET_BYTES_MAX: Final = 4_096
PER_MINUTE_MAX: Final = 6_000
_COMMON: Final = ("language", "timezone", "allow_private", "per_minute", "give_up_after")
# What a far end asks for, where it does: Slack one message a second and channel, Teams four requests a second.
_PER_MINUTE: Final[Mapping[str, int]] = {"slack": 60, "teams": 120, "pagerduty": 120, "email": 60}
_US_PER_S: Final = 1_000_000


WEBHOOK: Final = "webhook"
"""The name of the channel that the settings themselves describe."""


def channels_of(settings: Settings, environment: Mapping[str, str] = os.environ) -> tuple[Channel, ...]:
    """Every channel: the webhook of the settings, then those of the file. Raises SettingsError."""
    channels: tuple[Channel, ...] = ()
    if settings.channels_file is not None:
        channels = load_channels(settings.channels_file, settings.lead_link, environment)
    if settings.webhook_url is None or settings.webhook_secret is None:
        return channels
    if any(channel.name == WEBHOOK for channel in channels):
        fix = f"the webhook of the settings has the name {WEBHOOK}; give the channel of the file another"
        raise SettingsError([f"{settings.channels_file}: {fix}"])
    webhook = Channel(
        name=WEBHOOK,
        far_end=StandardHook(settings.webhook_url.get_secret_value(), (settings.webhook_secret.get_secret_value(),)),
        style=Style(lead_link=settings.lead_link),
        rules=Rules(give_up_s=settings.webhook_retry_s_max),
        timeout_s=settings.webhook_timeout_s,
        allow_private=True,
    )
    return (webhook, *channels)


def load_channels(path: Path, lead_link: str, environment: Mapping[str, str] = os.environ) -> tuple[Channel, ...]:
    """The channels in that file. Raises SettingsError with every mistake: file, line, field, fix; never a secret."""
    file = str(path)
    try:
        content = path.open("rb").read(BYTES_MAX + 1)
        written = content.decode()
    except OSError as error:
        raise _whole(file, 1, f"cannot be read: {error.strerror}", "mind the path and its permissions") from None
    except UnicodeDecodeError:
        raise _whole(file, 1, "is not UTF-8", "save the file as UTF-8") from None
    if not written.strip():
        raise _whole(file, 1, "the file is empty", "write channels: a list, each with a name and a type")
    if len(content) > BYTES_MAX:
        raise _whole(file, 1, f"is larger than {BYTES_MAX} bytes", "name fewer channels")
    try:
        top = tree_of(written)
    except Unreadable as error:
        raise _whole(file, error.line, error.message, error.fix) from None
    faults = Faults(file)
    reader = _Reader(faults, lead_link, environment)
    channels = faults.read(reader.channels, top, ())
    if faults.found:
        raise SettingsError([str(fault) for fault in sorted(faults.found, key=lambda fault: fault.line)])
    return channels


def _whole(file: str, line: int, message: str, fix: str) -> SettingsError:
    return SettingsError([str(PolicyFault(file, line, "channels", message, fix))])


class _Reader:
    """Reads one file; what is wrong is kept in `faults`."""

    def __init__(self, faults: Faults, lead_link: str, environment: Mapping[str, str]) -> None:
        self._faults = faults
        self._lead_link = lead_link
        self._environment = environment
        self._types: Mapping[str, Callable[[MappingNode], Slack | Teams | PagerDuty | StandardHook | Mail]] = {
            "slack": lambda node: Slack(self._url(node)),
            "teams": lambda node: Teams(self._url(node)),
            "pagerduty": self._pagerduty,
            "webhook": self._webhook,
            "email": self._mail,
        }

    def channels(self, top: Node) -> tuple[Channel, ...]:
        """Every channel; names are unique. Raises Refused."""
        keys = mapping(self._faults, top, {"channels": "a list, each with a name and a type"})
        node = keys.get("channels")
        if node is None:
            return ()
        if not isinstance(node, Sequence) or not 1 <= len(node.items) <= CHANNELS_MAX:
            raise Refused(node, f"is not a list of 1 to {CHANNELS_MAX} channels", "begin each with `- name: …`")
        read = [self._faults.read(self._channel, item, None) for item in node.items]
        first: dict[str, Node] = {}
        for item, channel in zip(node.items, read, strict=True):
            if channel is not None and channel.name and first.setdefault(channel.name, item) is not item:
                line = first[channel.name].line
                self._faults.add(item, f"{quoted(channel.name)} is in line {line} already", "give it another name")
        return tuple(channel for channel in read if channel is not None)

    def _channel(self, node: Node) -> Channel:
        if not isinstance(node, MappingNode):
            raise Refused(node, f"is {node.kind}, not a mapping", "write name, type and what the type needs")
        faults = self._faults
        # What any channel has first: it is told together with what is wrong with the far end.
        called = faults.read(name, node.get("name"), "")
        language = Language(faults.read(one_of(Language, "language"), node.get("language"), Language.ENGLISH))
        home = faults.read(zone, node.get("timezone"), ZoneInfo("UTC"))
        allow_private = faults.read(_truth, node.get("allow_private"), False)
        per_minute = faults.read(partial(_whole_number, most=PER_MINUTE_MAX), node.get("per_minute"), None)
        give_up_s = faults.read(_give_up_s, node.get("give_up_after"), DAY_S)
        type_ = one_of(self._types, "type")(node.get("type") or _missing(node, "type", "slack"))
        far_end = self._types[type_](node)
        host = far_end.host if isinstance(far_end, Mail) else host_of(far_end.url)
        if not allow_private and _is_inside(host):
            faults.add(node, "its far end is inside this network", "add allow_private: true if that is meant")
        return Channel(
            name=called,
            far_end=far_end,
            style=Style(language, home, self._lead_link),
            rules=Rules(give_up_s=give_up_s, interval_s=60 / (per_minute or _PER_MINUTE.get(type_, PER_MINUTE_MAX))),
            allow_private=allow_private,
        )

    def _known(self, node: MappingNode, required: Mapping[str, str], *optional: str) -> MappingNode:
        return mapping(self._faults, node, {"name": "sales", "type": "slack", **required}, (*_COMMON, *optional))

    def _url(self, node: MappingNode) -> str:
        self._known(node, {}, "url_env", "url_file")
        return self._secret(node, "url", check_url)

    def _pagerduty(self, node: MappingNode) -> PagerDuty:
        keys = self._known(node, {}, "key_env", "key_file", "url")
        url = self._faults.read(_public_url, keys.get("url"), EVENTS_URL)
        return PagerDuty(self._secret(node, "key", _check_routing_key), url)

    def _webhook(self, node: MappingNode) -> StandardHook:
        known = ("url_env", "url_file", "secret_env", "secret_file", "old_secret_env", "old_secret_file")
        keys = self._known(node, {}, *known)
        secrets = [self._secret(node, "secret", check_secret)]
        if {"old_secret_env", "old_secret_file"} & keys.entries.keys():
            secrets.append(self._secret(node, "old_secret", check_secret))
        return StandardHook(self._secret(node, "url", check_url), tuple(secrets))

    def _mail(self, node: MappingNode) -> Mail:
        required = {"host": "mail.example.com", "from": "lead-sla@example.com", "to": "sales@example.com"}
        keys = self._known(node, required, "port", "security", "username", "password_env", "password_file")
        faults = self._faults
        security = faults.read(one_of(("starttls", "tls", "none"), "security"), keys.get("security"), "starttls")
        port = 465 if security == "tls" else 587
        username = faults.read(text, keys.get("username"), "")
        if username and security == "none":
            faults.add(node, "a password would be sent unencrypted", "write security: starttls, or remove username")
        return Mail(
            host=faults.read(text, keys.get("host"), ""),
            port=faults.read(partial(_whole_number, most=65_535), keys.get("port"), port),
            security=security,
            sender=faults.read(_address, keys.get("from"), ""),
            recipients=faults.read(several(faults, _address), keys.get("to"), ())[:RECIPIENTS_MAX],
            username=username,
            password=self._secret(node, "password", _check_password) if username else "",
        )

    def _secret(self, node: MappingNode, what: str, check: Callable[[str], None]) -> str:
        """The secret that `…_env` or `…_file` names, checked. Raises Refused, which does not show it."""
        env, file = node.get(f"{what}_env"), node.get(f"{what}_file")
        if env is not None and file is None:
            place, secret = env, self._of_environment(env)
        elif file is not None and env is None:
            place, secret = file, _of_file(file)
        else:
            fix = f"add {what}_env: NAME_OF_A_VARIABLE or {what}_file: /path, one of them"
            raise Refused(node, f"{what} is {'given twice' if env else 'missing'}", fix)
        try:
            check(secret)
        except ValueError as error:
            message, _, fix = str(error).partition("; ")
            raise Refused(place, f"what it names {message}", fix) from None
        return secret

    def _of_environment(self, node: Node) -> str:
        variable = text(node)
        if not self._environment.get(variable):
            raise Refused(node, f"the variable {quoted(variable)} is not set", "set it in the worker's environment")
        return self._environment[variable].strip()


def _of_file(node: Node) -> str:
    path = Path(text(node))
    try:
        with path.open(encoding="ascii") as file:
            return file.read(SECRET_BYTES_MAX).strip()
    except (OSError, ValueError):
        raise Refused(node, f"{quoted(str(path))} cannot be read as text", "name a file that holds one line") from None


def _missing(node: Node, key: str, example: str) -> Node:
    raise Refused(node, f"{key} is missing", f"add {key}: {example}")


def _whole_number(node: Node, most: int) -> int:
    written = node.text if isinstance(node, Scalar) else ""
    if not (written.isascii() and written.isdigit() and len(written) < 10 and 1 <= int(written) <= most):
        raise Refused(node, "is no whole number within its bounds", f"write a number from 1 to {most}")
    return int(written)


def _truth(node: Node) -> bool:
    written = node.text if isinstance(node, Scalar) else ""
    if written not in ("true", "false"):
        raise Refused(node, "is neither true nor false", "write true or false")
    return written == "true"


def _give_up_s(node: Node) -> float:
    seconds = duration_us(node) / _US_PER_S
    if seconds > DAY_S:
        raise Refused(node, "is longer than a day", "write 24 hours or less")
    return seconds


def _is_inside(host: str) -> bool:
    """Whether the name alone says so; other names are looked up and judged when there is something to send."""
    try:
        return host == "localhost" or is_private(host)
    except ValueError:
        return False


def _public_url(node: Node) -> str:
    """A URL that is no secret."""
    url = text(node)
    try:
        check_url(url)
    except ValueError as error:
        message, _, fix = str(error).partition("; ")
        raise Refused(node, message, fix) from None
    return url


def _address(node: Node) -> str:
    value = text(node)
    local, at, domain = value.partition("@")
    if not (local and at and domain and value.isascii() and value.isprintable()) or set(value) & set(' ,;:<>()[]"\\'):
        raise Refused(node, f"{quoted(value)} is no e-mail address", "write name@example.com, without a display name")
    return value


def _check_routing_key(key: str) -> None:
    if len(key) != ROUTING_KEY_CHARS or not key.isascii() or not key.isalnum():
        raise ValueError(f"is not {ROUTING_KEY_CHARS} letters and digits; copy the integration key of Events API v2")


def _check_password(password: str) -> None:
    if not password.isascii() or not password.isprintable():
        raise ValueError("has characters outside printable ASCII; change the password")
