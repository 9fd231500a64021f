"""The state of a lead as bytes: what the table and its changelog hold."""

from monitor.wire.state.codec import VERSION, StateHeader, clock_states, decode_state, encode_state, state_header
from monitor.wire.state.codes import UnreadableState

__all__ = ["VERSION", "StateHeader", "UnreadableState", "clock_states", "decode_state", "encode_state", "state_header"]
