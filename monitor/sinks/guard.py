"""Keeps notices from being sent to addresses inside the network that lead-sla runs in, unless a channel allows it."""

import socket
from typing import Any

from monitor.notify.endpoint import is_private


class AddressRefused(OSError):
    """The far end has an address that only those inside the network should reach."""

    def __init__(self) -> None:
        super().__init__("the address is loopback, link-local or private; allow_private: true permits it")


def guarded_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket for one entry of `getaddrinfo`, asked for just before it connects. Raises AddressRefused."""
    family, kind, protocol, _, sockaddr = address
    if is_private(sockaddr[0]):
        raise AddressRefused
    return socket.socket(family, kind, protocol)
