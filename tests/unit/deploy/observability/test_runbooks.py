"""Each alert has its page, each page its alert, and the commands on the pages are commands of ours."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.app import app
from deploy.observability import generated
from tests.unit.deploy.observability.test_queries import ALERTS, alerts

FOLDER = generated.ROOT / "docs/runbooks"
PAGES = sorted(FOLDER.glob("*.md"))
HEADINGS = ("## What users see", "## Look at", "## What heals it")
COMMAND = re.compile(r"(?:^|`)(kaiwa [a-z][^`\n#|&]*)", re.MULTILINE)
SETTING = re.compile(r"\bKAIWA_[A-Z_]+\b")


def test_each_alert_has_its_page_and_each_page_its_alert() -> None:
    named = {alert["annotations"]["runbook"] for alert in alerts()}
    assert named == {str(page.relative_to(generated.ROOT)) for page in PAGES}


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_says_how_urgent_it_is_and_stands_on_its_page(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert alert["annotations"]["summary"]
    assert f"`{alert['alert']}`" in (generated.ROOT / alert["annotations"]["runbook"]).read_text()


def test_no_two_alerts_have_one_name() -> None:
    names = [alert["alert"] for alert in alerts()]
    assert len(set(names)) == len(names)
    assert ALERTS.exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_users_see_where_to_look_and_what_heals_it(page: Path) -> None:
    text = page.read_text()
    assert [heading for heading in HEADINGS if f"\n{heading}\n" in text] == list(HEADINGS)


def commands() -> list[Any]:
    pages = [*PAGES, generated.ROOT / "docs/operations.md"]
    return [
        pytest.param(command, id=f"{page.stem}: {command}")
        for page in pages
        for command in dict.fromkeys(match.strip() for match in COMMAND.findall(page.read_text()))
    ]


@pytest.mark.parametrize("command", commands())
def test_a_command_on_a_page_is_one_of_ours_with_its_real_flags(command: str) -> None:
    words = shlex.split(command)[1:]
    here: Any = typer.main.get_command(app)
    context = here.make_context("kaiwa", [], resilient_parsing=True)
    while hasattr(here, "get_command") and words and not words[0].startswith("-"):
        found = here.get_command(context, words[0])
        assert found is not None, f"there is no command {words[0]}"
        here, words = found, words[1:]
    flags = {flag for parameter in here.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= flags | {"--help"}


@pytest.mark.parametrize("page", [*PAGES, generated.ROOT / "docs/operations.md"], ids=lambda page: page.stem)
def test_the_settings_metrics_and_pages_that_a_page_names_exist(page: Path) -> None:
    from deploy.observability import catalogue

    text, names = page.read_text(), {metric.name for metric in catalogue.metrics()}
    assert set(re.findall(r"`(kaiwa_\w+)", text)) <= names
    assert set(SETTING.findall(text)) <= settings()
    for link in re.findall(r"\]\(([^)#]+\.\w+)[^)]*\)", text):
        assert link.startswith("http") or (page.parent / link).exists(), link


def settings() -> set[str]:
    """Every setting of every process."""
    from deploy.issuer.settings import DevIssuerSettings
    from gateway.settings import GatewaySettings
    from services.fanout.settings import FanoutSettings
    from services.persistence.api.settings import ApiSettings
    from services.persistence.settings import PersistenceSettings
    from services.presence.settings import PresenceSettings
    from services.probe.settings import ProbeSettings

    classes = (
        GatewaySettings, ApiSettings, PersistenceSettings, PresenceSettings, FanoutSettings, ProbeSettings,
        DevIssuerSettings,
    )  # fmt: skip
    return {f"KAIWA_{field.upper()}" for one in classes for field in one.model_fields}
