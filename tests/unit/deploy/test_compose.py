"""deploy/compose as it is written: settings that exist, nothing open to the network, no rights beyond need."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis.settings import Settings, SettingsError, load
from cli.run import PROCESSES
from cli.topics import TopicsSettings
from deploy.issuer.settings import DevIssuerSettings
from gateway.settings import GatewaySettings
from services.fanout.settings import FanoutSettings
from services.persistence.api.settings import ApiSettings
from services.persistence.settings import PersistenceSettings
from services.presence.settings import PresenceSettings
from services.probe.settings import ProbeSettings

COMPOSE = Path(__file__).parents[3] / "deploy" / "compose" / "compose.yaml"
SETTINGS: dict[str, type[Settings]] = {
    "gateway": GatewaySettings,
    "persistence": PersistenceSettings,
    "api": ApiSettings,
    "presence": PresenceSettings,
    "fanout": FanoutSettings,
    "issuer": DevIssuerSettings,
    "probe": ProbeSettings,
}
TRACED = {"gateway", "persistence", "api", "fanout"}
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
PROMETHEUS = COMPOSE.parents[1] / "observability" / "prometheus.yml"
SCRAPED: list[dict[str, Any]] = yaml.safe_load(PROMETHEUS.read_text(encoding="utf-8"))["scrape_configs"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
RUNNING = {name: service for name, service in OURS.items() if service.get("command", [""])[0] == "run"}


def filled_in(value: Any) -> str:
    """As compose does it where nothing is set: the default behind `:-`."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value))


def loaded(service: dict[str, Any], kind: type[Settings], patch: pytest.MonkeyPatch, secrets: Path) -> Any:
    for name in ("kaiwa_access_key_id", "kaiwa_secret_access_key"):
        (secrets / name).write_text("from a file")
    image = (COMPOSE.parents[1] / "Dockerfile").read_text(encoding="utf-8")
    for name, value in re.findall(r"(KAIWA_\w+)=(\S+)", image):
        patch.setenv(name, value)
    for name, value in service["environment"].items():
        patch.setenv(name, filled_in(value))
    patch.setenv("KAIWA_SECRETS_DIR", str(secrets))
    return load(kind)


def test_every_process_runs_and_the_gateways_persistence_and_fanout_twice() -> None:
    commands = [service["command"][1] for service in RUNNING.values()]
    assert set(commands) == set(PROCESSES)
    assert {name: commands.count(name) for name in ("gateway", "persistence", "fanout")} == {
        "gateway": 2,
        "persistence": 2,
        "fanout": 2,
    }


@pytest.mark.parametrize("name", RUNNING)
def test_the_settings_of_each_process_are_whole(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = loaded(RUNNING[name], SETTINGS[RUNNING[name]["command"][1]], monkeypatch, tmp_path)
    assert settings.health_port == 9464
    assert settings.instance_id in {name, None}


@pytest.mark.parametrize("name", RUNNING)
def test_each_setting_that_is_given_is_one_of_some_process(name: str) -> None:
    kinds: list[type[Settings]] = [*SETTINGS.values(), TopicsSettings]
    known = {field for kind in kinds for field in kind.model_fields}
    assert {key.removeprefix("KAIWA_").lower() for key in RUNNING[name]["environment"]} <= known


def test_two_of_a_kind_have_names_and_addresses_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for number in (1, 2):
        settings = loaded(RUNNING[f"gateway-{number}"], GatewaySettings, monkeypatch, tmp_path)
        assert settings.gateway_id == f"gateway-{number}"
        assert settings.connection_api_address == f"http://gateway-{number}:8082/prod"


def test_the_page_is_where_its_origin_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gateway = loaded(RUNNING["gateway-1"], GatewaySettings, monkeypatch, tmp_path)
    assert "http://localhost:8080" in gateway.origins
    assert filled_in(SERVICES["proxy"]["ports"][0]) == "127.0.0.1:8080:8080"


@pytest.mark.parametrize("name", [name for name, service in RUNNING.items() if service["command"][1] in TRACED])
def test_traces_go_to_jaeger_where_it_is_named_and_nowhere_else(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    service, kind = RUNNING[name], SETTINGS[RUNNING[name]["command"][1]]
    assert loaded(service, kind, monkeypatch, tmp_path).traces_endpoint is None
    asked = {**service["environment"], "KAIWA_TRACES_ENDPOINT": "http://jaeger:4318"}
    settings = loaded({**service, "environment": asked}, kind, monkeypatch, tmp_path)
    assert (settings.traces_endpoint, settings.traces_ratio) == ("http://jaeger:4318", 1.0)
    assert SERVICES["jaeger"]["profiles"] == ["observability"]
    assert [filled_in(port) for port in SERVICES["jaeger"]["ports"]] == ["127.0.0.1:16686:16686"]


def test_in_production_the_issuer_refuses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    service = RUNNING["issuer"]
    service = {**service, "environment": {**service["environment"], "KAIWA_ENVIRONMENT": "production"}}
    with pytest.raises(SettingsError, match="KAIWA_ENVIRONMENT is production"):
        loaded(service, DevIssuerSettings, monkeypatch, tmp_path)


@pytest.mark.parametrize("name", OURS)
def test_ours_may_do_nothing_but_work(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert service.get("user", "10001") != "root"


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_listens_beyond_this_machine_and_every_image_is_pinned(name: str) -> None:
    service = SERVICES[name]
    assert all(filled_in(port).startswith("127.0.0.1:") for port in service.get("ports", []))
    tag = filled_in(service["image"]).rpartition(":")[2]
    assert tag[0].isdigit() or tag[0] == "v"


@pytest.mark.parametrize("name", RUNNING)
def test_what_waits_for_more_than_the_containers_start_says_so(name: str) -> None:
    needed = RUNNING[name]["depends_on"]
    if name in {"issuer", "probe"}:
        assert "topics" not in needed
    else:
        assert needed["topics"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("job", SCRAPED)
def test_what_prometheus_asks_is_there_on_the_port_of_the_image(job: dict[str, Any]) -> None:
    targets = [target for config in job["static_configs"] for target in config["targets"]]
    assert targets == [f"{name}:9464" for name, service in RUNNING.items() if service["command"][1] == job["job_name"]]


def test_prometheus_asks_every_process() -> None:
    assert {job["job_name"] for job in SCRAPED} == set(PROCESSES)
