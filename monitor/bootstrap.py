"""The composition root: the only module that knows all the others."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version

from monitor.core.counting import Names
from monitor.core.event import RECORD_TYPES
from monitor.core.limit import Limit, LimitUnit
from monitor.core.policy import Policy
from monitor.notify.channel import Channel, Mail, Slack, Teams, reach_of
from monitor.notify.links import Links
from monitor.notify.outlets import Outlets
from monitor.notify.parcel import no_pages
from monitor.ports import TimeSource
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
from monitor.telemetry.metrics import Metrics
from monitor.web.notices import NoticePages
from monitor.web.server import WebServer
from monitor.wire.dead_letter import DeadLetterReason
from monitor.wire.lead_event import TimeLimits
from monitor.wire.policy import PolicyFiles, check_channels, policy_of, read_files

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
    time, metrics = SystemTime(), Metrics(version=version("lead-sla"))
    names = [channel.name for channel in channels]
    read = partial(_policy_for, channels=names, time=time)
    policy = read(files)
    _initialise(metrics, policy, names, settings)
    topics = await create_topics(settings)
    worker_settings, links = _worker_settings(settings, topics), _links(settings, time)
    worker = Worker(worker_settings, policy, _outlets(channels, links, time), time, metrics)

    def render() -> tuple[bytes, str]:
        metrics.ready(not worker.ready())
        return metrics.render()

    def adopt(changed: Policy) -> None:
        _initialise(metrics, changed, names, settings)
        worker.adopt(changed)

    renewal = Renewal(settings.policy_file, files, adopt, time, metrics, read)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, renewal.look_now)
    token = None if settings.notices_token is None else settings.notices_token.get_secret_value()
    web = WebServer(
        settings.web_host, settings.web_port, directory=worker.directory, health=worker, render_metrics=render,
        notices=NoticePages(worker.answers, token, links),
    )  # fmt: skip
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


def _policy_for(files: PolicyFiles, *, channels: Sequence[str], time: TimeSource) -> Policy:
    """The agreement, whose recipients this worker has channels for. Raises PolicyError."""
    policy = policy_of(files)
    check_channels(policy, files, channels, time.now_at())
    return policy


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
        names=Names(sources=settings.metrics_sources_max > 0, owners=settings.metrics_owners_max > 0),
    )


def _links(settings: Settings, time: SystemTime) -> Links | None:
    if settings.link_secret is None or settings.public_url is None:
        return None
    return Links(settings.link_secret.get_secret_value(), settings.public_url, time)


def _outlets(channels: tuple[Channel, ...], links: Links | None, time: SystemTime) -> Outlets:
    return Outlets(
        {channel.name: (open_sink(channel, time), channel.rules) for channel in channels},
        reach_of(channels),
        frozenset(channel.name for channel in channels if isinstance(channel.far_end, Slack | Teams | Mail)),
        no_pages if links is None else links.pages,
    )


def _initialise(metrics: Metrics, policy: Policy, channels: list[str], settings: Settings) -> None:
    duties = [duty for version in policy.versions for duty in version.duties]
    quotas = [quota for version in policy.versions for quota in version.quotas]
    metrics.initialise(
        policy_version=policy.version,
        duties={duty.name for duty in duties},
        quotas={quota.name for quota in quotas},
        teams={duty.team for duty in duties} | {quota.team for quota in quotas},
        segments={segment for version in policy.versions for segment in version.segments},
        limits_s={_limit_s(target.limit) for duty in duties for target in duty.targets if target.limit.amount},
        channels=channels,
        event_types=RECORD_TYPES,
        dead_letter_reasons=list(DeadLetterReason),
    )
    metrics.figures.initialise(policy, sources_max=settings.metrics_sources_max, owners_max=settings.metrics_owners_max)


def _limit_s(limit: Limit) -> float:
    """The time that the limit takes where it is not interrupted; a working day then takes a day."""
    return limit.amount * DAY_S if limit.unit is LimitUnit.WORKING_DAYS else limit.amount / 1e6
