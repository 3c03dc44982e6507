"""What dashboards and alerts ask for is there: parsed by an outside parser, compared with the metrics of the code."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from deploy.observability import catalogue, generated
from deploy.observability.dashboards import FOLDER
from tests.unit.deploy.observability.promql import ADDED, asked, grouped

SERIES = {series: metric for metric in catalogue.metrics() for series in metric.series}
ALERTS = generated.ROOT / "deploy/observability/alerts.yml"
LEGEND = re.compile(r"{{\s*(\w+)\s*}}")


def alerts() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def targets() -> Iterator[tuple[str, str, str]]:
    for file in sorted((generated.ROOT / FOLDER).glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel.get("targets", ()):
                expression = target["expr"].replace("$__rate_interval", "1m")
                yield f"{file.stem}: {panel['title']}: {target['refId']}", expression, target["legendFormat"]


TARGETS = list(targets())
EXPRESSIONS = [
    *(pytest.param(expression, id=name) for name, expression, _ in TARGETS),
    *(pytest.param(alert["expr"], id=alert["alert"]) for alert in alerts()),
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_query_parses_and_asks_for_metrics_and_labels_that_the_code_has(expression: str) -> None:
    selectors = asked(expression)
    assert selectors
    for selector in selectors:
        if selector.series == "up":
            assert selector.labels <= ADDED
        else:
            assert selector.labels <= SERIES[selector.series].query_labels | ADDED
    for labels, within in grouped(expression):
        for selector in within:
            known = SERIES[selector.series].query_labels if selector.series != "up" else frozenset()
            assert labels <= known | ADDED


@pytest.mark.parametrize(("expression", "legend"), [pytest.param(e, text, id=name) for name, e, text in TARGETS])
def test_a_legend_names_labels_that_the_query_leaves(expression: str, legend: str) -> None:
    names = set(LEGEND.findall(legend))
    left = {label for labels, _ in grouped(expression) for label in labels}
    assert names <= (left or ADDED)


def test_every_metric_with_a_question_of_the_issue_is_drawn() -> None:
    drawn = {SERIES[selector.series].name for _, e, _ in TARGETS for selector in asked(e) if selector.series != "up"}
    assert drawn >= {
        "kaiwa_gateway_connections",
        "kaiwa_gateway_handshakes_total",
        "kaiwa_gateway_frames_total",
        "kaiwa_publish_seconds",
        "kaiwa_push_request_seconds",
        "kaiwa_push_deliveries_total",
        "kaiwa_gateway_outbox_bytes",
        "kaiwa_gateway_ended_total",
        "kaiwa_lag_records",
        "kaiwa_decide_seconds",
        "kaiwa_room_commit_seconds",
        "kaiwa_table_errors_total",
        "kaiwa_dead_letters_total",
        "kaiwa_presence_users",
        "kaiwa_delivery_seconds",
        "kaiwa_presence_lease_age_ticks",
        "kaiwa_probe_delivery_seconds",
        "kaiwa_fsck_violations",
    }


@pytest.mark.parametrize("file", sorted((generated.ROOT / FOLDER).glob("*.json")), ids=lambda file: file.stem)
def test_panels_have_numbers_of_their_own_and_queries_letters_of_their_own(file: Any) -> None:
    panels = json.loads(file.read_text())["panels"]
    numbers = [panel["id"] for panel in panels]
    assert len(set(numbers)) == len(numbers)
    for panel in panels:
        letters = [target["refId"] for target in panel.get("targets", ())]
        assert len(set(letters)) == len(letters)
        assert panel["type"] == "row" or panel["description"]


@pytest.mark.parametrize("expression", ["sum(kaiwa_lag_records", "rate(x)", "kaiwa_lag_records{topic=}"])
def test_what_is_not_promql_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        asked(expression)
