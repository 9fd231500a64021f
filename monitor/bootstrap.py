"""The composition root: the only module that knows all the others."""

import asyncio
import logging
import signal
from functools import partial
from importlib.metadata import version

from monitor.core.event import RECORD_TYPES
from monitor.core.limit import LimitUnit
from monitor.core.policy import Policy
from monitor.notify.channel import Channel, channels_for
from monitor.notify.courier import Courier
from monitor.notify.outbox import Outbox
from monitor.settings.channels import channels_of
from monitor.settings.settings import Settings
from monitor.sinks.opening import open_sink
from monitor.stream.clock import SystemTime
from monitor.stream.engine.ownership import SelfFenced
from monitor.stream.fence_count import FenceCount
from monitor.stream.intake import Topics
from monitor.stream.kafka import KafkaAccess, ensure_topics
from monitor.stream.renewal import Renewal
from monitor.stream.worker import Worker, WorkerSettings
from monitor.telemetry.channels import Queue
from monitor.telemetry.metrics import Metrics
from monitor.web.server import WebServer
from monitor.wire.dead_letter import DeadLetterReason
from monitor.wire.lead_event import TimeLimits
from monitor.wire.policy import policy_of, read_files

log = logging.getLogger(__name__)

DAY_S = 86_400


async def create_topics(settings: Settings) -> Topics:
    """Create the topics that are missing; see `monitor.stream.kafka.ensure_topics` for the errors."""
    topics = Topics(
        events=settings.topics.events,
        events_partitions=settings.events_partitions,
        timeline=settings.topics.timeline,
        facts=settings.topics.facts,
        outcomes=settings.topics.outcomes,
        dead_letters=settings.topics.dead_letters,
        partitions=settings.partitions,
    )
    changelogs = Worker.changelogs_of(settings.topic_prefix + settings.group)
    return await ensure_topics(kafka_access(settings), topics, changelogs, settings.replication)


async def run_worker(settings: Settings, stop: asyncio.Event) -> None:
    """Run one worker and its pages until `stop`.

    Raises PolicyError, SettingsError, PortTaken, TopicMismatch and KafkaError before work begins, and whatever stopped
    it later.
    """
    files, channels = await asyncio.to_thread(read_files, settings.policy_file), channels_of(settings)
    policy, names = policy_of(files), [channel.name for channel in channels]
    time, metrics = SystemTime(), Metrics(version=version("lead-sla"))
    _initialise(metrics, policy, names)
    topics = await create_topics(settings)
    outbox = _outbox(channels, time, metrics)
    worker_settings = _worker_settings(settings, topics)
    worker = Worker(worker_settings, policy, outbox, time, metrics)

    def render() -> tuple[bytes, str]:
        metrics.ready(not worker.ready())
        return metrics.render()

    def adopt(changed: Policy) -> None:
        _initialise(metrics, changed, names)
        worker.adopt(changed)

    renewal = Renewal(settings.policy_file, files, adopt, time, metrics)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, renewal.look_now)
    web = WebServer(
        settings.web_host, settings.web_port, directory=worker.directory, health=worker, render_metrics=render
    )
    fence_count = FenceCount(settings.state_dir / worker_settings.group / "self-fenced.json")
    metrics.engine.self_fenced(fence_count.read())
    port = await web.start()
    log.info("pages on http://%s:%s: /metrics, /readyz, /healthz, /leads/{id}", settings.web_host, port)
    try:
        await worker.run(stop, renewal.run)
    except SelfFenced as fenced:
        metrics.engine.self_fenced({fenced.reason: 1})
        fence_count.add(fenced.reason)
        raise
    finally:
        await web.stop()
        await outbox.close()


def kafka_access(settings: Settings) -> KafkaAccess:
    """Brokers and credentials from the settings."""
    password = settings.kafka_sasl_password
    return KafkaAccess(
        settings.kafka_bootstrap_servers,
        settings.kafka_security_protocol,
        settings.kafka_sasl_mechanism,
        settings.kafka_sasl_username,
        None if password is None else password.get_secret_value(),
        settings.kafka_ssl_ca_file,
    )


def _worker_settings(settings: Settings, topics: Topics) -> WorkerSettings:
    return WorkerSettings(
        access=kafka_access(settings),
        topics=topics,
        group=settings.topic_prefix + settings.group,
        advertised_url=settings.advertised_url,
        session_s=settings.session_s,
        commit_s=settings.commit_s,
        limits=TimeLimits(settings.time_future_s_max * 1_000_000, settings.time_past_s_max * 1_000_000),
        state_dir=settings.state_dir if settings.store == "rocksdb" else None,
        probe_ends=settings.broker_end_offsets == "last_batch",
        transactional=settings.guarantee == "transactional",
    )


def _outbox(channels: tuple[Channel, ...], time: SystemTime, metrics: Metrics) -> Outbox:
    couriers = {
        channel.name: Courier(open_sink(channel, time), channel.rules, time, metrics.channels) for channel in channels
    }

    def queue_of(courier: Courier) -> Queue:
        return Queue(courier.line.state, *courier.line.waiting(time.elapsed_s()))

    metrics.channels.watch({name: partial(queue_of, courier) for name, courier in couriers.items()})
    return Outbox(couriers, lambda notice: channels_for(notice, channels))


def _initialise(metrics: Metrics, policy: Policy, channels: list[str]) -> None:
    duties = [duty for version in policy.versions for duty in version.duties]
    quotas = [quota for version in policy.versions for quota in version.quotas]
    elapsed = {
        target.limit.amount / 1e6
        for duty in duties
        for target in duty.targets
        if target.limit.unit is not LimitUnit.WORKING_DAYS and target.limit.amount
    }
    metrics.initialise(
        policy_version=policy.version,
        duties={duty.name for duty in duties},
        quotas={quota.name for quota in quotas},
        teams={duty.team for duty in duties} | {quota.team for quota in quotas},
        segments={segment for version in policy.versions for segment in version.segments},
        limits_s=elapsed,
        channels=channels,
        event_types=RECORD_TYPES,
        dead_letter_reasons=list(DeadLetterReason),
    )
