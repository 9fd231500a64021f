"""The state of a lead as bytes: what the table and its changelog hold; and the pages of live counts beside it."""

from monitor.wire.state.codec import (
    VERSION,
    StateHeader,
    decode_state,
    encode_state,
    in_short,
    state_header,
)
from monitor.wire.state.codes import UnreadableState
from monitor.wire.state.pages import PAGE_KEYS, decode_key, decode_page, encode_key, encode_page

__all__ = [
    "PAGE_KEYS",
    "VERSION",
    "StateHeader",
    "UnreadableState",
    "decode_key",
    "decode_page",
    "decode_state",
    "encode_key",
    "encode_page",
    "encode_state",
    "in_short",
    "state_header",
]
