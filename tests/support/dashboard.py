"""The queries of the dashboard, ready to be asked of a Prometheus."""

import json
from pathlib import Path
from typing import NamedTuple

DASHBOARD = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboard.json"
# What Grafana puts in the place of its variables: every value chosen, the last half hour.
_VARIABLES = {"$__rate_interval": "1m", "$__range": "30m", "$duty": ".*", "$team": ".*", "$segment": ".*"}


class Query(NamedTuple):
    """One query of one panel."""

    panel: str
    expr: str


def queries(rate_interval: str = "1m") -> list[Query]:
    """Every query, with Grafana's variables filled in."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    found = []
    for panel in panels:
        for target in panel.get("targets", ()):
            expr = target["expr"]
            for variable, value in {**_VARIABLES, "$__rate_interval": rate_interval}.items():
                expr = expr.replace(variable, value)
            found.append(Query(panel["title"], expr))
    return found
