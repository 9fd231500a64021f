"""Links in messages that answer them: signed, so that only who was told can follow them, and only for a while."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlencode

from monitor.ports import TimeSource

# A week covers a holiday that begins on the day before; afterwards there is nothing left to answer.
VALID_S: Final = 7 * 86_400
SNOOZE_FOR: Final = "2h"
"""For how long the link in a message lets its notices rest."""
_US_PER_S: Final = 1_000_000


class Links:
    """Makes the links, and knows them again."""

    def __init__(self, secret: str, public_url: str, time: TimeSource) -> None:
        """`public_url`: where people reach any of the workers."""
        self._key = secret.encode()
        self._base = public_url.rstrip("/")
        self._time = time

    def pages(self, message_id: str, recipient: str, at: int) -> tuple[str, str]:
        """The URLs to acknowledge and to snooze the message that was due then; always the same ones."""
        until = str(at // _US_PER_S + VALID_S)
        acknowledge = {"by": recipient, "until": until}
        return self._url("ack", message_id, acknowledge), self._url("snooze", message_id, {
            **acknowledge, "for": SNOOZE_FOR,
        })  # fmt: skip

    def valid(self, action: str, message_id: str, fields: Mapping[str, str]) -> bool:
        """Whether these are the fields of a link of ours that has not expired."""
        signed = self._signature(action, message_id, fields)
        if not hmac.compare_digest(signed.encode(), fields.get("signature", "").encode("utf-8", "replace")):
            return False
        return int(fields["until"]) * _US_PER_S > self._time.now_at()

    def _url(self, action: str, message_id: str, fields: Mapping[str, str]) -> str:
        query = urlencode({**fields, "signature": self._signature(action, message_id, fields)})
        return f"{self._base}/notices/{quote(message_id, safe='')}/{action}?{query}"

    def _signature(self, action: str, message_id: str, fields: Mapping[str, str]) -> str:
        said = "\n".join((action, message_id, *(fields.get(name, "") for name in ("by", "for", "until"))))
        return hmac.new(self._key, said.encode("utf-8", "replace"), sha256).hexdigest()
