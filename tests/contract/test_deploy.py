"""What operators are handed is well formed, and asks only for metrics that exist."""

import json
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

from monitor.settings.settings import describe
from monitor.telemetry.catalogue import METRICS
from tests.support.dashboard import DASHBOARD, queries
from tests.support.programs import needed

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
COMPOSE = DEPLOY / "compose" / "compose.yaml"


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def promtool() -> str:
    return needed("promtool")


def read_yaml(path: Path) -> Any:
    return YAML(typ="safe").load(path)


def test_yaml_is_well_formed() -> None:
    run(BIN / "yamllint", "--strict", "deploy", ".yamllint.yaml")


def test_the_dockerfile_passes_its_linter() -> None:
    run(BIN / "hadolint", "Dockerfile")


def test_the_image_is_built_with_all_that_its_build_tools_need() -> None:
    (named,) = re.findall(r"/\^\(([a-z|-]+)\)==/", (ROOT / "Dockerfile").read_text())
    needs = [need for need in map(Requirement, requires("mypy") or ()) if need.marker is None or need.marker.evaluate()]
    tools = {"setuptools", "mypy", *(canonicalize_name(need.name) for need in needs)}
    assert set(named.split("|")) == tools


def test_the_compose_file_follows_the_specification() -> None:
    run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE)


def test_every_file_that_compose_mounts_is_there() -> None:
    services = read_yaml(COMPOSE)["services"].values()
    mounted = {volume.split(":")[0] for service in services for volume in service.get("volumes", ())}
    assert {path for path in mounted if not (COMPOSE.parent / path).exists()} == set()


def test_compose_sets_only_settings_that_exist() -> None:
    known = {setting.env for setting in describe()}
    services = read_yaml(COMPOSE)["services"]
    given = {name for key in ("topics", "monitor-1", "monitor-2", "producer") for name in services[key]["environment"]}
    assert given - known == set()


def test_prometheus_accepts_its_configuration_and_rules(promtool: str) -> None:
    run(promtool, "check", "config", "prometheus.yml", cwd=DEPLOY / "prometheus")


def test_alerts_fire_when_they_should_and_only_then(promtool: str) -> None:
    run(promtool, "test", "rules", "alerts_test.yml", cwd=DEPLOY / "prometheus")


def test_prometheus_understands_every_query_of_the_dashboard(promtool: str, tmp_path: Path) -> None:
    rules = [{"record": f"panel:{n}", "expr": query.expr} for n, query in enumerate(queries())]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    run(promtool, "check", "rules", tmp_path / "rules.yml")


def test_prometheus_scrapes_the_monitors_of_compose_at_their_port() -> None:
    services = read_yaml(COMPOSE)["services"]
    (scrape,) = read_yaml(DEPLOY / "prometheus" / "prometheus.yml")["scrape_configs"]
    (targets,) = scrape["static_configs"]
    ports = {name: port.split(":")[-1] for name in services for port in services[name].get("ports", ())}
    assert {f"{name}:{ports[name]}" for name in services if name.startswith("monitor")} == set(targets["targets"])


def unknown_metrics(text: str) -> set[str]:
    known = set(METRICS)
    for name, spec in METRICS.items():
        if spec.type == "histogram":
            known |= {name + suffix for suffix in ("_bucket", "_sum", "_count")}
    return set(re.findall(r"\blead_sla_\w+", text)) - known


def test_the_dashboard_asks_only_for_metrics_that_exist() -> None:
    assert unknown_metrics(DASHBOARD.read_text()) == set()


def test_every_metric_of_notices_has_a_panel() -> None:
    asked = " ".join(query.expr for query in queries())
    of_notices = [name for name in METRICS if re.match("lead_sla_(notices|deliver|channel)", name)]
    assert len(of_notices) == 6
    assert [name for name in of_notices if name not in asked] == []


def test_the_alerts_and_their_tests_ask_only_for_metrics_that_exist() -> None:
    files = [DEPLOY / "prometheus" / name for name in ("rules.yml", "alerts.yml", "alerts_test.yml")]
    assert {name for file in files for name in unknown_metrics(file.read_text())} == set()


def test_a_metric_that_does_not_exist_is_noticed() -> None:
    assert unknown_metrics("rate(lead_sla_events_total[1m]) + lead_sla_evnts_total") == {"lead_sla_evnts_total"}


def test_every_panel_says_what_it_shows_and_covers_no_other() -> None:
    panels = [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]
    assert [panel["title"] for panel in panels if not panel["description"]] == []
    cells = [
        (x, y)
        for at in (panel["gridPos"] for panel in panels)
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
