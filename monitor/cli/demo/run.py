"""`lead-sla demo`: starts everything in order, shows it at work, and stops it in the opposite order."""

import asyncio
import base64
import logging
import os
import secrets
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

import aiohttp
import typer
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from monitor.bootstrap import create_topics, kafka_access
from monitor.cli.demo.broker import BrokerError, EmbeddedBroker, PortTaken, require_free
from monitor.cli.demo.child import Child
from monitor.cli.demo.funnel import Planned, plan
from monitor.cli.demo.produce import produce
from monitor.cli.demo.receiver import WebhookReceiver
from monitor.cli.demo.tally import Tally
from monitor.cli.demo.view import LiveView, Places, PlainView, View
from monitor.cli.failure import BAD_INPUT, FAILED, UNAVAILABLE, Failure
from monitor.ports import TimeSource
from monitor.settings.settings import Settings
from monitor.stream.clock import SystemTime
from monitor.telemetry.logs import set_up_logging
from monitor.wire.outcome import UnreadableOutcome, decode_outcome

# As long as a worker may take to finish what it has begun, and a little more.
_WORKER_STOP_S_MAX: Final = 25.0
_BROKER_WAIT_S_MAX: Final = 120.0
_SCRAPE_EVERY_S: Final = 1.0
_REFRESH_EVERY_S: Final = 0.25
# In a folder without a file of settings, and with no second secret beside the one of this run.
_APART: Final = 'cd "$0" && unset LEAD_SLA_WEBHOOK_SECRET_FILE && exec "$@"'
_KAFKA_VARIABLES: Final = ("KAFKA_BOOTSTRAP_SERVERS", "LEAD_SLA_KAFKA_BOOTSTRAP_SERVERS")


async def run_demo(stop: asyncio.Event, *, leads: int, seconds: float, seed: int, produce_only: bool) -> None:
    """Run until `stop`, or for so many seconds if that is not 0.

    Raises Failure, SettingsError, KafkaError and what stopped a part; everything that was started is stopped first.
    """
    # The environment alone: a file of settings beside it belongs to an installation that is not a demonstration.
    time, settings = SystemTime(), Settings.load(None)
    # Lead ids differ from those of earlier runs on the same Kafka.
    tag = f"L-{time.now_at() // 1_000_000:x}"
    funnel = plan(seed, leads, tag)
    demo = (
        _produce_only(settings, funnel, time, stop)
        if produce_only
        else _everything(settings, funnel, f"{tag}-0001", time)
    )
    async with demo as work:
        await _until(stop, seconds, work)


@asynccontextmanager
async def _produce_only(
    settings: Settings, funnel: Iterator[Planned], time: TimeSource, stop: asyncio.Event
) -> AsyncIterator[list[Coroutine[Any, Any, None]]]:
    set_up_logging(settings.log_level, as_json=settings.log_json)
    give_up_s = time.elapsed_s() + _BROKER_WAIT_S_MAX
    while True:
        try:
            await create_topics(settings)
            break
        except KafkaConnectionError:
            if stop.is_set():
                yield []
                return
            if time.elapsed_s() > give_up_s:
                raise
            typer.echo(f"waiting for Kafka at {settings.kafka_bootstrap_servers}")
            await asyncio.sleep(2)
    tally = Tally()
    async with AIOKafkaProducer(**kafka_access(settings).client(), acks="all") as producer:

        async def say() -> None:
            while True:
                typer.echo(f"produced leads={tally.leads} sent={tally.sent}")
                await asyncio.sleep(30)

        yield [produce(producer, settings.topics.events, funnel, time, tally.produced), say()]


@asynccontextmanager
async def _everything(
    settings: Settings, funnel: Iterator[Planned], first_lead: str, time: TimeSource
) -> AsyncIterator[list[Coroutine[Any, Any, None]]]:
    _require_free_port(settings.web_port)
    folder = settings.state_dir.absolute() / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.log"):
        old.unlink()
    # Beside the view, nothing may write on the terminal.
    logging.basicConfig(filename=folder / "demo.log", level=logging.WARNING, force=True)
    embedded = not any(os.environ.get(name) for name in _KAFKA_VARIABLES)
    tally = Tally()
    async with AsyncExitStack() as stack:
        if embedded:
            settings = settings.model_copy(update={"kafka_bootstrap_servers": await _broker(stack, folder)})
        await create_topics(settings)
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        receiver = WebhookReceiver(secret, on_delivery=tally.delivered)
        stack.push_async_callback(receiver.stop)
        webhook = await receiver.start()
        client = kafka_access(settings).client()
        consumer = AIOKafkaConsumer(
            settings.topics.outcomes, auto_offset_reset="latest", fetch_max_wait_ms=50, **client
        )
        await stack.enter_async_context(consumer)
        await consumer.seek_to_end()
        policy = stack.enter_context(as_file(files("monitor.cli").joinpath("examples", "demo-agreement.yaml")))
        worker = _worker(settings, policy, webhook, secret, folder, embedded=embedded)
        stack.push_async_callback(asyncio.to_thread, worker.stop, _WORKER_STOP_S_MAX)
        producer = await stack.enter_async_context(AIOKafkaProducer(**client, acks="all"))
        web = settings.advertised_url
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)))
        places = Places(settings.kafka_bootstrap_servers, embedded, web, webhook, str(worker.log), first_lead)
        view: View = LiveView(tally, places) if sys.stdout.isatty() else PlainView(tally, places)
        stack.callback(view.end)
        view.begin()
        yield [
            produce(producer, settings.topics.events, funnel, time, tally.produced),
            _read_outcomes(consumer, tally, view),
            _scrape(session, web, tally),
            _watch(worker),
            _refresh(view, time),
        ]


async def _until(stop: asyncio.Event, seconds: float, work: list[Coroutine[Any, Any, None]]) -> None:
    tasks = [asyncio.create_task(each) for each in work]
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([*tasks, stopped], timeout=seconds or None, return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, stopped):
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


def _require_free_port(port: int) -> None:
    """Raises Failure when another program listens where the worker will."""
    try:
        require_free(port)
    except PortTaken:
        message = f"port {port} is taken by another program; set LEAD_SLA_WEB_PORT to a free port"
        raise Failure(message, BAD_INPUT) from None


async def _broker(stack: AsyncExitStack, folder: Path) -> str:
    broker = EmbeddedBroker(folder)
    stack.push_async_callback(asyncio.to_thread, broker.stop)
    try:
        return await asyncio.to_thread(broker.start)
    except BrokerError as error:
        raise Failure(str(error), UNAVAILABLE) from None


def _worker(settings: Settings, policy: Path, webhook: str, secret: str, folder: Path, *, embedded: bool) -> Child:
    """One worker as a process of its own, which is what people run; its settings go by the environment."""
    environment = {
        "LEAD_SLA_STATE_DIR": str(folder),
        **dict.fromkeys(_KAFKA_VARIABLES, settings.kafka_bootstrap_servers),
        "LEAD_SLA_POLICY_FILE": str(policy),
        "LEAD_SLA_WEB_PORT": str(settings.web_port),
        "LEAD_SLA_WEBHOOK_URL": webhook,
        "LEAD_SLA_WEBHOOK_SECRET": secret,
        "LEAD_SLA_BROKER_END_OFFSETS": "last_batch" if embedded else settings.broker_end_offsets,
    }
    command = [sys.executable, "-P", "-m", "monitor.cli.main", "run"]
    return Child(["/bin/sh", "-c", _APART, str(folder), *command], folder / "worker.log", environment)


async def _read_outcomes(consumer: AIOKafkaConsumer, tally: Tally, view: View) -> None:
    async for message in consumer:
        with suppress(UnreadableOutcome):
            outcome = decode_outcome(message.value)
            if tally.said(outcome):
                view.verdict(outcome)


async def _scrape(session: aiohttp.ClientSession, web: str, tally: Tally) -> None:
    while True:
        with suppress(aiohttp.ClientError, TimeoutError, ValueError):
            async with session.get(f"{web}/metrics") as answer:
                tally.scraped(await answer.text())
        await asyncio.sleep(_SCRAPE_EVERY_S)


async def _watch(worker: Child) -> None:
    while (status := worker.ended()) is None:  # noqa: ASYNC110 - another process sets no event
        await asyncio.sleep(0.2)
    raise Failure(f"the worker ended with status {status}; the end of {worker.log}:\n{worker.log_tail(5)}", FAILED)


async def _refresh(view: View, time: TimeSource) -> None:
    began_s = time.elapsed_s()
    while True:
        await asyncio.sleep(_REFRESH_EVERY_S)
        view.refresh(time.elapsed_s() - began_s)
