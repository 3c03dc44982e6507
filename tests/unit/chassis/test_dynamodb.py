import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from chassis.dynamodb import dynamodb
from chassis.settings import TableSettings


class Tables(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"TableNames":["chat"]}')

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A DynamoDB of one answer, and a proxy in the environment that nobody runs."""
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = HTTPServer(("127.0.0.1", 0), Tables)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    yield server.server_port
    server.shutdown()
    serving.join()
    server.server_close()


def client(endpoint: str) -> Any:
    settings = TableSettings.model_validate(
        {"dynamodb_endpoint": endpoint, "region": "local", "access_key_id": "a", "secret_access_key": "b"}
    )
    return dynamodb(settings, retries={"total_max_attempts": 1})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_table_on_this_machine_is_not_asked_for_through_a_proxy(port: int, host: str) -> None:
    asked = client(f"http://{host}:{port}")
    assert asked.list_tables()["TableNames"] == ["chat"]
    asked.close()


def test_a_table_elsewhere_is_reached_through_the_proxy_of_the_environment(port: int) -> None:
    asked = client(f"http://dynamodb.example:{port}")
    with pytest.raises(Exception, match=r"proxy URL.*127\.0\.0\.1:9"):
        asked.list_tables()
    asked.close()
