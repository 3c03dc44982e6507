from pathlib import Path

import pytest

from chassis.settings import SettingsError, load
from deploy.issuer.settings import DevIssuerSettings

GOOD = {
    "KAIWA_PORT": "9000",
    "KAIWA_ISSUER": "http://127.0.0.1:9000",
    "KAIWA_CLIENT_ID": "kaiwa-local",
    "KAIWA_ISSUER_KEY_FILE": "/tmp/key.pem",
}


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_the_settings_of_the_local_cluster(environ: pytest.MonkeyPatch) -> None:
    settings = load(DevIssuerSettings)
    assert (settings.host, settings.port, settings.issuer_key_file) == ("127.0.0.1", 9000, Path("/tmp/key.pem"))
    assert (settings.audience, settings.path, settings.issuer_allow_remote) == ("kaiwa-local", "", False)


def test_it_never_starts_in_production(environ: pytest.MonkeyPatch) -> None:
    environ.setenv("KAIWA_ENVIRONMENT", "production")
    with pytest.raises(SettingsError, match="KAIWA_ENVIRONMENT is production"):
        load(DevIssuerSettings)


def test_all_that_is_missing_is_named(environ: pytest.MonkeyPatch) -> None:
    for name in GOOD:
        environ.delenv(name)
    with pytest.raises(SettingsError) as error:
        load(DevIssuerSettings)
    assert [name for name in GOOD if name not in str(error.value)] == []


@pytest.mark.parametrize("issuer", ["alice", "127.0.0.1:9000", "ftp://x", "http://", "http://x?y=z", "http://x#y"])
def test_an_issuer_is_an_address(environ: pytest.MonkeyPatch, issuer: str) -> None:
    environ.setenv("KAIWA_ISSUER", issuer)
    with pytest.raises(SettingsError, match="KAIWA_ISSUER is wrong"):
        load(DevIssuerSettings)


def test_tokens_are_for_the_first_client_and_stand_under_the_issuers_path(environ: pytest.MonkeyPatch) -> None:
    environ.setenv("KAIWA_CLIENT_ID", "first, second")
    environ.setenv("KAIWA_ISSUER", "http://localhost:9000/pool/")
    settings = load(DevIssuerSettings)
    assert (settings.audience, settings.path) == ("first", "/pool")
