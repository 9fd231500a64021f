"""What is posted to a far end over HTTP, whichever kind of channel it is."""

import json
from collections.abc import Mapping
from typing import NamedTuple


class Post(NamedTuple):
    """The body and the headers of one request."""

    body: bytes
    headers: Mapping[str, str]


def json_bytes(value: object) -> bytes:
    """Compact JSON; half a UTF-16 pair, which no UTF-8 can hold, becomes a question mark."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def json_post(value: object, headers: Mapping[str, str] | None = None) -> Post:
    """A request with a JSON body."""
    return Post(json_bytes(value), {"Content-Type": "application/json", **(headers or {})})
