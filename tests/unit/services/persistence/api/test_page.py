import base64
import gzip
import hashlib
import re
from pathlib import Path

import pytest

from services.persistence.api import page
from tests.unit.services.persistence.api.asgi import app_of, ask


@pytest.fixture
def nothing_built(tmp_path: Path) -> Path:
    return tmp_path / "nowhere"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Kaiwa</title>")
    (folder / "assets" / "index-3f2a.js").write_text("start()")
    (tmp_path / "secret.txt").write_text("hush")
    return folder


async def test_without_a_built_page_there_is_one_that_tells_what_to_try(nothing_built: Path) -> None:
    answer = await ask(app_of(web_dir=nothing_built), headers={"Host": "localhost:8080"})
    text = answer.body.decode()
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for told in (
        "kaiwa chat lobby --as alice",
        "wss://chat.example.com/prod?token=",
        '"Authorization: Bearer $(.venv/bin/kaiwa token alice)" http://localhost:8080/api/rooms',
    ):
        assert told in text
    assert "$websocket_url" not in text


async def test_that_page_may_do_nothing_but_show_its_own_style(nothing_built: Path) -> None:
    answer = await ask(app_of(web_dir=nothing_built))
    style = re.search(rb"<style>(.*)</style>", answer.body, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1]).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-" + digest)
    assert "script" not in policy
    assert b"<script" not in answer.body
    assert b"style=" not in answer.body


async def test_nothing_of_a_request_gets_into_that_page_unescaped(nothing_built: Path) -> None:
    answer = await ask(app_of(web_dir=nothing_built), headers={"Host": '"><script>alert(1)</script>'})
    assert b"<script" not in answer.body


async def test_the_built_page_is_served_with_its_files(built: Path) -> None:
    app = app_of(web_dir=built)
    for path in ("/", "/rooms/lobby", "/index.html"):
        answer = await ask(app, path=path)
        assert (answer.status, b"<title>Kaiwa" in answer.body) == (200, True), path
        assert answer.headers["cache-control"] == "no-cache"
    asset = await ask(app, path="/assets/index-3f2a.js")
    assert (asset.status, asset.body) == (200, b"start()")
    assert "immutable" in asset.headers["cache-control"]
    assert "javascript" in asset.headers["content-type"]


async def test_the_built_page_reaches_its_own_origin_the_gateway_and_the_issuer_only(built: Path) -> None:
    policy = (await ask(app_of(web_dir=built))).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self' wss://chat.example.com https://issuer.example.com;" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy


@pytest.mark.parametrize("path", ["/assets/missing.js", "/favicon.ico"])
async def test_a_missing_file_is_missing_and_not_the_page(built: Path, path: str) -> None:
    answer = await ask(app_of(web_dir=built), path=path)
    assert (answer.status, answer.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/assets/../../secret.txt", "//etc/passwd", "/assets/..\\..\\secret.txt", "/\0.txt"]
)
async def test_nothing_outside_the_folder_is_served(built: Path, path: str) -> None:
    answer = await ask(app_of(web_dir=built), path=path)
    assert b"hush" not in answer.body
    assert b"root:" not in answer.body


async def test_a_link_out_of_the_folder_leads_nowhere(built: Path) -> None:
    (built / "out.txt").symlink_to(built.parent / "secret.txt")
    assert (await ask(app_of(web_dir=built), path="/out.txt")).status == 404


@pytest.mark.parametrize("path", ["/", "/index.html", "/assets/index-3f2a.js"])
async def test_every_file_of_the_page_is_guarded_against_guessing_of_types(built: Path, path: str) -> None:
    headers = (await ask(app_of(web_dir=built), path=path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


async def test_config_json_tells_of_the_development_doors_only_where_they_are() -> None:
    for changes, development in (
        ({}, False),
        ({"dev_issuer_url": "http://127.0.0.1:9"}, True),
        ({"dev_issuer_url": "http://127.0.0.1:9", "environment": "production"}, False),
    ):
        config = (await ask(app_of(**changes), path="/config.json")).json()
        assert config == {
            "websocketUrl": "wss://chat.example.com/prod",
            "issuer": "https://issuer.example.com/pool",
            "clientId": "client-1",
            "development": development,
        }


async def test_of_several_client_ids_the_page_signs_in_with_the_first() -> None:
    assert (await ask(app_of(client_id="web, mobile"), path="/config.json")).json()["clientId"] == "web"


def test_the_built_page_is_looked_for_in_the_checkout() -> None:
    assert page.BUILT.parts[-2:] == ("web", "dist")
    assert (page.BUILT.parents[1] / "pyproject.toml").is_file()


async def test_a_script_goes_out_compressed_to_who_takes_that(built: Path) -> None:
    (built / "assets" / "index-3f2a.js.gz").write_bytes(gzip.compress(b"start()"))
    app = app_of(web_dir=built)
    for accepted, coding in (("br, gzip", "gzip"), ("identity", None)):
        answer = await ask(app, path="/assets/index-3f2a.js", headers={"Accept-Encoding": accepted})
        assert answer.headers.get("content-encoding") == coding
        assert (gzip.decompress(answer.body) if coding else answer.body) == b"start()"
        assert "javascript" in answer.headers["content-type"]
        assert "Accept-Encoding" in answer.headers["vary"]
        assert "immutable" in answer.headers["cache-control"]


async def test_the_page_may_reach_where_people_sign_in_besides_the_issuer(built: Path) -> None:
    hosted = "https://example.auth.eu-west-1.amazoncognito.com"
    answer = await ask(app_of(web_dir=built, sign_in_origins=hosted))
    assert f"https://issuer.example.com {hosted};" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "origin", ["*", "https://a.example.com; script-src *", "example.com", "https://a.example.com/x"]
)
def test_what_is_no_origin_never_gets_into_the_policy(origin: str) -> None:
    with pytest.raises(ValueError, match="should be origins"):
        app_of(sign_in_origins=origin)


async def test_the_page_takes_no_script_made_from_text(built: Path) -> None:
    policy = (await ask(app_of(web_dir=built))).headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "require-trusted-types-for 'script'; trusted-types 'none';" in policy
