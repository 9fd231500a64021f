"""Rules for the address and the secret of a webhook, one place for settings and sink."""

import base64
from typing import Final
from urllib.parse import SplitResult, urlsplit

URL_CHARACTERS_MAX: Final = 2048
SECRET_PREFIX: Final = "whsec_"
# Standard Webhooks: "between 24 bytes (192 bits) and 64 bytes (512 bits)".
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 24, 64


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
