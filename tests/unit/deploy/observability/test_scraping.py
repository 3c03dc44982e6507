"""What Prometheus scrapes and Grafana loads in the compose deployment."""

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from deploy.observability import catalogue, generated
from deploy.observability.dashboards import FOLDER, dashboards
from tests.unit.deploy.observability.test_queries import EXPRESSIONS

HOME = generated.ROOT / "deploy/observability"
JOBS = {job["job_name"]: job for job in yaml.safe_load((HOME / "prometheus.yml").read_text())["scrape_configs"]}


def test_every_process_is_scraped_on_the_port_of_the_image() -> None:
    assert set(JOBS) == set(catalogue.PROCESSES) - {catalogue.FSCK} | {"issuer"}
    for job, scraped in JOBS.items():
        targets = [target for group in scraped["static_configs"] for target in group["targets"]]
        assert targets
        for target in targets:
            assert re.fullmatch(rf"{job}(-\d)?:9464", target)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_jobs_that_queries_name_are_scraped(expression: str) -> None:
    for names in re.findall(r'job=~?"([^"]*)"', expression):
        assert set(names.split("|")) <= set(JOBS)


def test_the_rules_are_loaded_and_each_alert_is_whole() -> None:
    assert yaml.safe_load((HOME / "prometheus.yml").read_text())["rule_files"] == ["/etc/prometheus/alerts.yml"]
    for group in yaml.safe_load((HOME / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
            assert re.fullmatch(r"Kaiwa[A-Za-z]+", rule["alert"])
            assert re.fullmatch(r"\d+[smh]", rule.get("for", "1m"))


def test_grafana_finds_its_data_source_and_the_dashboards() -> None:
    provisioning: Any = HOME / "grafana/provisioning"
    [source] = yaml.safe_load((provisioning / "datasources/kaiwa.yml").read_text())["datasources"]
    assert (source["type"], source["isDefault"]) == ("prometheus", True)
    [provider] = yaml.safe_load((provisioning / "dashboards/kaiwa.yml").read_text())["providers"]
    assert provider["type"] == "file"
    assert {file.stem for file in (generated.ROOT / FOLDER).glob("*")} == set(dashboards())


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus' own tool is not installed here")
@pytest.mark.parametrize("arguments", [["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]])
def test_the_rules_do_over_time_what_they_should(arguments: list[str]) -> None:
    ran = subprocess.run(["promtool", *arguments], cwd=HOME, check=False, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
