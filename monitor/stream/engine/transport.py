"""Faust's transport with our consumer and producer, and the schema that leaves decoding to us.

Each override in this package is private to faust-streaming 0.15.3 or aiokafka 0.14.0; docs/internals/engine.md
lists them with the reason, tests/contract/test_engine_hooks.py fails when an upgrade changes one.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver

from monitor.stream.engine.consumer import Consumer
from monitor.stream.engine.producer import Producer


class BatchSchema(faust.Schema):  # type: ignore[misc]
    """Passes the list of records through: decoding is ours, and never raises inside Faust."""

    def compile(self, app: Any, **_: Any) -> Callable[..., Awaitable[Any]]:
        """The decoder Faust calls for every message."""

        async def decode(message: Any, *, propagate: bool = False) -> Any:
            return app.create_event(None, message.value, {}, message)

        return decode


class Transport(driver.Transport):  # type: ignore[misc]
    """Faust's aiokafka transport with the two classes above."""

    Consumer = Consumer
    Producer = Producer
