"""How to reach Kafka, for our own connections and for Faust's; and the topics that must exist."""

import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faust
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from monitor.stream.intake import Topics

# A state record may be rewritten by its newest version only after the longest pause of a superseded worker.
CHANGELOG_CONFIG: Mapping[str, str] = {"cleanup.policy": "compact", "min.compaction.lag.ms": "3600000"}
# Stamped by the brokers, a tick cannot be ahead of their clock, whatever the clock of the worker that sent it says.
TIMELINE_CONFIG: Mapping[str, str] = {"message.timestamp.type": "LogAppendTime"}
# A dead letter is larger than the record it was: by the headers that say what is wrong with it.
DEAD_LETTERS_CONFIG: Mapping[str, str] = {"max.message.bytes": "2097152"}


class TopicMismatch(Exception):
    """A topic that exists does not fit; the message names it and the setting to change."""


@dataclass(frozen=True)
class KafkaAccess:
    """Brokers and credentials. `password` is a secret: this value is never logged."""

    bootstrap_servers: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None

    def client(self) -> dict[str, Any]:
        """Arguments for any aiokafka client."""
        arguments: dict[str, Any] = {
            "bootstrap_servers": [server.strip() for server in self.bootstrap_servers.split(",")],
            "security_protocol": self.security_protocol,
        }
        if self._ssl() is not None:
            arguments["ssl_context"] = self._ssl()
        if self.sasl_mechanism is not None:
            arguments |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return arguments

    def faust_credentials(self) -> Any:
        """The same for Faust; None without authentication."""
        if self.sasl_mechanism is not None:
            return faust.SASLCredentials(
                mechanism=self.sasl_mechanism, username=self.username, password=self.password, ssl_context=self._ssl()
            )
        return None if self._ssl() is None else faust.SSLCredentials(context=self._ssl())

    def _ssl(self) -> ssl.SSLContext | None:
        if "SSL" not in self.security_protocol:
            return None
        return ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))


async def ensure_topics(access: KafkaAccess, topics: Topics, changelogs: Collection[str], replication: int) -> Topics:
    """Create what is missing. Returns `topics` with the number of partitions that the events topic really has.

    Raises TopicMismatch when our own topics exist with another number of partitions, KafkaError when the
    brokers refuse.
    """
    own = (topics.timeline, topics.facts, topics.outcomes, topics.dead_letters, *changelogs)
    admin = AIOKafkaAdminClient(**access.client())
    await admin.start()
    try:
        configs = {
            topics.timeline: TIMELINE_CONFIG,
            topics.facts: TIMELINE_CONFIG,
            topics.dead_letters: DEAD_LETTERS_CONFIG,
            **dict.fromkeys(changelogs, CHANGELOG_CONFIG),
        }
        wanted = [NewTopic(topics.events, topics.events_partitions, replication)]
        wanted += [
            NewTopic(name, topics.partitions, replication, topic_configs=dict(configs.get(name, {}))) for name in own
        ]
        existing = set(await admin.list_topics())
        missing = [topic for topic in wanted if topic.name not in existing]
        if missing:
            answer = await admin.create_topics(missing)
            for name, code, *_ in answer.topic_errors:
                error = for_code(code)
                if code and error is not TopicAlreadyExistsError:
                    raise error(f"topic {name} could not be created")
        described = await admin.describe_topics([topics.events, *own])
    finally:
        await admin.close()
    sizes = {topic["topic"]: len(topic["partitions"]) for topic in described}
    for name in own:
        if sizes.get(name, 0) not in (0, topics.partitions):
            raise TopicMismatch(
                f"topic {name} has {sizes[name]} partitions where {topics.partitions} are configured;"
                f" set LEAD_SLA_PARTITIONS={sizes[name]}, or use another LEAD_SLA_TOPIC_PREFIX"
            )
    return topics._replace(events_partitions=sizes.get(topics.events) or topics.events_partitions)
