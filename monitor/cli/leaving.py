"""How the process ends: what went wrong in one line, an exit code, and nothing of the engine that holds it up."""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import typer
from aiokafka.errors import KafkaConnectionError, KafkaError

from monitor.cli.failure import BAD_INPUT, FAILED, SELF_FENCED, UNAVAILABLE, Failure
from monitor.settings.problems import SettingsError

# An engine that did not stop in order is given so long to notice that it is over.
LEAVE_S_MAX = 5.0


def failure_of(error: Exception) -> Failure:
    """What to tell, and the exit code."""
    match error:
        case Failure():
            return error
        case SettingsError():
            return Failure(str(error), BAD_INPUT)
        case KafkaConnectionError():
            fix = "set KAFKA_BOOTSTRAP_SERVERS to a broker that does"
            return Failure(f"Kafka does not answer: {error}; {fix}", UNAVAILABLE)
        case KafkaError():
            return Failure(f"Kafka refused: {type(error).__name__}: {error}", UNAVAILABLE)
        case OSError():
            return Failure(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), BAD_INPUT)
        case _:
            return Failure(f"stopped by {type(error).__name__}: {error}", FAILED)


def say_why(failure: Failure) -> None:
    """One line on stderr for each mistake."""
    for line in str(failure).splitlines():
        typer.echo(f"lead-sla: {line}", err=True)


def leave(code: int) -> None:
    """Exit; a thread of the engine that could not be stopped must not keep the process from being started again."""
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def until_signal(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run until it ends, SIGINT or SIGTERM. Raises Failure."""
    ended: list[Failure | None] = []
    hurry = threading.Timer(LEAVE_S_MAX, lambda: _leave_at_once(ended[0]))
    hurry.daemon = True

    async def main_task() -> None:
        stop, failure = asyncio.Event(), None
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        try:
            await work(stop)
        except Exception as error:
            failure = _failure_of_work(error)
        ended.append(failure)
        hurry.start()  # what is left of the engine is cancelled now, and may not take notice

    asyncio.run(main_task())
    hurry.cancel()
    (failure,) = ended
    if failure is not None:
        raise failure
    leave(0)


def _leave_at_once(failure: Failure | None) -> None:
    if failure is not None:
        say_why(failure)
    os._exit(0 if failure is None else failure.code)


def _failure_of_work(error: Exception) -> Failure:
    from monitor.stream.engine.ownership import SelfFenced
    from monitor.stream.engine.shards import CannotStore
    from monitor.stream.kafka import TopicMismatch
    from monitor.web.server import CannotListen
    from monitor.wire.policy import PolicyError

    match error:
        case PolicyError() | CannotListen() | TopicMismatch():
            return Failure(str(error), BAD_INPUT)
        case CannotStore():
            return Failure(str(error), FAILED)
        case SelfFenced():
            message = f"the worker stopped itself to be safe: {error}; start it again, it goes on where it left off"
            return Failure(message, SELF_FENCED)
        case KafkaError() | SettingsError() | Failure():
            return failure_of(error)
        case _:
            logging.getLogger("monitor").error("the worker stopped itself", exc_info=error)
            return Failure(f"stopped by {type(error).__name__}: {error}", FAILED)
