"""Of a table that answers before it has committed, a write counts when it was read back."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest

from chassis.actions import Action, Delete, Put, position_below
from chassis.items import Item
from chassis.settings import TableSettings
from chassis.table import Table
from chassis.table_errors import TableUnavailable
from contracts.table import Key

KEY = Key("p", "s")


def row(position: int, sk: str = KEY.sk) -> Item:
    return {"PK": {"S": KEY.pk}, "SK": {"S": sk}, "position": {"N": str(position)}}


class _Answers(BaseHTTPRequestHandler):
    """Answers every write, does none, and holds one item."""

    operations: ClassVar[list[str]]
    asked: ClassVar[list[Any]]
    held: ClassVar[Item | None]
    read_status: ClassVar[int]

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].partition(".")[2]
        self.operations.append(operation)
        is_read = operation == "BatchGetItem"
        if is_read:
            self.asked.extend(request["RequestItems"]["kaiwa"]["Keys"])
        answer = {"Responses": {"kaiwa": [self.held] if self.held else []}} if is_read else {}
        self._tell(self.read_status if is_read else 200, json.dumps(answer).encode())

    def _tell(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Not into the test's output."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    _Answers.operations, _Answers.asked, _Answers.held, _Answers.read_status = [], [], None, 200
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def early(endpoint: str, *, is_so: bool = True) -> Table:
    settings = TableSettings(
        dynamodb_endpoint=endpoint, access_key_id="k", secret_access_key="s", table_answers_early=is_so
    )
    return Table(settings)


@pytest.mark.parametrize(("change", "held"), [(Put(row(2)), row(2)), (Delete(KEY), None)])
async def test_what_is_there_counts(endpoint: str, change: Action, held: Item | None) -> None:
    _Answers.held = held
    async with early(endpoint) as table:
        await table.transact([change])
        await table.write(change)
    assert _Answers.operations[::2] == ["TransactWriteItems", "PutItem" if held else "DeleteItem"]
    assert _Answers.operations[1::2] == ["BatchGetItem", "BatchGetItem"]


@pytest.mark.parametrize(
    ("change", "held"), [(Put(row(2)), None), (Put(row(2)), row(1)), (Delete(KEY), row(1))], ids=str
)
async def test_of_what_is_not_there_nobody_knows_whether_it_was_done(
    endpoint: str, change: Action, held: Item | None
) -> None:
    _Answers.held = held
    async with early(endpoint) as table:
        with pytest.raises(TableUnavailable):
            await table.transact([change])
        with pytest.raises(TableUnavailable):
            await table.write(change)


async def test_the_item_with_a_condition_stands_for_its_transaction(endpoint: str) -> None:
    _Answers.held = row(2, "fence")
    async with early(endpoint) as table:
        await table.transact([Put(row(2)), Put(row(2, "fence"), position_below(2)), Delete(Key("p", "gone"))])
    assert _Answers.asked == [{"PK": {"S": "p"}, "SK": {"S": "fence"}}]


async def test_what_cannot_be_read_back_is_not_known_to_be_done(endpoint: str) -> None:
    _Answers.held, _Answers.read_status = row(2), 503
    async with early(endpoint) as table:
        with pytest.raises(TableUnavailable):
            await table.write(Put(row(2)))


async def test_other_tables_are_believed(endpoint: str) -> None:
    async with early(endpoint, is_so=False) as table:
        await table.transact([Put(row(2))])
    assert _Answers.operations == ["TransactWriteItems"]
