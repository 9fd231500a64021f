"""Rules for the address and the secret of a far end, one place for settings and sink."""

import base64
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

URL_CHARACTERS_MAX: Final = 2048
SECRET_PREFIX: Final = "whsec_"
# Standard Webhooks: "between 24 bytes (192 bits) and 64 bytes (512 bits)".
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 24, 64
# Translated to IPv4 on the way (RFC 6052, RFC 3056): what counts is the address inside.
_NAT64: Final = IPv6Network("64:ff9b::/96")


def check_url(url: str) -> None:
    """Raise ValueError, saying what to change and never quoting the URL, unless it can be posted to."""
    if len(url) > URL_CHARACTERS_MAX:
        raise ValueError(f"is longer than {URL_CHARACTERS_MAX} characters; use a shorter URL")
    if not url.isascii() or any(character <= " " or character == "\x7f" for character in url):
        raise ValueError("has spaces, control or non-ASCII characters; percent-encode them")
    parts = _split(url)
    if parts.scheme not in ("http", "https"):
        raise ValueError("is not http or https; start it with https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("has a user name or password in it; requests are signed, so remove that part")
    if not parts.hostname:
        raise ValueError("names no host; write https://host/path")


def check_secret(secret: str) -> None:
    """Raise ValueError, saying what to change and never quoting the secret, unless it is a Standard Webhooks secret."""
    fix = "; make one with: echo whsec_$(openssl rand -base64 32)"
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError(f"does not start with {SECRET_PREFIX}{fix}")
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError:
        raise ValueError(f"is not base64 after {SECRET_PREFIX}{fix}") from None
    if not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
        raise ValueError(f"holds {len(key)} bytes, not {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX}{fix}")


def host_of(url: str) -> str:
    """The host of a URL that `check_url` accepts."""
    return _split(url).hostname or ""


def is_private(address: str) -> bool:
    """Whether an IP address is anything but a public one. Raises ValueError for what is none."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inside = IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _NAT64 else ip.ipv4_mapped or ip.sixtofour
        ip = inside or ip
    return not ip.is_global or ip.is_multicast


def redacted_url(url: str) -> str:
    """The URL as it may be logged: many services keep a token in path or query, so only scheme, host and port."""
    parts = _split(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        # The original text quotes the netloc, password included.
        raise ValueError("has a host or port that cannot be read; write https://host:port/path") from None
    return parts
