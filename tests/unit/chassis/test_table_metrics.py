"""What the table's client counts of answers that botocore hides by trying again."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from prometheus_client import REGISTRY

from chassis.settings import TableSettings
from chassis.table import Table
from chassis.table_errors import TableUnavailable
from contracts import table as keys

_BODY = b'{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow down"}'


class _Throttling(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(400)
        self.send_header("Content-Length", str(len(_BODY)))
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.end_headers()
        self.wfile.write(_BODY)

    def log_message(self, *_args: object) -> None:
        """Not into the test's output."""


def throttled() -> float:
    return REGISTRY.get_sample_value("kaiwa_table_throttled_total", {"operation": "get_item"}) or 0.0


async def test_each_throttled_answer_is_counted_also_those_that_botocore_tries_again() -> None:
    server = HTTPServer(("127.0.0.1", 0), _Throttling)
    Thread(target=server.serve_forever, daemon=True).start()
    before = throttled()
    settings = TableSettings(
        dynamodb_endpoint=f"http://127.0.0.1:{server.server_port}", access_key_id="k", secret_access_key="s"
    )
    try:
        async with Table(settings) as table:
            with pytest.raises(TableUnavailable):
                await table.get(keys.room("lobby"))
    finally:
        server.shutdown()
        server.server_close()
    assert throttled() - before == 2, "one call is tried twice"
