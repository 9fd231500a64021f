"""Settings come from environment and file; what is wrong is said on one line with the variable and the fix."""

import base64
import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from monitor.settings.problems import SettingsError
from monitor.settings.settings import Settings, describe

SECRET = "whsec_" + base64.b64encode(b"hunter2 hunter2 hunter2 hunter2").decode()


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith(("LEAD_SLA_", "KAFKA_")):
            monkeypatch.delenv(name)


def problems(env_file: Path | None = None, **overrides: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as error:
        Settings.load(env_file, **overrides)
    assert str(error.value) == "\n".join(error.value.problems)
    assert all("\n" not in line for line in error.value.problems)
    return error.value.problems


def test_without_any_setting_the_defaults_are_used() -> None:
    settings = Settings.load(None)
    assert settings.kafka_bootstrap_servers == "localhost:9092"
    own = ("lead-sla.timeline", "lead-sla.quota-facts", "lead-sla.outcomes", "lead-sla.dead-letters")
    assert settings.topics == ("leads.events", *own)
    assert settings.advertised_url == "http://127.0.0.1:6066"
    assert settings.time_past_s_max == 90 * 24 * 3600


def test_the_environment_wins_over_the_file_and_overrides_win_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lead-sla.env"
    file.write_text("LEAD_SLA_GROUP=file\nLEAD_SLA_WEB_PORT=1\nLEAD_SLA_PARTITIONS=3\n# a comment\n")
    monkeypatch.setenv("LEAD_SLA_GROUP", "environment")
    monkeypatch.setenv("LEAD_SLA_WEB_PORT", "2")
    settings = Settings.load(file, web_port=3)
    assert (settings.partitions, settings.group, settings.web_port) == (3, "environment", 3)


@pytest.mark.parametrize("name", ["KAFKA_BOOTSTRAP_SERVERS", "LEAD_SLA_KAFKA_BOOTSTRAP_SERVERS"])
def test_the_brokers_may_be_named_as_every_kafka_tool_does(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "k1:9092,k2:9093")
    assert Settings.load(None).kafka_bootstrap_servers == "k1:9092,k2:9093"
    monkeypatch.delenv(name)
    file = tmp_path / "lead-sla.env"
    file.write_text(f"{name}=k3:9092\n")
    assert Settings.load(file).kafka_bootstrap_servers == "k3:9092"
    assert Settings.load(None, kafka_bootstrap_servers="k4:1").kafka_bootstrap_servers == "k4:1"


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAD_SLA_WEBHOOK_URL", "")
    monkeypatch.setenv("LEAD_SLA_WEB_PORT", "")
    settings = Settings.load(None)
    assert (settings.webhook_url, settings.web_port) == (None, 6066)


def test_a_prefix_stands_before_every_topic() -> None:
    topics = Settings.load(None, topic_prefix="eu.").topics
    assert topics.events == "eu.leads.events"
    assert all(name.startswith("eu.") for name in topics)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("LEAD_SLA_WEB_PORT", "tcp://10.0.0.1:6066", "valid integer"),
        ("LEAD_SLA_WEB_PORT", "65536", "less than or equal to 65535"),
        ("LEAD_SLA_STORE", "postgres", "'memory' or 'rocksdb'"),
        ("LEAD_SLA_BROKER_END_OFFSETS", "guess", "'exact' or 'last_batch'"),
        ("LEAD_SLA_PARTITIONS", "0", "greater than or equal to 1"),
        ("LEAD_SLA_COMMIT_S", "nan", "less than or equal to 60"),
        ("LEAD_SLA_COMMIT_S", "0", "greater than 0"),
        ("LEAD_SLA_TOPIC_EVENTS", "leads/events", "match pattern"),
        ("LEAD_SLA_LOG_JSON", "perhaps", "boolean"),
        ("LEAD_SLA_KAFKA_SECURITY_PROTOCOL", "TLS", "'SASL_SSL'"),
        ("KAFKA_BOOTSTRAP_SERVERS", "broker", "host:port"),
        ("KAFKA_BOOTSTRAP_SERVERS", "broker:99999", "host:port"),
        ("KAFKA_BOOTSTRAP_SERVERS", "a:1,,b:2", "host:port"),
        ("LEAD_SLA_WEB_ADVERTISED_URL", "worker-1:6066", "https://"),
    ],
)
def test_a_wrong_value_is_said_on_one_line_with_its_variable(
    variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    (line,) = problems()
    assert line.startswith(f"{variable}: ")
    assert said in line


def test_every_mistake_is_said_not_only_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAD_SLA_WEB_PORT", "x")
    monkeypatch.setenv("LEAD_SLA_STORE", "y")
    assert [line.split(":")[0] for line in problems()] == ["LEAD_SLA_STORE", "LEAD_SLA_WEB_PORT"]


def test_a_misspelt_variable_in_the_file_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    file = tmp_path / "lead-sla.env"
    file.write_text("LEAD_SLA_WEBHOK_URL=https://x/\nPATH=/bin\n")
    first, second = problems(file)
    assert first == f"{file}: LEAD_SLA_WEBHOK_URL is no setting; did you mean LEAD_SLA_WEBHOOK_URL?"
    assert second == f"{file}: PATH is no setting; remove it; all settings: docs/operating/settings.md"


def test_variables_that_kubernetes_adds_to_the_environment_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAD_SLA_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("LEAD_SLA_PORT", "tcp://10.0.0.1:6066")
    assert Settings.load(None).web_port == 6066


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "lead-sla.env"
    file.write_bytes(b"\xff\xfe\x00")
    assert problems(file) == (f"{file}: cannot be read as text; write lines of NAME=value",)


def test_a_login_needs_all_its_parts() -> None:
    lines = problems(kafka_security_protocol="SASL_SSL", kafka_sasl_username="ana")
    assert [line.split(":")[0] for line in lines] == [
        "LEAD_SLA_KAFKA_SASL_MECHANISM",
        "LEAD_SLA_KAFKA_SASL_PASSWORD",
    ]


def test_a_webhook_without_a_secret_is_refused() -> None:
    (line,) = problems(webhook_url="https://hooks.example.com/x")
    assert line.startswith("LEAD_SLA_WEBHOOK_SECRET: ")


def test_two_topics_of_one_name_are_refused() -> None:
    (line,) = problems(topic_outcomes="leads.events")
    assert "same name" in line


def test_the_secret_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    monkeypatch.setenv("LEAD_SLA_WEBHOOK_SECRET_FILE", str(file))
    secret = Settings.load(None).webhook_secret
    assert secret is not None
    assert secret.get_secret_value() == SECRET
    assert problems(webhook_secret=SECRET)[0].endswith("remove one")


def test_a_secret_file_that_is_missing_or_no_secret_is_named(tmp_path: Path) -> None:
    (line,) = problems(webhook_secret_file=tmp_path / "nothing")
    assert line.startswith("LEAD_SLA_WEBHOOK_SECRET_FILE: cannot be read")
    file = tmp_path / "secret"
    file.write_text("hunter2")
    (line,) = problems(webhook_secret_file=file)
    assert line.startswith("LEAD_SLA_WEBHOOK_SECRET")
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LEAD_SLA_WEBHOOK_URL", "https://ana:hunter2@hooks.example.com/"),
        ("LEAD_SLA_WEBHOOK_URL", "ftp://hunter2/"),
        ("LEAD_SLA_WEBHOOK_SECRET", "whsec_hunter2"),
        ("LEAD_SLA_KAFKA_SASL_MECHANISM", "hunter2"),
    ],
)
def test_a_refused_value_is_never_quoted(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    lines = problems()
    assert lines[0].startswith(f"{variable}: ")
    assert "hunter2" not in "\n".join(lines)
    with pytest.raises(ValidationError) as error:
        Settings()
    assert "hunter2" not in str(error.value)


def test_secrets_are_not_printed() -> None:
    settings = Settings.load(
        None,
        webhook_url="https://hooks.example.com/hunter2",
        webhook_secret=SECRET,
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_mechanism="PLAIN",
        kafka_sasl_username="ana",
        kafka_sasl_password="hunter2",
    )
    printed = repr(settings) + str(settings) + settings.model_dump_json()
    assert "hunter2" not in printed
    assert SECRET not in printed


@pytest.mark.parametrize(
    ("host", "advertised", "expected"),
    [
        ("127.0.0.1", None, "http://127.0.0.1:7000"),
        ("::1", None, "http://[::1]:7000"),
        ("::", "https://worker-1.example.com/", "https://worker-1.example.com"),
    ],
)
def test_other_workers_reach_this_one_at_its_advertised_url(host: str, advertised: str | None, expected: str) -> None:
    assert Settings.load(None, web_host=host, web_port=7000, web_advertised_url=advertised).advertised_url == expected


def test_a_worker_that_listens_everywhere_does_not_advertise_everywhere() -> None:
    everywhere = "0.0.0.0"  # noqa: S104 - nothing listens in this test
    assert everywhere not in Settings.load(None, web_host=everywhere).advertised_url
    assert "::" not in Settings.load(None, web_host="::").advertised_url


def test_every_setting_is_described_with_its_unit() -> None:
    docs = {doc.env: doc for doc in describe()}
    assert len(docs) == len(Settings.model_fields)
    assert docs["KAFKA_BOOTSTRAP_SERVERS"].default == "localhost:9092"
    assert docs["LEAD_SLA_WEB_PORT"].default == "6066"
    for env, doc in docs.items():
        assert doc.description.endswith("."), env
        if env.endswith(("_S", "_S_MAX")):
            assert doc.description.startswith("Seconds"), env
