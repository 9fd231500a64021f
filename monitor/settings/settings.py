"""Everything that differs from one installation to the next: Kafka access, ports, secrets, limits of the machine."""

import socket
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from monitor.notify.endpoint import check_secret, check_url
from monitor.settings.problems import SettingsError, env_name, problem_lines, secret_of, unknown_lines

ENV_FILE = Path("lead-sla.env")
_IN_FILES = ("webhook_secret", "link_secret", "notices_token")
"""Secrets that may stand in a file of their own."""
SECRET_CHARS_MIN, SECRET_CHARS_MAX = 32, 256
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


def _bootstrap(servers: str) -> str:
    for server in servers.split(","):
        host, colon, port = server.strip().rpartition(":")
        if not (host and colon and port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
            raise ValueError("is not a list of brokers; write host:port, or host:port,host:port")
    return servers


def _http_url(url: str) -> str:
    check_url(url)
    return url


def _webhook_url(url: SecretStr) -> SecretStr:
    check_url(url.get_secret_value())
    return url


def _webhook_secret(secret: SecretStr) -> SecretStr:
    check_secret(secret.get_secret_value())
    return secret


def _long_secret(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not SECRET_CHARS_MIN <= len(text) <= SECRET_CHARS_MAX or not text.isascii() or not text.isprintable():
        raise ValueError(f"has not {SECRET_CHARS_MIN} to {SECRET_CHARS_MAX} characters; make one: openssl rand -hex 32")
    return secret


def _lead_link(link: str) -> str:
    if not link:
        return link
    check_url(link.replace("{lead}", "L"))
    if "{lead}" not in link or set(link.replace("{lead}", "")) & set('{}<>|"'):
        raise ValueError('needs {lead} where the id belongs, and no other of {}<>|"; percent-encode them')
    return link


TopicName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,200}$")]


class Topics(NamedTuple):
    """The full names of the topics, prefix included."""

    events: str
    timeline: str
    facts: str
    outcomes: str
    dead_letters: str


class Settings(BaseSettings):
    """Settings from the environment, then from a file, then their defaults; make one with `load`."""

    model_config = SettingsConfigDict(
        env_prefix="LEAD_SLA_",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        validate_default=True,
    )

    kafka_bootstrap_servers: Annotated[str, AfterValidator(_bootstrap)] = Field(
        "localhost:9092",
        validation_alias=AliasChoices("LEAD_SLA_KAFKA_BOOTSTRAP_SERVERS", "KAFKA_BOOTSTRAP_SERVERS"),
        description="Kafka brokers to ask first, host:port separated by commas.",
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How to connect to Kafka."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        None, description="How to log in to Kafka; needed with SASL_PLAINTEXT and SASL_SSL."
    )
    kafka_sasl_username: str | None = Field(None, description="User name for Kafka.")
    kafka_sasl_password: SecretStr | None = Field(None, description="Password for Kafka.")
    kafka_ssl_ca_file: Path | None = Field(
        None, description="File with the certificates (PEM) that the brokers' are signed by; else the system's."
    )
    group: TopicName = Field("lead-sla", description="Consumer group; workers of one group share the work.")

    topic_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,40}$")] = Field(
        "", description="Put before every topic name, so that several installations share one Kafka."
    )
    topic_events: TopicName = Field("leads.events", description="Topic that lead events are read from.")
    topic_timeline: TopicName = Field("lead-sla.timeline", description="Topic of events in judging order, by lead.")
    topic_facts: TopicName = Field(
        "lead-sla.quota-facts", description="Topic of what counts for quotas, and of spend and revenue."
    )
    topic_outcomes: TopicName = Field("lead-sla.outcomes", description="Topic that outcomes are written to.")
    topic_dead_letters: TopicName = Field("lead-sla.dead-letters", description="Topic for records that are no events.")
    partitions: int = Field(8, ge=1, le=1000, description="Partitions of the timeline, when it is created.")
    events_partitions: int = Field(8, ge=1, le=1000, description="Partitions of the events topic, when it is created.")
    replication: int = Field(1, ge=1, le=10, description="Copies of each topic, when it is created.")

    policy_file: Path = Field(
        Path("agreement.yaml"),
        description="The agreement to watch over: a file, or a folder of *.yaml with its versions.",
    )
    store: Literal["memory", "rocksdb"] = Field("memory", description="Where a worker keeps its leads.")
    state_dir: Path = Field(Path(".lead-sla"), description="Directory for the worker's files.")

    web_host: Annotated[str, Field(min_length=1, max_length=255)] = Field(
        "127.0.0.1", description="Address that the web server listens on; 0.0.0.0 for every one."
    )
    web_port: int = Field(6066, ge=1, le=65_535, description="TCP port of the web server.")
    web_advertised_url: Annotated[str, AfterValidator(_http_url)] | None = Field(
        None, description="Base URL at which other workers reach this one; else made of host and port."
    )

    time_future_s_max: int = Field(
        300, ge=0, le=86_400, description="Seconds that an event may lie ahead of its record's timestamp."
    )
    time_past_s_max: int = Field(
        90 * 86_400, ge=60, le=3650 * 86_400, description="Seconds that an event may lie behind its record's timestamp."
    )

    webhook_url: Annotated[SecretStr, AfterValidator(_webhook_url)] | None = Field(
        None, description="URL that notices are posted to; none are sent without it. Treated as a secret."
    )
    webhook_secret: Annotated[SecretStr, AfterValidator(_webhook_secret)] | None = Field(
        None, description="Key that notices are signed with: whsec_ and base64, as Standard Webhooks defines it."
    )
    webhook_secret_file: Path | None = Field(None, description="File that holds the webhook secret, instead of it.")
    webhook_timeout_s: float = Field(10.0, gt=0, le=60, description="Seconds that one attempt to deliver may take.")
    webhook_retry_s_max: float = Field(
        900.0, ge=0, le=86_400, description="Seconds after the first attempt in which delivery is tried again."
    )

    channels_file: Path | None = Field(
        None, description="File of the channels that notices go to, beside the webhook; see the page on notices."
    )
    lead_link: Annotated[str, AfterValidator(_lead_link)] = Field(
        "", description="URL of a lead for notices, {lead} standing for its id; no link without it."
    )

    public_url: Annotated[str, AfterValidator(_http_url)] | None = Field(
        None, description="Base URL at which people reach the workers' pages, for links that answer notices."
    )
    link_secret: Annotated[SecretStr, AfterValidator(_long_secret)] | None = Field(
        None,
        description="Key of links in messages, 32 to 256 characters, one for all workers; no links without it.",
    )
    link_secret_file: Path | None = Field(None, description="File that holds the link secret, instead of it.")
    notices_token: Annotated[SecretStr, AfterValidator(_long_secret)] | None = Field(
        None,
        description="Bearer token, 32 to 256 characters, for what is done to notices; refused without it.",
    )
    notices_token_file: Path | None = Field(None, description="File that holds the token, instead of it.")

    guarantee: Literal["at_least_once", "transactional"] = Field(
        "at_least_once",
        description="transactional: outcomes, states and progress in one Kafka transaction; Apache Kafka only.",
    )
    session_s: float = Field(
        6.0, ge=3, le=300, description="Seconds of silence after which Kafka gives a worker's partitions to others."
    )
    commit_s: float = Field(0.2, gt=0, le=60, description="Seconds between two commits of what was read.")
    broker_end_offsets: Literal["exact", "last_batch"] = Field(
        "exact",
        description="last_batch for the embedded broker, which reports the end of a partition one batch too low.",
    )
    metrics_sources_max: int = Field(
        0, ge=0, le=100, description="Sources of leads that metrics tell apart; 0: none, the rest counts as other."
    )
    metrics_owners_max: int = Field(
        0, ge=0, le=1000, description="Owners of leads that metrics tell apart; 0: none, the rest counts as other."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severe line to log.")
    log_json: bool = Field(False, description="Log one JSON object per line.")

    @classmethod
    def load(cls, env_file: Path | None = ENV_FILE, **overrides: Any) -> Self:
        """Read the settings; `overrides`, by field name, win over environment and file.

        Raises SettingsError with one line per problem, each naming the variable and the fix.
        """
        unknown = unknown_lines(env_file, list(cls.model_fields))
        if unknown:
            raise SettingsError(unknown)
        try:
            return cls(_env_file=env_file, **overrides)
        except ValidationError as error:
            raise SettingsError(problem_lines(error, cls.model_fields)) from None

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, given: dict[str, Any]) -> dict[str, Any]:
        found = {name: secret_of(given, name) for name in _IN_FILES if given.get(f"{name}_file") is not None}
        return {**given, **found}

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = []
        if self.kafka_security_protocol.startswith("SASL"):
            problems += [
                f"{env_name(name)}: is needed with {self.kafka_security_protocol}; set it"
                for name in ("kafka_sasl_mechanism", "kafka_sasl_username", "kafka_sasl_password")
                if getattr(self, name) is None
            ]
        if self.webhook_url is not None and self.webhook_secret is None:
            problems.append(f"{env_name('webhook_secret')}: is needed to sign what is posted; set it, or the _FILE")
        if (self.public_url is None) != (self.link_secret is None):
            missing = env_name("link_secret" if self.link_secret is None else "public_url")
            problems.append(f"{missing}: is needed for links that answer notices; set it, too, or remove the other")
        if len(set(self.topics)) < len(self.topics):
            problems.append(f"{env_name('topic_events')}: two topics have the same name; give each its own")
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def topics(self) -> Topics:
        """The full names of the topics."""
        names = (
            self.topic_events, self.topic_timeline, self.topic_facts, self.topic_outcomes, self.topic_dead_letters,
        )  # fmt: skip
        return Topics(*(self.topic_prefix + name for name in names))

    @property
    def advertised_url(self) -> str:
        """Base URL at which other workers reach this one, without a slash at the end."""
        if self.web_advertised_url is not None:
            return self.web_advertised_url.rstrip("/")
        host = socket.gethostname() if self.web_host in _EVERYWHERE else self.web_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.web_port}"


class SettingDoc(NamedTuple):
    """One line of the reference of settings."""

    env: str
    default: str
    description: str


def describe() -> list[SettingDoc]:
    """Every setting with its environment variable and default, in the order of the file, for the documentation."""
    return [
        SettingDoc(env_name(name), "" if field.default is None else str(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
