"""Every metric of the code is described, and named as it should be."""

import re
from collections import Counter
from pathlib import Path

import pytest

from deploy.observability import catalogue, dashboards, generated, metrics_page
from deploy.observability.catalogue import Described

ALL = catalogue.metrics()
MADE = re.compile(r'\b(?:Counter|Gauge|Histogram)\(\s*"(kaiwa_\w+)"')


def test_no_metric_of_the_code_is_missing_and_none_is_there_twice() -> None:
    code = [
        name
        for folder in ("chassis", "gateway", "services", "replay")
        for file in (generated.ROOT / folder).rglob("*.py")
        for name in MADE.findall(file.read_text(encoding="utf-8"))
    ]
    assert Counter(metric.name for metric in ALL) == Counter(code)


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.name)
def test_a_metric_is_explained_and_named_with_its_unit(metric: Described) -> None:
    assert len(metric.help) > 5
    assert metric.processes
    if metric.type == "counter":
        assert metric.name.endswith("_total")
    if "latency" in metric.help or metric.help.startswith("From "):
        assert metric.name.endswith("_seconds")
    if "ytes" in metric.help.split()[0]:
        assert metric.name.endswith("_bytes")


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.name)
def test_no_label_can_grow_without_a_bound(metric: Described) -> None:
    bounded = {
        "topic", "code", "loop", "operation", "status", "action", "outcome", "call", "limit", "type", "effect",
        "method", "route", "gateway", "result", "invariant", "cause",
    }  # fmt: skip
    assert set(metric.labels) <= bounded


def test_each_process_has_metrics_of_its_own() -> None:
    assert {process for metric in ALL if len(metric.processes) == 1 for process in metric.processes} == set(
        catalogue.PROCESSES
    )


def test_the_generated_files_are_current() -> None:
    assert generated.stale(metrics_page.files()) == []
    assert generated.stale(dashboards.files()) == []


def test_a_file_that_is_missing_or_differs_is_not_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generated, "ROOT", tmp_path)
    (tmp_path / "same").write_text("x")
    (tmp_path / "other").write_text("y")
    files = {Path(name): "x" for name in ("same", "other", "missing")}
    assert generated.stale(files) == [Path("other"), Path("missing")]


def test_check_names_what_is_not_current_and_the_command_that_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generated, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["it", "--check"])
    assert generated.command("some.module", None, lambda: {Path("a.md"): "x"}) == 1
    assert "a.md is not current: run python -m some.module" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["it"])
    assert generated.command("some.module", None, lambda: {Path("a.md"): "x"}) == 0
    monkeypatch.setattr("sys.argv", ["it", "--check"])
    assert generated.command("some.module", None, lambda: {Path("a.md"): "x"}) == 0
